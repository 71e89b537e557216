import { array, grad, matmul, program, random, stack, sum, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import {
  type Draws,
  densityTarget,
  dirichlet,
  flat,
  gamma,
  halfNormal,
  lkjCholesky,
  type Model,
  model,
  normal,
  observed,
  ordered,
  plate,
  pointsOf,
  pointwiseOfDraws,
  poisson,
  predictOfDraws,
  priorPredictive,
  uniform,
  valuesOfDraws,
} from "../index.ts";

/** Draws of two chains from starting points. */
function drawsFrom(target: Model, count: number): Draws {
  const unconstrained = program(() => target.initial(random.key(5), 2 * count).reshape([2, count, target.dimension]))();
  const draws = program((u: Tensor) => target.constrain(u.reshape([2 * count, -1])).reshape([2, count, -1]))(unconstrained);
  const logDensity = program((u: Tensor) => target.logDensity(u.reshape([2 * count, -1])).reshape([2, count]))(unconstrained);
  return { names: target.names, draws, unconstrained, logDensity, stats: {}, warnings: [] };
}

describe("draws", () => {
  const y = [3, 1, 4];
  const target = model(
    { mu: normal(0, 1), lambda: plate(gamma(2, 1), 2, 3) },
    ({ mu, lambda }) => ({ y: observed(normal(mu, 2), y), k: observed(poisson(lambda.sum(0)), [1, 0, 2]) }),
    { derived: ({ lambda }) => ({ total: lambda.sum() }) },
  );
  const draws = drawsFrom(target, 6);

  test("come back by name in their own shape", async () => {
    const values = await valuesOfDraws(target, draws);
    expect(Object.entries(values).map(([name, { shape }]) => [name, shape])).toEqual([
      ["mu", [2, 6]],
      ["lambda", [2, 6, 2, 3]],
      ["total", [2, 6]],
    ]);
    expect(values["mu"]!.tolist()).toEqual((draws.draws.tolist() as number[][][]).map((chain) => chain.map((row) => row[0])));
    expect(target.names.slice(0, 8)).toEqual([
      "mu",
      "lambda[0,0]",
      "lambda[0,1]",
      "lambda[0,2]",
      "lambda[1,0]",
      "lambda[1,1]",
      "lambda[1,2]",
      "total",
    ]);
  });

  test("give the pointwise log-likelihood of all parts side by side", async () => {
    const pointwise = await pointwiseOfDraws(target, draws);
    expect(pointwise.shape).toEqual([2, 6, 6]);
    const direct = program((u: Tensor) => target.pointwise(u))(array(draws.unconstrained.data(), { shape: [12, 7] }));
    expect(pointwise.data()).toEqual(direct.data());
  });

  test("predict data of the observed shapes, as the parameters say", async () => {
    const one = { ...draws, unconstrained: program((u: Tensor) => u.mul(0).add(0.5))(drawsFrom(target, 3000).unconstrained) };
    const data = await predictOfDraws(target, one, { seed: 1 });
    expect([data["y"]!.shape, data["k"]!.shape]).toEqual([
      [2, 3000, 3],
      [2, 3000, 3],
    ]);
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b) / values.length;
    // 18 000 draws of sd 2, and of sd sqrt(2 e^0.5).
    expect(Math.abs(mean(data["y"]!.data()) - 0.5)).toBeLessThan((4.5 * 2) / Math.sqrt(18_000));
    const rate = 2 * Math.exp(0.5);
    expect(Math.abs(mean(data["k"]!.data()) - rate)).toBeLessThan(4.5 * Math.sqrt(rate / 18_000));
    const again = await predictOfDraws(target, one, { seed: 1 });
    expect(again["y"]!.data()).toEqual(data["y"]!.data());
    expect((await predictOfDraws(target, one, { seed: 2 }))["y"]!.data()).not.toEqual(data["y"]!.data());
  });

  test("predict at other rows, where what is only observed is left out", async () => {
    const X = [
      [1, 0],
      [1, 1],
      [1, 2],
    ];
    const line = model({ b: plate(normal(0, 1), 2) }, ({ b }, { X, z }) => observed(normal(matmul(X, b), 0.001), z), { data: { X, z: y } });
    const at = drawsFrom(line, 3);
    const data = await predictOfDraws(line, at, {
      seed: 1,
      data: {
        X: [
          [1, 10],
          [1, -10],
        ],
      },
    });
    expect(data["y"]!.shape).toEqual([2, 3, 2]);
    const [first, second] = (at.unconstrained.tolist() as number[][][])[1]![2]!;
    const predicted = (data["y"]!.tolist() as number[][][])[1]![2]!;
    expect(Math.abs(predicted[0]! - (first! + 10 * second!))).toBeLessThan(0.006);
    expect(Math.abs(predicted[1]! - (first! - 10 * second!))).toBeLessThan(0.006);
    await expect(predictOfDraws(line, at, { seed: 1, data: { W: [[1, 2]] } })).rejects.toThrow("there are no data W; there are X, z");
    await expect(predictOfDraws(line, at, { seed: 1, data: { X: [[1]] } })).rejects.toThrow("rows of the data X have shape [2], got [1]");
  });

  test("from the prior, and data from them", async () => {
    const prior = await priorPredictive(target, { count: 4000, seed: 3 });
    expect([prior.values["lambda"]!.shape, prior.data["y"]!.shape]).toEqual([
      [4000, 2, 3],
      [4000, 3],
    ]);
    const y = [...prior.data["y"]!.data()].filter((_, i) => i % 3 === 0);
    // y = mu + 2 e has variance 5.
    expect(Math.abs(y.reduce((a, b) => a + b * b, 0) / 4000 - 5)).toBeLessThan(4.5 * 5 * Math.sqrt(2 / 4000));
    await expect(priorPredictive(target, { count: 0, seed: 1 })).rejects.toThrow("count must be an integer >= 1, got 0");
  });

  test("of another model are refused", async () => {
    const other = model({ a: normal(0, 1) }, ({ a }) => observed(normal(a, 1), y));
    await expect(pointwiseOfDraws(other, draws)).rejects.toThrow("the draws are of 7 coordinates, the model has 1");
  });
});

describe("points", () => {
  const target = model(
    { p: uniform(0, 2), w: dirichlet([1, 1, 1]), c: ordered(normal(0, 1), 2), l: lkjCholesky(2, 1), s: halfNormal(1) },
    ({ p }) => observed(normal(p, 1), [0.5]),
  );
  const point = {
    p: 0.5,
    w: [0.2, 0.3, 0.5],
    c: [-1, 2],
    l: [
      [1, 0],
      [0.6, 0.8],
    ],
    s: 3,
  };

  test("of every kind of support go to u and back", () => {
    expect(target.names).toEqual(["p", "w[0]", "w[1]", "w[2]", "c[0]", "c[1]", "l[1,0]", "l[1,1]", "s"]);
    expect(target.coordinates).toEqual([
      "logit p",
      "logit w_share[0]",
      "logit w_share[1]",
      "log c_step[0]",
      "log c_step[1]",
      "atanh l_partial[0]",
      "log s",
    ]);
    const u = pointsOf(target, [point, { ...point, s: 0.1 }]);
    expect(u.shape).toEqual([2, 7]);
    const back = program((v: Tensor) => target.values(v))(u);
    expect((back["w"]!.tolist() as number[][])[0]).toEqual([0.2, 0.3, 0.5].map((value) => expect.closeTo(value, 12)));
    expect((back["l"]!.tolist() as number[][][])[1]).toEqual([
      [1, 0],
      [expect.closeTo(0.6, 12), expect.closeTo(0.8, 12)],
    ]);
    expect([...back["s"]!.data()]).toEqual([expect.closeTo(3, 12), expect.closeTo(0.1, 12)]);
  });

  test("drawn from the prior, of every kind of support, are where they should be", () => {
    const apart = model({ c: ordered(normal([0, 0.5], 1)), l: lkjCholesky(3, 2), w: dirichlet([2, 3, 5]), p: uniform(-1, 3) });
    const out = program(() => {
      const u = apart.samplePrior(random.key(7), 4000);
      return { values: apart.values(u), back: apart.unconstrain(apart.constrain(u)).sub(u).abs().max(), density: apart.logDensity(u) };
    })();
    expect(out.density.data().every(Number.isFinite)).toBe(true);
    // A correlation near 1 is told from 1 - r^2.
    expect(out.back.item()).toBeLessThan(1e-6);
    const c = out.values["c"]!.tolist() as number[][];
    expect(c.every(([a, b]) => a! < b!)).toBe(true);
    const w = out.values["w"]!.tolist() as number[][];
    // Shares of Dirichlet(2, 3, 5): means 0.2, 0.3, 0.5, sd at most 0.151.
    [0.2, 0.3, 0.5].forEach((mean, k) => {
      expect(Math.abs(w.reduce((total, row) => total + row[k]!, 0) / 4000 - mean)).toBeLessThan((4.5 * 0.151) / Math.sqrt(4000));
    });
  });

  test("the gradient through every kind of map is the central difference", () => {
    const u = Float64Array.of(0.3, -0.5, 0.8, 0.1, -0.7, 0.4, 0.2);
    const row = (values: Float64Array) => array(values, { shape: [1, 7] });
    const value = program((v: Tensor) => target.logDensity(v));
    const slope = program((v: Tensor): Tensor => grad((w: Tensor) => sum(target.logDensity(w)))(v))(row(u)).data();
    u.forEach((at, d) => {
      const moved = (h: number) => value(row(u.with(d, at + h))).item();
      expect(slope[d]!).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 7);
    });
  });

  test.each<readonly [string, object, string]>([
    ["outside", { ...point, p: 3 }, "p = 3 is outside its support"],
    ["negative", { ...point, s: -1 }, "s = -1 is outside its support"],
    ["off the simplex", { ...point, w: [0.2, 0.2, 0.2] }, "is outside its support"],
    ["out of order", { ...point, c: [2, -1] }, "is outside its support"],
    ["of another shape", { ...point, c: [1, 2, 3] }, "c has shape [2], got a value of [3]"],
    ["unknown", { ...point, q: 1 }, "no parameter q; there are p, w, c, l, s"],
  ])("%s are refused", (_, given, reason) => {
    expect(() => pointsOf(target, [given as typeof point])).toThrow(reason);
  });

  test("that are missing are refused", () => {
    const { s: _, ...rest } = point;
    expect(() => pointsOf(target, [rest as typeof point])).toThrow("expected a value for s, got none");
    expect(() => pointsOf(target, [])).toThrow("expected at least one point, got none");
  });
});

describe("a bare log density", () => {
  test("is a target of one draw, batched", () => {
    const target = densityTarget({
      parameters: ["x", "y"],
      logDensity: (u) => u.square().sum().mul(-0.5),
      quantities: { names: ["radius"], of: (u) => stack([u.square().sum().sqrt()]) },
    });
    const u = array(
      [
        [3, 4],
        [0, 1],
      ],
      { dtype: "f64" },
    );
    const out = program((v: Tensor) => ({
      density: target.logDensity(v),
      radius: target.constrain(v),
      start: target.initial(random.key(1), 3),
    }))(u);
    expect([[...out.density.data()], [...out.radius.data()]]).toEqual([
      [-12.5, -0.5],
      [5, 1],
    ]);
    expect([out.start.shape, target.coordinates, target.names, target.dimension]).toEqual([[3, 2], ["x", "y"], ["radius"], 2]);
    expect(densityTarget({ parameters: 2, logDensity: (v) => v.sum() }).names).toEqual(["u[0]", "u[1]"]);
  });

  test("over bounded parameters is a model of flat priors", () => {
    const target = model({ mu: flat(), sigma: flat({ low: 0 }) }, ({ mu, sigma }) => mu.square().add(sigma).neg());
    const density = program((u: Tensor) => target.logDensity(u))(array([[0.5, 0.3]], { dtype: "f64" }));
    expect(density.item()).toBeCloseTo(-0.25 - Math.exp(0.3) + 0.3, 13);
  });

  test.each([
    [() => densityTarget({ parameters: 0, logDensity: (u) => u.sum() }), "at least one parameter, got 0"],
    [() => densityTarget({ parameters: 2, logDensity: (u) => u }), "must give one f64 number for u [2], got f64[2]"],
    [
      () => densityTarget({ parameters: 2, logDensity: (u) => u.sum(), quantities: { names: ["a"], of: (u) => u } }),
      "quantities must be [1], as many as their names, got [2]",
    ],
  ])("%# is refused with a reason", (make, reason) => {
    expect(make).toThrow(reason);
  });
});
