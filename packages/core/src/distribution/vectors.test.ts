import { array, exp, grad, matmul, matrixTranspose, program, stack, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { betaCdf } from "../check/beta-function.ts";
import { normalCdf } from "../check/gamma-function.ts";
import { kolmogorovSmirnov } from "../check/uniformity.ts";
import {
  beta,
  type Distribution,
  dirichlet,
  flat,
  halfNormal,
  lkjCholesky,
  multivariateNormal,
  normal,
  ordered,
  parameters,
  toUnconstrained,
  truncatedNormal,
} from "./index.ts";
import { drawsOf, logProbs, moments } from "./test/table.ts";

/** Sum over a grid of `step` on [-reach, reach]^dimension of the density seen through the map to all numbers: the trapezoid rule. */
function massOf(d: Distribution, dimension: number, reach: number, step: number): number {
  const count = Math.round((2 * reach) / step) + 1;
  const points = new Float64Array(count ** dimension * dimension);
  for (let row = 0; row < count ** dimension; row++)
    for (let axis = 0, rest = row; axis < dimension; axis++, rest = Math.floor(rest / count))
      points[row * dimension + axis] = -reach + step * (rest % count);
  const map = toUnconstrained(d.support);
  const mass = program((u: Tensor) => exp(d.logProb(map.inverse(u)).add(map.inverseLogDerivative(u))).sum());
  return mass(array(points, { shape: [count ** dimension, dimension] })).item() * step ** dimension;
}

describe("densities over vectors, seen through their maps, integrate to 1", () => {
  // The trapezoid rule converges exponentially for such functions; what is cut off decays as the slowest tail, e^(-a reach).
  test.each([
    { name: "dirichlet", d: dirichlet([2, 1, 3]), dimension: 2, reach: 30, step: 0.15 },
    { name: "lkjCholesky 2", d: lkjCholesky(2, 1.5), dimension: 1, reach: 15, step: 0.05 },
    { name: "lkjCholesky 3", d: lkjCholesky(3, 1.5), dimension: 3, reach: 8, step: 0.2 },
    { name: "lkjCholesky 3, strong correlations", d: lkjCholesky(3, 1), dimension: 3, reach: 10, step: 0.2 },
    { name: "ordered", d: ordered(normal(1, 2), 2), dimension: 2, reach: 25, step: 0.1 },
    { name: "positive ordered", d: ordered(halfNormal(1), 2), dimension: 2, reach: 25, step: 0.1 },
  ])("$name", ({ d, dimension, reach, step }) => {
    expect(massOf(d, dimension, reach, step)).toBeCloseTo(1, 6);
  });
});

describe("dirichlet", () => {
  const d = dirichlet([2, 0.5, 3], { dtype: "f64" });

  test("log densities and moments are SciPy's, and there is none off the simplex", () => {
    const x = Float64Array.of(0.2, 0.1, 0.7, 0.6, 0.3, 0.1, 0.6, 0.3, 0.2, 1.2, -0.3, 0.1);
    expect(logProbs(d, x, [4, 3])).toEqual([
      expect.closeTo(1.5208065903195287, 12),
      expect.closeTo(-1.8217075634570423, 12),
      -Infinity,
      -Infinity,
    ]);
    const { mean, variance } = moments(d);
    expect(mean).toEqual([2 / 5.5, 0.5 / 5.5, 3 / 5.5].map((value) => expect.closeTo(value, 14)));
    expect(variance).toEqual([0.03560076, 0.01271456, 0.03814367].map((value) => expect.closeTo(value, 8)));
  });

  test("draws add up to 1, and each share is a beta", () => {
    const { values, shape } = drawsOf(d, [20_000]);
    expect(shape).toEqual([20_000, 3]);
    for (let r = 0; r < 20_000; r += 997) expect(values[3 * r]! + values[3 * r + 1]! + values[3 * r + 2]!).toBeCloseTo(1, 14);
    [2, 0.5, 3].forEach((a, k) => {
      const share = Float64Array.from({ length: 20_000 }, (_, r) => values[3 * r + k]!);
      expect(kolmogorovSmirnov(share, (x) => betaCdf(x, a, 5.5 - a)).pValue).toBeGreaterThan(1e-3);
    });
  });

  test("two shares are a beta", () => {
    const pairs = Float64Array.of(0.3, 0.7, 0.9, 0.1);
    const expected = logProbs(beta(2, 5), Float64Array.of(0.3, 0.9));
    expect(logProbs(dirichlet([2, 5]), pairs, [2, 2])).toEqual(expected.map((value) => expect.closeTo(value, 12)));
  });

  test("what is no concentration is refused", () => {
    expect(() => dirichlet(2)).toThrow("concentration must be a vector of 2 or more numbers, got shape []");
    expect(() => dirichlet([1, 0])).toThrow("concentration must be > 0 and finite, got 0 (element 1)");
    expect(() => logProbs(d, Float64Array.of(0.5, 0.5))).toThrow("the last axis must hold 3 numbers, got shape [2]");
  });
});

describe("lkjCholesky", () => {
  test("for 2 x 2 the density of the correlation is (1 - r^2)^(eta - 1) / (2^(2 eta - 1) B(eta, eta))", () => {
    // B(2.5, 2.5) = Gamma(2.5)^2 / Gamma(5) = (3 sqrt(pi) / 4)^2 / 24
    const normalization = 2 ** 4 * ((9 * Math.PI) / 16 / 24);
    for (const r of [-0.9, 0, 0.4]) {
      const value = logProbs(lkjCholesky(2, 2.5), Float64Array.of(1, 0, r, Math.sqrt(1 - r * r)), [2, 2])[0]!;
      expect(value).toBeCloseTo(1.5 * Math.log(1 - r * r) - Math.log(normalization), 12);
    }
  });

  test("every correlation of a draw is 2 b - 1, b of Beta(eta + K / 2 - 1)", () => {
    const [size, eta, n] = [4, 1.3, 20_000];
    const d = lkjCholesky(size, eta, { dtype: "f64" });
    const { values, shape } = drawsOf(d, [n]);
    expect(shape).toEqual([n, size, size]);
    using r = program((l: Tensor) => matmul(l, matrixTranspose(l)))(array(values, { shape }));
    const matrices = r.data();
    const a = eta + size / 2 - 1;
    for (const [i, j] of [
      [1, 0],
      [2, 1],
      [3, 0],
      [3, 2],
    ] as const) {
      const correlation = Float64Array.from({ length: n }, (_, row) => matrices[row * 16 + i * 4 + j]!);
      expect(kolmogorovSmirnov(correlation, (x) => betaCdf((x + 1) / 2, a, a)).pValue).toBeGreaterThan(1e-3);
    }
    expect(matrices[5]).toBeCloseTo(1, 12);
  });

  test("a factor with a diagonal that is not > 0 has log density -Infinity, and sizes are checked", () => {
    const d = lkjCholesky(2, 1);
    expect(logProbs(d, Float64Array.of(1, 0, 0.5, -0.8), [2, 2])).toEqual([-Infinity]);
    expect(() => lkjCholesky(1, 1)).toThrow("size must be an integer >= 2, got 1");
    expect(() => lkjCholesky(2, 0)).toThrow("concentration must be > 0 and finite, got 0");
    expect(() => logProbs(d, new Float64Array(9), [3, 3])).toThrow("must hold [2, 2] numbers, got shape [3, 3]");
  });
});

describe("ordered", () => {
  test("draws of one distribution are its order statistics", () => {
    const d = ordered(normal(1, 2, { dtype: "f64" }), 3);
    const { values, shape } = drawsOf(d, [20_000]);
    expect(shape).toEqual([20_000, 3]);
    const least = Float64Array.from({ length: 20_000 }, (_, r) => values[3 * r]!);
    expect(kolmogorovSmirnov(least, (x) => 1 - (1 - normalCdf((x - 1) / 2)) ** 3).pValue).toBeGreaterThan(1e-3);
  });

  test("draws of different distributions are held to their order", () => {
    // The difference of two normals with means 0 and 0.5, given that it is positive.
    const { values } = drawsOf(ordered(normal([0, 0.5], 1, { dtype: "f64" })), [20_000]);
    const gap = Float64Array.from({ length: 20_000 }, (_, r) => values[2 * r + 1]! - values[2 * r]!);
    const below = (x: number) => normalCdf((x - 0.5) / Math.SQRT2);
    expect(kolmogorovSmirnov(gap, (x) => (below(x) - below(0)) / (1 - below(0))).pValue).toBeGreaterThan(1e-3);
  });

  test("the density is the product, with K! for draws of one distribution, and 0 out of order", () => {
    const x = Float64Array.of(-1, 0, 2, 0, -1, 2);
    const product = logProbs(normal(0, 1), Float64Array.of(-1, 0, 2)).reduce((a, b) => a + b);
    expect(logProbs(ordered(normal(0, 1), 3), x, [2, 3])).toEqual([expect.closeTo(product + Math.log(6), 12), -Infinity]);
    expect(logProbs(ordered(normal([0, 0, 0], 1)), x, [2, 3])).toEqual([expect.closeTo(product, 12), -Infinity]);
    expect(ordered(truncatedNormal([0, 3], 1, { low: 0 })).support).toEqual({ kind: "ordered", size: 2, positive: true });
  });

  test("what cannot be put in order is refused", () => {
    expect(() => ordered(normal(0, 1))).toThrow("expected a batch [K] of numbers, or a number and how many, got normal of shape []");
    expect(() => ordered(normal(0, 1), 1)).toThrow("expected 2 numbers or more, got 1");
    expect(() => ordered(beta(1, 1), 2)).toThrow("its support is interval");
    expect(() => drawsOf(ordered(flat(), 2), [1])).toThrow("an improper density has no draws");
  });
});

test("gradients in a covariance made of scales and a correlation factor are finite", () => {
  const density = (s: Tensor, u: Tensor) => {
    const l = toUnconstrained(lkjCholesky(2, 1).support).inverse(u);
    return multivariateNormal([0, 0], { cholesky: s.expandDims(-1).mul(l) }).logProb(array(Float64Array.of(1, 2)));
  };
  const slope = program((s: Tensor, u: Tensor) =>
    stack([(grad(density, 0)(s, u) as Tensor).sum(), (grad(density, 1)(s, u) as Tensor).sum()]),
  );
  expect([...slope(Float64Array.of(1, 2), Float64Array.of(0.4)).data()].every(Number.isFinite)).toBe(true);
});

test("a prior over a surface is no prior of named parameters, whose density would have no volume", () => {
  expect(() => parameters({ share: { prior: dirichlet([1, 1, 1]) } })).toThrow("share");
});
