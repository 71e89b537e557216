import { array, grad, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { betaCdf } from "../check/beta-function.ts";
import { normalCdf, upperGamma } from "../check/gamma-function.ts";
import { kolmogorovSmirnov } from "../check/uniformity.ts";
import {
  beta,
  binomial,
  exponential,
  gamma,
  independent,
  joint,
  logNormal,
  mixture,
  multivariateNormal,
  negativeBinomial,
  normal,
  poisson,
  uniform,
} from "./index.ts";
import { againstTable, drawsOf, logProbs, moments, type Row } from "./test/table.ts";

/** Log densities, means and variances computed with SciPy 1.17.1. */
const table: readonly Row[] = [
  {
    name: "uniform(-1, 3)",
    make: (options) => uniform(-1, 3, options),
    x: [-1, 0.5, 3],
    logProb: [-1.3862943611198906, -1.3862943611198906, -1.3862943611198906],
    mean: 1.0,
    variance: 1.3333333333333333,
  },
  {
    name: "normal(1.5, 0.5)",
    make: (options) => normal(1.5, 0.5, options),
    x: [-1, 1.5, 2.25],
    logProb: [-12.725791352644727, -0.22579135264472738, -1.3507913526447273],
    mean: 1.5,
    variance: 0.25,
  },
  {
    name: "logNormal(-0.125, 0.5)",
    make: (options) => logNormal(-0.125, 0.5, options),
    x: [0.01, 0.9, 7],
    logProb: [-35.76447095748976, -0.12120225567735401, -10.749039192620641],
    mean: 0.9999999999999999,
    variance: 0.28402541668774134,
  },
  {
    name: "gamma(2.5, 3)",
    make: (options) => gamma(2.5, 3, options),
    x: [0.001, 0.7, 6],
    logProb: [-7.9027850672758495, -0.1731645647107436, -12.850512944960563],
    mean: 0.8333333333333333,
    variance: 0.27777777777777773,
  },
  {
    name: "gamma(0.3, 0.5)",
    make: (options) => gamma(0.3, 0.5, options),
    x: [1e-6, 0.2, 9],
    logProb: [8.367114741588932, -0.27713561028218925, -7.341799353121413],
    mean: 0.6,
    variance: 1.2,
  },
  {
    name: "beta(2, 5)",
    make: (options) => beta(2, 5, options),
    x: [0.01, 0.3, 0.95],
    logProb: [-1.2441741477399408, 0.7705248015812898, -8.633025006941354],
    mean: 0.2857142857142857,
    variance: 0.025510204081632654,
  },
  {
    name: "beta(0.5, 0.5)",
    make: (options) => beta(0.5, 0.5, options),
    x: [0.0001, 0.5, 0.9],
    logProb: [3.460490302638858, -0.45158270528945466, 0.05924291847653618],
    mean: 0.5,
    variance: 0.125,
  },
  {
    name: "exponential(4)",
    make: (options) => exponential(4, options),
    x: [0, 0.1, 3],
    logProb: [1.3862943611198906, 0.9862943611198906, -10.61370563888011],
    mean: 0.25,
    variance: 0.0625,
  },
  {
    name: "poisson(3.5)",
    make: (options) => poisson(3.5, options),
    x: [0, 3, 12],
    logProb: [-3.5, -1.5334705637419508, -8.454058873717468],
    mean: 3.5,
    variance: 3.5,
  },
  {
    name: "poisson(200)",
    make: (options) => poisson(200, options),
    x: [150, 200, 260],
    logProb: [-10.272500867218355, -3.568513882798129, -11.914308622923045],
    mean: 200.0,
    variance: 200.0,
  },
  {
    name: "binomial(20, 0.3)",
    make: (options) => binomial(20, 0.3, options),
    x: [0, 6, 20],
    logProb: [-7.133498878774649, -1.6521419750931727, -24.07945608651872],
    mean: 6.0,
    variance: 4.2,
  },
  {
    name: "negativeBinomial(2.5, 0.4)",
    make: (options) => negativeBinomial(2.5, 0.4, options),
    x: [0, 4, 20],
    logProb: [-2.2907268296853873, -2.1342039657130742, -8.207559840422824],
    mean: 3.75,
    variance: 9.374999999999998,
  },
];

describe.each(table)("$name", (row) => againstTable(row));

describe("draws follow the distribution function", () => {
  // One test in a thousand fails by chance at p < 0.001; seeds are fixed.
  test.each([
    { name: "uniform", d: uniform(-1, 3, { dtype: "f64" }), cdf: (x: number) => (x + 1) / 4 },
    { name: "normal", d: normal(1.5, 0.5, { dtype: "f64" }), cdf: (x: number) => normalCdf((x - 1.5) / 0.5) },
    { name: "logNormal", d: logNormal(-0.125, 0.5, { dtype: "f64" }), cdf: (x: number) => normalCdf((Math.log(x) + 0.125) / 0.5) },
    { name: "gamma", d: gamma(2.5, 3, { dtype: "f64" }), cdf: (x: number) => 1 - upperGamma(2.5, 3 * x) },
    { name: "gamma of small shape", d: gamma(0.3, 0.5, { dtype: "f64" }), cdf: (x: number) => 1 - upperGamma(0.3, 0.5 * x) },
    { name: "beta", d: beta(2, 5, { dtype: "f64" }), cdf: (x: number) => betaCdf(x, 2, 5) },
    { name: "beta with poles", d: beta(0.5, 0.5, { dtype: "f64" }), cdf: (x: number) => betaCdf(x, 0.5, 0.5) },
    { name: "exponential", d: exponential(4, { dtype: "f64" }), cdf: (x: number) => 1 - Math.exp(-4 * x) },
  ])("$name: Kolmogorov-Smirnov on 20 000", ({ d, cdf }) => {
    expect(kolmogorovSmirnov(drawsOf(d, [20_000]).values, cdf).pValue).toBeGreaterThan(1e-3);
  });

  test.each([
    { name: "poisson", d: poisson(3.5, { dtype: "f64" }), cells: 10 },
    { name: "binomial", d: binomial(20, 0.3, { dtype: "f64" }), cells: 12 },
    { name: "negativeBinomial", d: negativeBinomial(2.5, 0.4, { dtype: "f64" }), cells: 14 },
  ])("$name: counts of 20 000 draws against the probabilities", ({ d, cells }) => {
    const { values } = drawsOf(d, [20_000]);
    const probability = logProbs(
      d,
      Float64Array.from({ length: cells }, (_, i) => i),
    ).map(Math.exp);
    // z^2 of each cell, binomial sd; 4.5 sd in any of 14 cells happens once in 10 000.
    probability.forEach((p, i) => {
      const n = values.filter((value) => value === i).length;
      expect(Math.abs(n - 20_000 * p)).toBeLessThan(4.5 * Math.sqrt(20_000 * p * (1 - p)));
    });
  });
});

describe("outside the support", () => {
  test.each([
    { name: "uniform", d: uniform(0, 1), x: [-0.1, 1.1] },
    { name: "logNormal", d: logNormal(0, 1), x: [-1, 0] },
    { name: "gamma", d: gamma(2, 1), x: [-1, 0] },
    { name: "beta", d: beta(2, 2), x: [-0.5, 1.5] },
    { name: "exponential", d: exponential(1), x: [-1e-3] },
    { name: "poisson", d: poisson(3), x: [-1, 2.5] },
    { name: "poisson of rate 0", d: poisson(0), x: [1] },
    { name: "binomial", d: binomial(5, 0.5), x: [-1, 6, 0.5] },
    { name: "binomial of probability 0", d: binomial(5, 0), x: [1] },
    { name: "binomial of probability 1", d: binomial(5, 1), x: [4] },
    { name: "negativeBinomial", d: negativeBinomial(2, 0.5), x: [-1, 1.5] },
    { name: "mixture of uniforms", d: mixture([0.5, 0.5], [uniform(0, 1), uniform(2, 3)]), x: [1.5, -1] },
  ])("$name has log density -Infinity and gradient 0", ({ d, x }) => {
    expect(logProbs(d, Float64Array.from(x))).toEqual(x.map(() => -Infinity));
    using slope = program((points: Tensor): Tensor => grad((value: Tensor) => d.logProb(value).sum())(points))(Float64Array.from(x));
    expect([...slope.data()].map(Math.abs)).toEqual(x.map(() => 0));
  });

  test("certain outcomes have log probability 0", () => {
    expect(logProbs(poisson(0), Float64Array.of(0))).toEqual([0]);
    expect(logProbs(binomial(5, 0), Float64Array.of(0))).toEqual([0]);
    expect(logProbs(binomial(5, 1), Float64Array.of(5))[0]).toBeCloseTo(0, 14);
    expect(logProbs(negativeBinomial(2, 1), Float64Array.of(0))[0]).toBeCloseTo(0, 14);
  });
});

describe("arguments", () => {
  test.each([
    [() => normal(0, -1), "normal: sd must be > 0 and finite, got -1"],
    [() => normal([0, NaN], 1), "normal: mean must be finite, got NaN (element 1)"],
    [() => uniform(1, 1), "uniform: low must be < high, got 1 and 1"],
    [() => uniform([0, 1], [1, 0.5]), "uniform: low must be < high, got 1 and 0.5"],
    [() => gamma(1, 0), "gamma: rate must be > 0 and finite, got 0"],
    [() => binomial(2.5, 0.5), "binomial: n must be an integer >= 0, got 2.5"],
    [() => binomial(2, 1.5), "binomial: p must be in [0, 1], got 1.5"],
    [() => poisson(-1), "poisson: rate must be >= 0 and finite, got -1"],
    [() => negativeBinomial(1, 0), "negativeBinomial: prob must be in (0, 1], got 0"],
    [
      () =>
        multivariateNormal([0, 0], {
          covariance: [
            [1, 2],
            [2, 1],
          ],
        }),
      "covariance must be positive definite; its leading 2 x 2 part is not",
    ],
    [
      () =>
        multivariateNormal([0, 0], {
          covariance: [
            [1, 0.5],
            [0, 1],
          ],
        }),
      "covariance must be symmetric, got 0 in row 1, column 0",
    ],
    [
      () =>
        multivariateNormal([0, 0], {
          cholesky: [
            [1, 2],
            [0, 1],
          ],
        }),
      "cholesky must be lower triangular",
    ],
    [
      () =>
        multivariateNormal([0, 0, 0], {
          covariance: [
            [1, 0],
            [0, 1],
          ],
        }),
      "covariance must have shape [..., 3, 3]",
    ],
    [() => mixture([1], [normal(0, 1), normal(0, 2)]), "a weight for each of 2 components"],
    [() => mixture([0, 0], [normal(0, 1), normal(0, 2)]), "at least one weight must be > 0"],
    [() => independent(normal(0, 1), 1), "rank must be from 1 to the 0 batch axes of normal, got 1"],
    [() => joint({}), "at least one part"],
    [() => joint({ a: normal([0, 1], 1) }), "a has batch shape [2]; make it one event with independent(..., 1)"],
  ])("%# is refused with a reason", (make, reason) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(reason);
  });

  test("arguments of another kind are a TypeError", () => {
    expect(() => normal("0" as never, 1)).toThrow(TypeError);
    expect(() => normal(0, 1, { dtype: "f16" as never })).toThrow('dtype must be "f32" or "f64", got f16');
    expect(() => normal(array(Int32Array.of(1)), 1)).toThrow("mean must be f32 or f64, got i32");
    expect(() => normal(array(Float32Array.of(1)), array(Float64Array.of(1)))).toThrow("arguments are of types f32 and f64");
  });

  test("Tensors of the running program are arguments too, and are differentiated", () => {
    // d/d sd of log N(2; 0, sd) = 4 / sd^3 - 1 / sd
    using slope = program((at: Tensor): Tensor => grad((sd: Tensor) => normal(0, sd).logProb(2))(at))(array(1.5, { dtype: "f64" }));
    expect(slope.item()).toBeCloseTo(4 / 1.5 ** 3 - 1 / 1.5, 12);
    // d/d rate of the mean of draws by the parametrisation low + (high - low) u is E[u].
    using mean = program((at: Tensor): Tensor => grad((high: Tensor) => uniform(0, high).sample(random.key(3), [10_000]).mean())(at))(
      array(2, { dtype: "f64" }),
    );
    expect(Math.abs(mean.item() - 0.5)).toBeLessThan(0.015);
  });

  test("arguments broadcast to a batch, with one log density for each", () => {
    const d = normal([[0], [1]], [1, 2, 3]);
    expect(d.batchShape).toEqual([2, 3]);
    expect(drawsOf(d, [5]).shape).toEqual([5, 2, 3]);
    expect(logProbs(d, Float64Array.of(0.5), []).length).toBe(6);
    expect(moments(d)).toMatchObject({ mean: [0, 0, 0, 1, 1, 1], variance: [1, 4, 9, 1, 4, 9] });
  });

  test("the same key gives the same draws and another key others", () => {
    const d = gamma(2, 1);
    expect(drawsOf(d, [10], 7).values).toEqual(drawsOf(d, [10], 7).values);
    expect(drawsOf(d, [10], 7).values).not.toEqual(drawsOf(d, [10], 8).values);
  });
});

describe("multivariateNormal", () => {
  const mean = [1, -2, 0.5];
  const covariance = [
    [2, 0.6, -0.3],
    [0.6, 1, 0.2],
    [-0.3, 0.2, 0.5],
  ];
  const cholesky = [
    [Math.SQRT2, 0, 0],
    [0.42426406871192845, 0.9055385138137417, 0],
    [-0.21213203435596423, 0.32025142561705494, 0.5936657514041415],
  ];
  const precision = [
    [0.7958477508650519, -0.6228373702422145, 0.7266435986159169],
    [-0.6228373702422145, 1.5743944636678202, -1.0034602076124568],
    [0.7266435986159169, -1.0034602076124568, 2.837370242214533],
  ];
  // scipy.stats.multivariate_normal.logpdf
  const points = Float64Array.of(1, -2, 0.5, 0, 0, 0, 2, -3, 1.5);
  const expected = [-2.4827248944591385, -8.996565724908985, -7.439472299303436];

  test.each([
    { name: "covariance", spread: { covariance } },
    { name: "cholesky", spread: { cholesky } },
    { name: "precision", spread: { precision } },
  ])("log density, moments and draws are right from the $name", ({ spread }) => {
    const d = multivariateNormal(mean, spread, { dtype: "f64" });
    logProbs(d, points, [3, 3]).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 12);
    });
    const { mean: centre, variance } = moments(d);
    expect(centre).toEqual(mean);
    variance.forEach((value, i) => {
      expect(value).toBeCloseTo(covariance[i]![i]!, 12);
    });
    const { values, shape } = drawsOf(d, [20_000]);
    expect(shape).toEqual([20_000, 3]);
    for (let i = 0; i < 3; i++)
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let r = 0; r < 20_000; r++) sum += (values[3 * r + i]! - mean[i]!) * (values[3 * r + j]! - mean[j]!);
        // sd of a product of normals: sqrt(s_ii s_jj + s_ij^2) <= 2 sqrt(2); 4.5 standard errors.
        const se = Math.sqrt((covariance[i]![i]! * covariance[j]![j]! + covariance[i]![j]! ** 2) / 20_000);
        expect(Math.abs(sum / 20_000 - covariance[i]![j]!)).toBeLessThan(4.5 * se);
      }
  });

  test("a Tensor covariance of the program gives the same log density, and its gradient is finite", () => {
    const density = (c: Tensor, x: Tensor) => multivariateNormal(mean, { covariance: c }).logProb(x);
    using c = array(covariance, { dtype: "f64" });
    using x = array(points, { shape: [3, 3] });
    using value = program(density)(c, x);
    [...value.data()].forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i]!, 12);
    });
    using slope = program((cc: Tensor, xx: Tensor): Tensor => grad((c: Tensor, x: Tensor) => density(c, x).sum())(cc, xx))(c, x);
    expect([...slope.data()].every(Number.isFinite)).toBe(true);
  });

  test("a batch of covariances serves a batch of means", () => {
    const two = [covariance, covariance.map((row) => row.map((v) => 4 * v))];
    const d = multivariateNormal(mean, { covariance: two }, { dtype: "f64" });
    expect(d.batchShape).toEqual([2]);
    const [one, other] = logProbs(d, points.slice(3, 6), [3]) as [number, number];
    expect(one).toBeCloseTo(expected[1]!, 12);
    // Mahalanobis distance^2 / 4, and 3 log 2 for the determinant.
    expect(other).toBeCloseTo(expected[0]! + (expected[1]! - expected[0]!) / 4 - 3 * Math.log(2), 12);
    expect(drawsOf(d, [7]).shape).toEqual([7, 2, 3]);
  });
});

describe("mixture", () => {
  const d = mixture([3, 7], [normal(-2, 0.5, { dtype: "f64" }), normal(1, 2, { dtype: "f64" })]);

  test("log density and moments are those of the weighted sum", () => {
    // log(0.3 N(x; -2, 0.5) + 0.7 N(x; 1, 2)) with SciPy
    logProbs(d, Float64Array.of(-2, 0, 5)).forEach((value, i) => {
      expect(value).toBeCloseTo([-1.25633148454804, -2.093109220292721, -3.9687606577033505][i]!, 12);
    });
    expect(moments(d).mean[0]).toBeCloseTo(0.1, 12);
    expect(moments(d).variance[0]).toBeCloseTo(4.765, 12);
  });

  test("draws come from both components in proportion", () => {
    const { values } = drawsOf(d, [20_000]);
    const cdf = (x: number) => 0.3 * normalCdf((x + 2) / 0.5) + 0.7 * normalCdf((x - 1) / 2);
    expect(kolmogorovSmirnov(values, cdf).pValue).toBeGreaterThan(1e-3);
  });

  test("components may be vectors, and a weight of 0 takes no part", () => {
    const plane = (x: number) =>
      multivariateNormal(
        [x, x],
        {
          covariance: [
            [1, 0],
            [0, 1],
          ],
        },
        { dtype: "f64" },
      );
    const m = mixture([0, 1], [plane(50), plane(0)]);
    const { values, shape } = drawsOf(m, [500]);
    expect(shape).toEqual([500, 2]);
    expect(Math.max(...values)).toBeLessThan(6);
    expect(logProbs(m, Float64Array.of(0, 0), [1, 2])[0]).toBeCloseTo(-Math.log(2 * Math.PI), 12);
  });

  test("the support is the smallest that holds every component", () => {
    expect(mixture([1, 1], [uniform(0, 1), uniform(2, 3)]).support).toEqual({ kind: "interval", low: 0, high: 3 });
    expect(mixture([1, 1], [uniform(0, 1), gamma(1, 1)]).support).toEqual({ kind: "positive" });
    expect(mixture([1, 1], [normal(0, 1), gamma(1, 1)]).support).toEqual({ kind: "real" });
    expect(() => mixture([1, 1], [normal(0, 1), poisson(1)])).toThrow("no common one");
  });
});

describe("independent and joint", () => {
  test("independent adds log densities over its axes", () => {
    const d = independent(normal([0, 1, 2], 1), 1);
    expect([d.batchShape, d.eventShape]).toEqual([[], [3]]);
    expect(logProbs(d, Float64Array.of(0, 1, 2), [1, 3])[0]).toBeCloseTo(-1.5 * Math.log(2 * Math.PI), 12);
    expect(drawsOf(d, [4]).shape).toEqual([4, 3]);
  });

  test("joint puts its parts side by side with draws that are independent", () => {
    const d = joint({ a: normal(0, 1, { dtype: "f64" }), b: independent(uniform([0, 1], [1, 3], { dtype: "f64" }), 1) });
    expect(d.eventShape).toEqual([3]);
    const { values, shape } = drawsOf(d, [10_000]);
    expect(shape).toEqual([10_000, 3]);
    let ab = 0;
    for (let r = 0; r < 10_000; r++) ab += values[3 * r]! * (values[3 * r + 1]! - 0.5);
    expect(Math.abs(ab / 10_000)).toBeLessThan(4.5 * Math.sqrt(1 / 12 / 10_000));
    expect(logProbs(d, Float64Array.of(0, 0.5, 2), [1, 3])[0]).toBeCloseTo(-0.5 * Math.log(2 * Math.PI) - Math.log(2), 12);
    expect(logProbs(d, Float64Array.of(0, 0.5, 4), [1, 3])[0]).toBe(-Infinity);
    expect(moments(d).mean).toEqual([0, 0.5, 2]);
  });
});
