import { array, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { exponential, gamma, independent, logNormal, multivariateNormal, normal, parameters, poisson, uniform } from "./index.ts";

const model = parameters({
  birthRate: { prior: uniform(0, 2), unit: "1/year", description: "per individual" },
  sd: { prior: gamma(2, 1), nuisance: true },
  weights: { prior: independent(normal([0, 0], 1), 1) },
});

describe("parameters", () => {
  test("every component has a name, unit, bounds and flag, in the order declared", () => {
    expect(model.names).toEqual(["birthRate", "sd", "weights[0]", "weights[1]"]);
    expect(model.units).toEqual(["1/year", "", "", ""]);
    expect(model.nuisance).toEqual([false, true, false, false]);
    expect(model.dimension).toBe(4);
    expect(model.bounds).toEqual([
      { low: 0, high: 2 },
      { low: 0, high: Infinity },
      { low: -Infinity, high: Infinity },
      { low: -Infinity, high: Infinity },
    ]);
  });

  test("the prior is a distribution over vectors, in f32 as in f64", () => {
    using theta = program(() => model.sample(random.key(1), [1000]))();
    expect([theta.shape, theta.dtype]).toEqual([[1000, 4], "f32"]);
    using single = program((t: Tensor) => model.logProb(t))(theta);
    using double = program((t: Tensor) => model.logProb(t.cast("f64")))(theta);
    expect([single.shape, single.dtype, double.dtype]).toEqual([[1000], "f32", "f64"]);
    const exact = double.data();
    single.data().forEach((value, i) => {
      expect(Math.abs(value - exact[i]!)).toBeLessThan(1e-5 * (1 + Math.abs(exact[i]!)));
    });
  });

  test("to unconstrained and back is the identity, and the two log derivatives cancel", () => {
    using theta = array([[0.3, 1.7, -2, 3]], { dtype: "f64" });
    const both = program((t: Tensor) => {
      const u = model.toUnconstrained(t);
      return { back: model.fromUnconstrained(u), sum: model.logDerivative(t).add(model.inverseLogDerivative(u)) };
    })(theta);
    [...both.back.data()].forEach((value, i) => {
      expect(value).toBeCloseTo([0.3, 1.7, -2, 3][i]!, 12);
    });
    expect(both.sum.item()).toBeCloseTo(0, 12);
  });

  test("the density of u integrates to one", () => {
    // Trapezoid rule over u in [-25, 25] of the density of one log-normal parameter seen through the logarithm.
    const one = parameters({ rate: { prior: logNormal(0.3, 0.8) } });
    const step = 0.01;
    const grid = Float64Array.from({ length: 5001 }, (_, i) => -25 + i * step);
    using density = program((u: Tensor) => one.logProb(one.fromUnconstrained(u)).add(one.inverseLogDerivative(u)).exp())(
      array(grid, { shape: [grid.length, 1] }),
    );
    expect([...density.data()].reduce((sum, value) => sum + value * step, 0)).toBeCloseTo(1, 9);
  });

  test("contains tells rows inside the bounds from others", () => {
    using inside = program((t: Tensor) => model.contains(t))(
      array(
        [
          [0.3, 1, 0, 0],
          [2.1, 1, 0, 0],
          [0.3, -1, 0, 0],
        ],
        { dtype: "f64" },
      ),
    );
    expect([...inside.data()]).toEqual([1, 0, 0]);
  });

  test("vectors and records by name convert into each other", () => {
    const record = { birthRate: 1, sd: 2, "weights[0]": 3, "weights[1]": 4 };
    expect([...model.vector(record)]).toEqual([1, 2, 3, 4]);
    expect(model.record([1, 2, 3, 4])).toEqual(record);
    expect(() => model.vector({ ...record, deathRate: 1 })).toThrow("no parameter deathRate; there are birthRate, sd");
    expect(() => model.vector({ birthRate: 1 })).toThrow("expected a value for sd, got none");
    expect(() => model.record([1])).toThrow("expected 4 numbers, got 1");
  });

  test("counts are parameters with bounds, but have no unconstrained form", () => {
    const counted = parameters({ n: { prior: poisson(4) } });
    expect(counted.bounds).toEqual([{ low: 0, high: Infinity }]);
    expect(() => program((t: Tensor) => counted.toUnconstrained(t))(Float64Array.of(1))).toThrow("counts have no smooth map");
  });

  test("a prior that is missing, matrix-valued or a batch is refused", () => {
    expect(() => parameters({})).toThrow("at least one parameter");
    expect(() => parameters({ a: {} as never })).toThrow("a needs a prior");
    expect(() => parameters({ a: { prior: exponential([1, 2]) } })).toThrow("a has batch shape [2]");
    expect(() => parameters({ a: { prior: independent(multivariateNormal([[0], [1]], { covariance: [[1]] }), 1) } })).toThrow(
      "expected a number or a vector",
    );
  });
});
