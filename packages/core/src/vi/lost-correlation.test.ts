import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { fitVariational } from "./fit-variational.ts";
import { lostCorrelation } from "./lost-correlation.ts";
import { gaussianTarget } from "./test/targets.ts";

describe("what the factorised form loses", () => {
  it("is, for two coordinates, 1 - rho^2 of each variance, all of the correlation, and -log(1 - rho^2) / 2 nats", () => {
    const rho = 0.9;
    const fitted = [
      [1 - rho ** 2, 0],
      [0, 4 * (1 - rho ** 2)],
    ];
    const reference = [
      [1, 2 * rho],
      [2 * rho, 4],
    ];
    const lost = lostCorrelation(fitted, reference, ["a", "b"]);
    for (const { ratio, expected } of lost.variances) {
      expect(ratio).toBeCloseTo(1 - rho ** 2, 12);
      expect(expected).toBeCloseTo(1 - rho ** 2, 12);
    }
    expect(lost.elboGap).toBeCloseTo(-0.5 * Math.log(1 - rho ** 2), 12);
    expect(lost.pairs).toEqual([{ names: ["a", "b"], correlation: 0.9, fitted: 0 }]);
    expect(lost.sentences).toEqual([
      "The correlation of a and b is 0.90, and 0.00 in the factorised fit.",
      "The variance of a is 0.19 of what it should be (closed form: 0.19), its sd 0.44: the fit is too sure of it.",
      'What is lost comes to 0.830 nats of the ELBO; use "full-rank" or a flow to keep it.',
    ]);
  });

  it("is nothing where there is no correlation", () => {
    const diagonal = [
      [1, 0],
      [0, 3],
    ];
    const lost = lostCorrelation(diagonal, diagonal, ["a", "b"]);
    expect(lost.elboGap).toBeCloseTo(0, 12);
    expect(lost.sentences).toEqual(["The coordinates are nearly uncorrelated: the factorised form loses nothing that could be seen."]);
  });

  it("refuses covariances that are none", () => {
    const good = [
      [1, 0],
      [0, 1],
    ];
    expect(() =>
      lostCorrelation(
        good,
        [
          [1, 2],
          [2, 1],
        ],
        ["a", "b"],
      ),
    ).toThrow("the reference covariance must be positive definite");
    expect(() => lostCorrelation([[1]], good, ["a", "b"])).toThrow("the fitted covariance must be [2, 2] for 2 names, got 1 numbers");
    expect(() =>
      lostCorrelation(
        [
          [1, 0],
          [0, 0],
        ],
        good,
        ["a", "b"],
      ),
    ).toThrow("the fitted covariance must have positive variances, got 0 at 1");
  });
});

const data = process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data");
const file = resolve(data, "../reference/inference/vi_reference.json");

describe.skipIf(!existsSync(file))("the mean-field normal against the reference on correlated normals", () => {
  const reference = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  it.each([
    ["gauss2_rho0.5", 2, 0.5],
    ["gauss2_rho0.9", 2, 0.9],
    ["gauss2_rho0.99", 2, 0.99],
    ["gauss_ar1_d20_rho0.7", 20, 0.7],
  ] as const)("%s: variances to 1e-8 and the gap of the ELBO to 1e-6", async (name, d, rho) => {
    const { target, covariance, logEvidence } = gaussianTarget(new Array<number>(d).fill(1), rho);
    const fit = await fitVariational(target, { family: "mean-field", seed: 1 });
    expect(fit.converged).toBe(true);
    const lost = lostCorrelation(fit.covariance, covariance, target.coordinates);
    const { mf_var: variances, elbo_gap: gap } = reference[name];
    lost.variances.forEach(({ ratio, expected }, i) => {
      expect(Math.abs(ratio / variances[i] - 1)).toBeLessThan(1e-8);
      expect(Math.abs(ratio / expected - 1)).toBeLessThan(1e-8);
    });
    expect(Math.abs(logEvidence - fit.elbo.value - gap)).toBeLessThan(1e-6 * gap);
    expect(Math.abs(lost.elboGap / gap - 1)).toBeLessThan(1e-10);
  });
});
