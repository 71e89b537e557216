import { array } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { logNormal, normal } from "../distribution/index.ts";
import { nuts } from "../mcmc/index.ts";
import { model, observed } from "../model/index.ts";
import { Random } from "../simulate/random.ts";
import { identifiability, identifiabilityOfModel } from "./identifiability.ts";
import { linearExpression } from "./linear-expression.ts";
import { varimax } from "./varimax.ts";

const identity = (n: number, scale = 1) => Array.from({ length: n }, (_, d) => Array.from({ length: n }, (_, e) => (d === e ? scale : 0)));
const standard = (n: number) => ({ mean: new Float64Array(n), covariance: identity(n) });

/**
 * Posterior of theta ~ N(0, I) after readings of w . theta with variance s2, one a row: (I + sum w w' / s2)^-1, by Sherman and Morrison.
 */
function afterReadings(n: number, readings: readonly { w: readonly number[]; variance: number }[]) {
  let covariance = identity(n);
  for (const { w, variance } of readings) {
    const Cw = covariance.map((row) => row.reduce((sum, value, e) => sum + value * w[e]!, 0));
    const total = variance + w.reduce((sum, value, d) => sum + value * Cw[d]!, 0);
    covariance = covariance.map((row, d) => row.map((value, e) => value - (Cw[d]! * Cw[e]!) / total));
  }
  return { mean: new Float64Array(n), covariance };
}

describe("identifiability", () => {
  test("a sum that is measured is told from the difference that is not, with the shares of the closed form", () => {
    const result = identifiability({ names: ["a", "b"], prior: standard(2), posterior: afterReadings(2, [{ w: [1, 1], variance: 0.02 }]) });
    // Along (1, 1) / sqrt(2): 1 / (1 + 2 / 0.02) = 1 / 101. Along (1, -1) the prior. Of a alone: (1 + 1 / 101) / 2.
    expect(result.directions[0]!.share).toBeCloseTo(1 / 101, 12);
    expect(result.directions[1]!.share).toBeCloseTo(1, 12);
    expect(result.parameters[0]!.contraction).toBeCloseTo(1 - (1 + 1 / 101) / 2, 12);
    expect(result.directions[0]!.weights[0]!).toBeCloseTo(Math.SQRT1_2, 12);
    expect(result.remarks).toHaveLength(1);
    expect(result.remarks[0]).toMatch(/^The data constrain a \+ b \(0\.99 %\) but not a - b: 100 % of its prior variance is left\./);
  });

  test("two unknown combinations among four parameters are each named by their own parameters", () => {
    // a + b and c + 2 d are measured. The null space is two-dimensional: only turned does it read a - b and 2 c - d.
    const posterior = afterReadings(4, [
      { w: [1, 1, 0, 0], variance: 1e-4 },
      { w: [0, 0, 1, 2], variance: 1e-3 },
    ]);
    const { unconstrained, remarks } = identifiability({ names: ["a", "b", "c", "d"], prior: standard(4), posterior });
    expect(unconstrained.map(({ expression }) => expression).sort()).toEqual(["2 c - d", "a - b"]);
    expect(remarks.join("\n")).toMatch(/constrain a \+ b \(less than 0\.1 %\) but not a - b: 100 %/);
    expect(remarks.join("\n")).toMatch(/constrain c \+ 2 d \(less than 0\.1 %\) but not 2 c - d: 100 %/);
  });

  test("a parameter that the data do not touch is named alone, and one far from its prior too", () => {
    const posterior = { ...afterReadings(2, [{ w: [1, 0], variance: 0.01 }]), mean: [4, 0] };
    const { remarks } = identifiability({ names: ["mass", "age"], prior: standard(2), posterior });
    expect(remarks[0]).toMatch(/^The data say little about age: 100 % of its prior variance is left/);
    expect(remarks[1]).toMatch(/^mass ended 4\.0 prior sds above its prior mean/);
  });

  test("a prior that is correlated and scaled is no contraction", () => {
    const covariance = [
      [4, 1.8],
      [1.8, 1],
    ];
    const prior = { mean: [1, 2], covariance };
    const same = identifiability({ names: ["a", "b"], prior, posterior: prior });
    for (const { share } of same.directions) expect(share).toBeCloseTo(1, 10);
    const half = identifiability({
      names: ["a", "b"],
      prior,
      posterior: { mean: [1, 2], covariance: covariance.map((row) => row.map((x) => x / 20)) },
    });
    expect(half.remarks[0]).toMatch(/^The data constrain every combination of the parameters; the least so .* 5 % is left/);
  });

  test("moments may be arrays", () => {
    const { mean, covariance } = afterReadings(2, [{ w: [1, 1], variance: 0.02 }]);
    const { directions } = identifiability({
      names: ["a", "b"],
      prior: standard(2),
      posterior: { mean: array(mean), covariance: array(covariance) },
    });
    expect(directions[0]!.share).toBeCloseTo(1 / 101, 6); // arrays are f32 here
  });

  test("draws give the same as their moments, up to the noise of both samples", () => {
    const random = new Random(4);
    const n = 4000;
    const pairs = (f: () => readonly number[]) => array(Float64Array.from(Array.from({ length: n }, f).flat()), { shape: [4, n / 4, 2] });
    using prior = pairs(() => [random.normal(5, 2), random.normal(0, 3)]);
    using posterior = pairs(() => {
      const [along, across] = [random.normal(0, 0.1), random.normal()];
      return [5 + 2 * Math.SQRT1_2 * (along + across), 3 * Math.SQRT1_2 * (along - across)];
    });
    const { directions, remarks } = identifiability({ names: ["a", "b"], prior, posterior });
    // Relative standard error of a ratio of two variances from 4,000 draws each: sqrt(4 / 4000) = 0.032.
    expect(Math.abs(directions[0]!.share / 0.01 - 1)).toBeLessThan(0.13);
    expect(Math.abs(directions[1]!.share - 1)).toBeLessThan(0.13);
    expect(remarks[0]).toMatch(/^The data constrain a \+ b .* but not a - b/);
  });

  test("of many unknown combinations four get a sentence, and the others a list", () => {
    const names = Array.from({ length: 12 }, (_, d) => `z[${d}]`);
    const { remarks } = identifiability({ names, prior: standard(12), posterior: standard(12) });
    expect(remarks).toHaveLength(5);
    expect(remarks[4]).toMatch(/^So it is with 8 more combinations of the 12 parameters: .* and 3 more\.$/);
  });

  test("a model whose data know only a product says so, in logarithms", { timeout: 60_000 }, async () => {
    // Brightness is amplitude times gain, each known to a factor e before: log amplitude + log gain is measured, their difference is not.
    const product = model({ amplitude: logNormal(0, 1), gain: logNormal(0, 1) }, ({ amplitude, gain }) =>
      observed(normal(amplitude.mul(gain).log(), 0.1), [0.5]),
    );
    const { remarks, directions } = await identifiabilityOfModel(product, await nuts(product, { seed: 4 }), { seed: 5 });
    expect(remarks[0]).toMatch(
      /^The data constrain log amplitude \+ log gain \(\d.* %\) but not log amplitude - log gain: 1?\d\d % of its prior variance is left/,
    );
    // 1 / (1 + 2 / 0.01) and 1; variances from some 2,000 effective draws and 4,000 of the prior: relative standard error 0.04.
    expect(Math.abs(directions[0]!.share * 201 - 1)).toBeLessThan(0.2);
    expect(Math.abs(directions[1]!.share - 1)).toBeLessThan(0.2);
  });

  test("draws that do not fit, are constant, or a singular prior are refused by name", () => {
    using two = array(
      Float64Array.from({ length: 20 }, (_, i) => Math.sin(i)),
      { shape: [10, 2] },
    );
    expect(() => identifiability({ names: ["a"], prior: two, posterior: two })).toThrow("prior has shape [10, 2]; expected 1 quantities");
    using constant = array(
      Float64Array.from({ length: 20 }, (_, i) => (i % 2 ? 3 : i)),
      { shape: [10, 2] },
    );
    expect(() => identifiability({ names: ["a", "b"], prior: two, posterior: constant })).toThrow(
      "b is the same in all draws of posterior",
    );
    const singular = {
      mean: [0, 0],
      covariance: [
        [1, 1],
        [1, 1],
      ],
    };
    expect(() => identifiability({ names: ["a", "b"], prior: singular, posterior: two })).toThrow("the prior covariance is singular");
    expect(() =>
      identifiability({
        names: ["a", "b"],
        prior: {
          mean: [0, 0],
          covariance: [
            [1, 0],
            [0, 0],
          ],
        },
        posterior: two,
      }),
    ).toThrow("prior must have finite means and variances > 0, got 0 and 0 for b");
  });
});

describe("linear expressions and varimax", () => {
  test("combinations read as people write them", () => {
    expect(linearExpression(["u", "v"], [0.447, 0.894])).toBe("u + 2 v");
    expect(linearExpression(["u", "v"], [-0.894, 0.447])).toBe("2 u - v");
    expect(linearExpression(["u", "v", "w"], [0.05, -0.7, 0.71])).toBe("v - w");
    expect(linearExpression(["u", "v"], [0.4, 1])).toBe("0.4 u + v");
  });

  test("a rotated pair of unit vectors is turned back, and stays orthonormal", () => {
    const [c, s] = [Math.cos(0.6), Math.sin(0.6)];
    const turned = varimax([
      [c, s, 0],
      [-s, c, 0],
    ]);
    for (const row of turned) expect(Math.max(...row.map(Math.abs))).toBeCloseTo(1, 10);
    expect(turned[0]!.reduce((sum, value, d) => sum + value * turned[1]![d]!, 0)).toBeCloseTo(0, 12);
  });
});
