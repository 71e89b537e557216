import { array, cast, grad, index, jvp, program, random, type Tensor, type Tree, tree } from "@credence/tensor";
import { describe, expect, it, vi } from "vitest";
import { autoregressiveSpline, maskedAutoregressive } from "./autoregressive.ts";
import { conditionalAffine } from "./conditional-affine.ts";
import { couplingSpline } from "./coupling.ts";
import { composeFlow, type Flow, type Transform } from "./flow.ts";

vi.setConfig({ testTimeout: 60_000 });

type Params = readonly Tree<Tensor>[];
type Kind = (options: {
  readonly dimension: number;
  readonly context: number;
  readonly transforms: number;
  readonly hidden: number;
}) => Flow<Params>;

const kinds: Readonly<Record<string, Kind>> = {
  "conditional affine": ({ dimension, context, hidden }) =>
    composeFlow([conditionalAffine({ dimension, context: Math.max(context, 1), hidden }) as Transform], {
      dimension,
      context: Math.max(context, 1),
    }),
  "coupling spline": couplingSpline,
  "masked autoregressive": maskedAutoregressive,
  "autoregressive spline": autoregressiveSpline,
};
const small = { transforms: 3, hidden: 16 };

/** Parameters in f64, moved away from the near-identity that flows start at. */
function shaken(flow: Flow<Params>, seed: number, size: number): Params {
  const key = random.key(seed);
  let leaf = 0;
  return tree.map(
    (p: Tensor) => cast(p, "f64").add(random.normal(random.fold(key, ++leaf), p.shape, { dtype: "f64" }).mul(size)),
    flow.init(key) as Tree<Tensor>,
  ) as Params;
}

const grid = (n: number, reach: number) => Array.from({ length: n }, (_, i) => reach * ((2 * i + 1) / n - 1));

describe.each(Object.entries(kinds))("%s", (_name, kind) => {
  it.each([
    [1, 0],
    [1, 2],
    [2, 0],
    [2, 3],
    [5, 4],
  ])("in %i dimensions with %i context features, inverts what it did", (dimension, context) => {
    const flow = kind({ dimension, context, ...small });
    const rows = 64;
    const run = program(() => {
      const params = shaken(flow, 1, 0.2);
      const theta = random.normal(random.key(2), [rows, dimension], { dtype: "f64" }).mul(1.5);
      const c = flow.contextDimension > 0 ? random.normal(random.key(3), [rows, flow.contextDimension], { dtype: "f64" }) : undefined;
      const [z] = flow.forward(params, theta, c);
      return { moved: z.sub(theta).abs().max(), error: flow.inverse(params, z, c).sub(theta).abs().max() };
    });
    const { moved, error } = run();
    expect(moved.item()).toBeGreaterThan(0.1);
    // f64 rounding through three layers, stretched by slopes of up to about 1e3.
    expect(error.item()).toBeLessThan(1e-8);
  });

  it("has the log determinant of its Jacobian", () => {
    const dimension = 3;
    const flow = kind({ dimension, context: 2, ...small });
    const run = program(() => {
      const params = shaken(flow, 4, 0.2);
      const theta = random.normal(random.key(5), [20, dimension], { dtype: "f64" });
      const c = random.normal(random.key(6), [20, 2], { dtype: "f64" });
      const columns = Array.from({ length: dimension }, (_, d) => {
        const direction = theta.mul(0).add(array(Float64Array.from({ length: dimension }, (_, e) => (e === d ? 1 : 0))));
        return jvp((t: Tensor) => flow.forward(params, t, c)[0], [theta], [direction])[1] as Tensor;
      });
      const j = (row: number, column: number) => index(columns[column]!, row, 1);
      const minor = (a: number, b: number) =>
        j(1, a)
          .mul(j(2, b))
          .sub(j(1, b).mul(j(2, a)));
      const determinant = j(0, 0)
        .mul(minor(1, 2))
        .sub(j(0, 1).mul(minor(0, 2)))
        .add(j(0, 2).mul(minor(0, 1)));
      return determinant
        .abs()
        .log()
        .sub(flow.forward(params, theta, c)[1])
        .abs()
        .max();
    });
    expect(run().item()).toBeLessThan(1e-8);
  });

  it("is a density: it integrates to 1 for every context", () => {
    const flow = kind({ dimension: 2, context: 1, ...small });
    const n = 300;
    const reach = 9;
    const points = Float64Array.from(grid(n, reach).flatMap((a) => grid(n, reach).flatMap((b) => [a, b])));
    const run = program((theta: Tensor) => {
      const params = shaken(flow, 7, 0.06);
      return [-1, 0.5].map((value) => {
        const c = theta
          .slice([0, 0], [n * n, 1])
          .mul(0)
          .add(value);
        return flow.logProb(params, theta, c).exp().sum();
      });
    });
    const cell = ((2 * reach) / n) ** 2;
    // The midpoint rule on cells of 0.06, over slopes that change at the knots.
    for (const total of run(array(points, { shape: [n * n, 2] }))) expect(Math.abs(total.item() * cell - 1)).toBeLessThan(5e-3);
  });

  it("draws from the density that it states", () => {
    const flow = kind({ dimension: 2, context: 1, ...small });
    const draws = 20_000;
    const n = 300;
    const reach = 9;
    const points = Float64Array.from(grid(n, reach).flatMap((a) => grid(n, reach).flatMap((b) => [a, b])));
    const run = program((theta: Tensor) => {
      const params = tree.map((p: Tensor) => cast(p, "f32"), shaken(flow, 8, 0.06) as Tree<Tensor>) as Params;
      const wide = cast(theta, "f32");
      const q = flow
        .logProb(
          params,
          wide,
          wide
            .slice([0, 0], [n * n, 1])
            .mul(0)
            .add(0.3),
        )
        .exp();
      const c = wide.slice([0, 0], [1, 1]).mul(0).add(0.3);
      const drawn = flow.sample(params, random.key(9), c, draws).reshape([draws, 2]);
      const logProb = flow.logProb(params, drawn, c.broadcastTo([draws, 1]));
      const moments = (t: Tensor, weights: Tensor) => {
        const total = weights.sum();
        const mean = t.mul(weights.expandDims(1)).sum(0).div(total);
        return { mean, variance: t.sub(mean).square().mul(weights.expandDims(1)).sum(0).div(total) };
      };
      const uniform = drawn.slice([0, 0], [draws, 1]).reshape([draws]).mul(0).add(1);
      const logQ = q.add(1e-30).log();
      return {
        exact: moments(wide, q),
        sampled: moments(drawn, uniform),
        entropy: q.mul(logQ).sum().div(q.sum()),
        sampledEntropy: logProb.mean(),
        spread: logProb.sub(logProb.mean()).square().mean().sqrt(),
      };
    });
    const { exact, sampled, entropy, sampledEntropy, spread } = run(array(points, { shape: [n * n, 2] }));
    for (let d = 0; d < 2; d++) {
      const variance = exact.variance.data()[d]!;
      // 5 standard errors of the mean, plus the quadrature's own error; the variance to 8 %.
      expect(Math.abs(sampled.mean.data()[d]! - exact.mean.data()[d]!)).toBeLessThan(5 * Math.sqrt(variance / draws) + 0.01);
      expect(Math.abs(sampled.variance.data()[d]! / variance - 1)).toBeLessThan(0.08);
    }
    expect(Math.abs(sampledEntropy.item() - entropy.item())).toBeLessThan((5 * spread.item()) / Math.sqrt(draws) + 0.02);
  });

  it("lets one row of the context serve many rows", () => {
    const flow = kind({ dimension: 3, context: 2, ...small });
    const run = program(() => {
      const params = shaken(flow, 14, 0.3);
      const z = random.normal(random.key(15), [8, 3], { dtype: "f64" });
      const few = random.normal(random.key(16), [2, 2], { dtype: "f64" });
      const each = few.expandDims(1).broadcastTo([2, 4, 2]).reshape([8, 2]);
      const one = few.slice([1, 0], [2, 2]);
      const apart = (a: Tensor, b: Tensor) => a.sub(b).abs().max();
      return [
        apart(flow.inverse(params, z, few), flow.inverse(params, z, each)),
        apart(flow.forward(params, z, few)[0], flow.forward(params, z, each)[0]),
        apart(flow.inverse(params, z, one), flow.inverse(params, z, one.broadcastTo([8, 2]))),
      ];
    });
    // The same arithmetic in f64; a product may round otherwise for another number of rows, layer after layer.
    for (const distance of run()) expect(distance.item()).toBeLessThan(1e-13);
  });

  it("has the gradient that finite differences give, for parameters, theta and context", () => {
    const flow = kind({ dimension: 3, context: 2, ...small });
    const rows = 8;
    const at = program(() => ({
      params: shaken(flow, 10, 0.2),
      theta: random.normal(random.key(11), [rows, 3], { dtype: "f64" }),
      c: random.normal(random.key(12), [rows, 2], { dtype: "f64" }),
    }))();
    type Point = { readonly params: Params; readonly theta: Tensor; readonly c: Tensor };
    const loss = (p: Point) => flow.logProb(p.params, p.theta, p.c).sum();
    const step = 1e-5;
    const run = program((point: Point) => {
      let leaf = 0;
      const direction = tree.map(
        (p: Tensor) => random.normal(random.fold(random.key(13), ++leaf), p.shape, { dtype: "f64" }),
        point as Tree<Tensor>,
      ) as Tree<Tensor>;
      const moved = (size: number) =>
        tree.map((p: Tensor, d: Tensor) => p.add(d.mul(size)), point as Tree<Tensor>, direction) as unknown as Point;
      const gradient = grad(loss)(point) as unknown as Tree<Tensor>;
      const products = tree.map((g: Tensor, d: Tensor) => g.mul(d).sum(), gradient, direction);
      const slope = tree.flatten(products).leaves.reduce((a: Tensor, b: Tensor) => a.add(b));
      return {
        slope,
        difference: loss(moved(step))
          .sub(loss(moved(-step)))
          .div(2 * step),
      };
    });
    const { slope, difference } = run(at as never);
    // Central differences in f64: step^2 times the third derivative.
    expect(Math.abs(slope.item() / difference.item() - 1)).toBeLessThan(1e-5);
  });
});

describe("refusals", () => {
  it("names what is wrong with a flow's options", () => {
    expect(() => couplingSpline({ dimension: 0 })).toThrow("dimension must be a positive integer, got 0");
    expect(() => couplingSpline({ dimension: 2, bins: 1 })).toThrow("bins must be an integer >= 2, got 1");
    expect(() => couplingSpline({ dimension: 2, bound: -1 })).toThrow("bound must be > 0, got -1");
    expect(() => maskedAutoregressive({ dimension: 2, transforms: 0 })).toThrow("transforms must be a positive integer, got 0");
    expect(() => maskedAutoregressive({ dimension: 2, activation: "step" as never })).toThrow("activation must be one of");
  });
});
