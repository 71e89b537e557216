import { constant, jvp, stack, type Tensor, type TensorLike } from "@credence/tensor";
import { alongAxes, column } from "../body/body.ts";
import type { Setting } from "../material.ts";
import type { Collocation } from "./collocation.ts";
import { materialAt, type NetworkShape, networkDisplacement } from "./network-field.ts";
import type { EquationNoise } from "./operators.ts";

/** Readings in units of the problem. */
export interface ScaledReadings<T = Tensor> {
  /** [S, d] each. */
  readonly places: T;
  readonly readings: T;
  readonly noise: T;
}

/** A point of the network: its weights, and log lambda and log mu in units of the problem. */
export interface PinnPoint {
  readonly weights: Tensor;
  readonly material: Tensor;
}

const range = (d: number): number[] => Array.from({ length: d }, (_, i) => i);

/** What equilibrium leaves inside, (div sigma + b) / sd, [n, d]; second derivatives forward over forward. */
export function insideResiduals(
  shape: NetworkShape,
  setting: Setting,
  { weights, material }: PinnPoint,
  { inside, insideWeight, force }: Pick<Collocation<Tensor>, "inside" | "insideWeight" | "force">,
  sd: TensorLike,
): Tensor {
  const { lambda, mu } = materialAt(material, setting);
  const u = (x: Tensor): Tensor => networkDisplacement(shape, weights, x);
  const d = shape.dimension;
  // second[i][j] for i <= j is the derivative of u along axes i and j.
  const second = range(d).map((i) => {
    const first = (x: Tensor): Tensor => alongAxis(u, x, i);
    return range(d).map((j) => (j < i ? undefined : alongAxis(first, inside, j)));
  });
  const along = (i: number, j: number): Tensor => second[Math.min(i, j)]![Math.max(i, j)]!;
  const laplacian = range(d)
    .map((k) => along(k, k))
    .reduce((a, b) => a.add(b));
  const gradDiv = stack(
    range(d).map((i) =>
      range(d)
        .map((j) => column(along(i, j), j))
        .reduce((a, b) => a.add(b)),
    ),
    1,
  );
  return laplacian
    .mul(mu)
    .add(gradDiv.mul(lambda.add(mu)))
    .add(force)
    .mul(insideWeight.sqrt())
    .div(sd);
}

/** What the boundary leaves, [m, d]: tractions or displacements, in units of their sds. */
export function boundaryResiduals(
  shape: NetworkShape,
  setting: Setting,
  { weights, material }: PinnPoint,
  at: Pick<Collocation<Tensor>, "boundary" | "boundaryWeight" | "normal" | "traction" | "isHeld" | "held" | "counts">,
  sd: EquationNoise<TensorLike>,
): Tensor {
  const { lambda, mu } = materialAt(material, setting);
  const d = shape.dimension;
  const u = (x: Tensor): Tensor => networkDisplacement(shape, weights, x);
  const slopes = alongAxes(u, at.boundary);
  const divergence = range(d)
    .map((k) => column(slopes[k]!, k))
    .reduce((a, b) => a.add(b))
    .expandDims(1);
  const normal = range(d).map((k) => column(at.normal, k).expandDims(1));
  // (grad u) n, and (grad u)^T n.
  const across = range(d)
    .map((k) => slopes[k]!.mul(normal[k]!))
    .reduce((a, b) => a.add(b));
  const turned = stack(
    range(d).map((i) => slopes[i]!.mul(at.normal).sum(1)),
    1,
  );
  const traction = at.normal.mul(divergence).mul(lambda).add(across.add(turned).mul(mu));
  const free = at.isHeld.neg().add(1);
  return traction
    .sub(at.traction)
    .mul(free)
    .div(sd.traction)
    .add(u(at.boundary).sub(at.held).mul(at.isHeld).div(sd.held))
    .mul(at.boundaryWeight.sqrt())
    .mul(at.counts);
}

/** What the displacement leaves of the readings, in units of their noise, [S, d]. */
export const readingResiduals = (shape: NetworkShape, { weights }: PinnPoint, at: ScaledReadings): Tensor =>
  networkDisplacement(shape, weights, at.places).sub(at.readings).div(at.noise);

function alongAxis(f: (x: Tensor) => Tensor, x: Tensor, k: number): Tensor {
  const direction = constant([range(x.shape[1]!).map((j) => Number(j === k))], x.dtype).broadcastTo(x.shape);
  return jvp(f, [x], [direction])[1] as Tensor;
}
