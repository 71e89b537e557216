import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { gaussianMixture } from "./gaussian-mixture.ts";
import { normalMeanField } from "./normal-mean-field.ts";
import { variationalLinear } from "./variational-linear.ts";
import { variationalLogistic } from "./variational-logistic.ts";

// Computed in NumPy by updates and ELBOs written out from Bishop 2006, chapter 10.
const data = resolve(process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../../../shared/data"));
const file = resolve(data, "../reference/inference/vi_reference.json");
const regression = resolve(data, "regression");

const rowsOf = (name: string, separator: RegExp) =>
  readFileSync(resolve(regression, name), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.trim().split(separator));

/** Columns with mean 0 and variance 1. */
function standardised(rows: readonly (readonly number[])[]): number[][] {
  const columns = rows[0]!.map((_, j) => {
    const mean = rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length;
    const sd = Math.sqrt(rows.reduce((sum, row) => sum + (row[j]! - mean) ** 2, 0) / rows.length);
    return { mean, sd };
  });
  return rows.map((row) => row.map((v, j) => (v - columns[j]!.mean) / columns[j]!.sd));
}

const relative = (ours: number, theirs: number) => Math.abs(ours / theirs - 1);

describe.skipIf(!existsSync(file) || !existsSync(regression))("variational reference", () => {
  const reference = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};

  test.each([0.5, 0.9, 0.99])("two normals of correlation %d: variances and gap of the closed form", async (rho) => {
    const { mf_var, elbo_gap } = reference[`gauss2_rho${rho}`];
    const fit = await normalMeanField({
      covariance: [
        [1, rho],
        [rho, 1],
      ],
      mean: [1, -2],
      sweepsMax: 5000,
    });
    expect([...fit.variance.data()]).toEqual(mf_var.map((v: number) => expect.closeTo(v, 12)));
    expect([...fit.varianceRatio.data()]).toEqual(mf_var.map((v: number) => expect.closeTo(v, 12)));
    expect(relative(fit.gap, elbo_gap)).toBeLessThan(1e-8);
    expect(fit.lostCorrelation).toEqual({ first: "x[0]", second: "x[1]", correlation: expect.closeTo(rho, 14) });
    expect(fit.ascent.converged).toBe(true);
    // The ELBO is flat to second order at its top, so means are as good as the root of its tolerance.
    expect([...fit.mean.data()]).toEqual([expect.closeTo(1, 4), expect.closeTo(-2, 4)]);
  });

  test("twenty normals in an autoregression: variances and gap of the closed form", async () => {
    const { mf_var, elbo_gap } = reference["gauss_ar1_d20_rho0.7"];
    const covariance = Array.from({ length: 20 }, (_, i) => Array.from({ length: 20 }, (_, j) => 0.7 ** Math.abs(i - j)));
    const fit = await normalMeanField({ covariance });
    expect([...fit.variance.data()]).toEqual(mf_var.map((v: number) => expect.closeTo(v, 12)));
    expect(relative(fit.gap, elbo_gap)).toBeLessThan(1e-8);
  });

  test.each([
    [2, 1],
    [6, 0.001],
    [6, 1],
  ])("Old Faithful in %i components, concentration %d", async (components, concentration) => {
    const expected = reference[`faithful_vbgmm_K${components}_alpha${concentration === 1 ? "1.0" : concentration}`];
    const x = standardised(
      rowsOf("old_faithful_R.csv", /,/)
        .slice(1)
        .map((row) => row.map(Number)),
    );
    const fit = await gaussianMixture({ x, components, prior: { concentration } });
    expect(relative(fit.ascent.elbo, expected.elbo)).toBeLessThan(1e-6);
    expect(fit.active).toBe(expected.active);
    const order = [...fit.counts.data().keys()].sort((a, b) => fit.counts.data()[b]! - fit.counts.data()[a]!);
    order.slice(0, 2).forEach((k, at) => {
      expect(relative(fit.counts.data()[k]!, expected.Nk[at])).toBeLessThan(1e-6);
      expect(relative(fit.weights.data()[k]!, expected.E_pi[at])).toBeLessThan(1e-6);
      for (const d of [0, 1]) expect(Math.abs(fit.mean.data()[2 * k + d]! - expected.m[at][d])).toBeLessThan(1e-6);
    });
  });

  test("German credit by the quadratic bound", async () => {
    const expected = reference["german_logistic_N(0,1)"];
    const rows = rowsOf("german_credit_numeric.txt", /\s+/).map((row) => row.map(Number));
    const x = standardised(rows.map((row) => row.slice(0, -1))).map((row) => [...row, 1]);
    const fit = await variationalLogistic({ x, y: rows.map((row) => row.at(-1)! - 1), prior: { sd: expected.prior_sd } });
    expect(relative(fit.ascent.elbo, expected.jj_bound)).toBeLessThan(1e-6);
    expected.jj_mean.forEach((mean: number, i: number) => {
      expect(Math.abs(fit.mean.data()[i]! - mean)).toBeLessThan(1e-6);
      expect(Math.abs(fit.sd.data()[i]! - expected.jj_sd[i])).toBeLessThan(1e-6);
    });
  });

  test("Auto-MPG with the precision of the coefficients learnt", async () => {
    const expected = reference.mpg_vb_linreg;
    const [header, ...body] = rowsOf("mpg.csv", /,/);
    const columns = ["cylinders", "displacement", "horsepower", "weight", "acceleration", "model_year"].map((name) =>
      header!.indexOf(name),
    );
    const complete = body.filter((row) => columns.every((c) => row[c] !== ""));
    expect(complete.length).toBe(expected.N);
    const x = standardised(complete.map((row) => columns.map((c) => Number(row[c])))).map((row) => [...row, 1]);
    const y = standardised(complete.map((row) => [Number(row[header!.indexOf("mpg")])])).map(([v]) => v!);
    const fit = await variationalLinear({
      x,
      y,
      precision: { shape: expected.a0, rate: expected.b0 },
      noise: { sd: 1 / Math.sqrt(expected.beta) },
    });
    expect(relative(fit.ascent.elbo, expected.elbo)).toBeLessThan(1e-6);
    expect(fit.precision.shape).toBeCloseTo(expected.aN, 14);
    expect(relative(fit.precision.rate[0]!, expected.bN)).toBeLessThan(1e-6);
    expected.w.forEach((mean: number, i: number) => {
      expect(Math.abs(fit.mean.data()[i]! - mean)).toBeLessThan(1e-6);
      expect(Math.abs(fit.sd.data()[i]! - expected.sd[i])).toBeLessThan(1e-6);
    });
  });
});
