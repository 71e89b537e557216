// The gradient of a physics-informed loss: plane-strain elasticity of Haghighat et al. (2021), lambda = 1, mu = 0.5, Q = 4, whose
// residual div sigma - f holds second derivatives of a network with four hidden layers of 50 tanh units.
import { meanGradient } from "@credence/core";
import { jvp, type Tensor, tanh } from "@credence/tensor";
import { pytorch } from "../pytorch.ts";
import { type Emit, measure, uniform } from "./kernel.ts";

const [lambda, mu, Q] = [1, 0.5, 4];
const widths = [2, 50, 50, 50, 50, 2];

/** How many times faster than PyTorch the project promises. */
const bar = 5;

/** Weights and biases, one layer after the other. */
type Layers = readonly Tensor[];

const displacement = (layers: Layers, at: Tensor): Tensor =>
  widths.slice(1).reduce((h, _, i) => {
    const out = h.matmul(layers[2 * i]!).add(layers[2 * i + 1]!);
    return i < widths.length - 2 ? tanh(out) : out;
  }, at);

/** Mean of |mu lap u + (lambda + mu) grad div u - f|^2 over the points. */
function loss(layers: Layers, points: Tensor, ex: Tensor, ey: Tensor, force: Tensor): Tensor {
  const along =
    (f: (at: Tensor) => Tensor, direction: Tensor) =>
    (at: Tensor): Tensor =>
      jvp(f as never, [at], [direction])[1] as Tensor;
  const u = (at: Tensor): Tensor => displacement(layers, at);
  const [ux, uy] = [along(u, ex), along(u, ey)];
  const [xx, xy, yy] = [along(ux, ex)(points), along(ux, ey)(points), along(uy, ey)(points)];
  const component = (t: Tensor, i: number): Tensor => t.slice([0, i], [points.shape[0]!, i + 1]);
  const [fx, fy] = [component(force, 0), component(force, 1)];
  const both = lambda + mu;
  const rx = component(xx, 0)
    .add(component(yy, 0))
    .mul(mu)
    .add(component(xx, 0).add(component(xy, 1)).mul(both))
    .sub(fx);
  const ry = component(xx, 1)
    .add(component(yy, 1))
    .mul(mu)
    .add(component(xy, 0).add(component(yy, 1)).mul(both))
    .sub(fy);
  return rx.square().mean().add(ry.square().mean());
}

type Points = { readonly at: Tensor; readonly force: Tensor; readonly ex: Tensor; readonly ey: Tensor };
const gradient = meanGradient((layers: Layers, { at, force, ex, ey }: Points) => loss(layers, at, ex, ey, force), { blockRows: 125 });

/** div sigma of u = (cos 2 pi x sin pi y, Q/4 y^4 sin pi x). */
function forceAt([x, y]: readonly [number, number]): [number, number] {
  const { PI, sin, cos } = Math;
  const wave = PI ** 2 * cos(2 * PI * x) * sin(PI * y);
  const shear = PI * Q * y ** 3 * cos(PI * x);
  const bend = Q * y ** 2 * sin(PI * x);
  const twist = PI ** 2 * cos(PI * y) * sin(2 * PI * x);
  return [
    -lambda * (4 * wave - shear) - mu * (wave - shear) - 8 * mu * wave,
    lambda * (3 * bend - 2 * twist) - mu * (2 * twist + (Q / 4) * PI ** 2 * y ** 4 * sin(PI * x)) + 6 * mu * bend,
  ];
}

export async function elasticity(seconds: number, emit: Emit): Promise<void> {
  const layers = widths.slice(1).flatMap((out, i) => [uniform([widths[i]!, out], Math.sqrt(3 / widths[i]!)), uniform([out], 0.1)]);
  for (const count of [1000, 10_000]) {
    const points = uniform([count, 2], 0.5);
    points.data.forEach((v, i) => {
      points.data[i] = v + 0.5;
    });
    const force = { shape: [count, 2], data: points.data.slice() };
    for (let i = 0; i < count; i++) force.data.set(forceAt([points.data[2 * i]!, points.data[2 * i + 1]!]), 2 * i);
    const unit = (axis: number) => ({
      shape: [count, 2],
      data: Float32Array.from({ length: 2 * count }, (_, i) => Number(i % 2 === axis)),
    });
    for (const threads of [1, 2])
      await measure(
        {
          name: "elasticity gradient",
          size: `4 x 50 tanh, ${count} points`,
          threads,
          compute: (at, force, ex, ey, ...l) => gradient(l, { at, force, ex, ey } as Points)[1] as never,
          args: [points, force, unit(0), unit(1), ...layers],
          peer: (budget) => pytorch("elasticity", ["--points", String(count), "--budget", String(budget)], threads),
          bar,
        },
        seconds,
        emit,
      );
  }
}
