import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { readRecord } from "@credence/data";
import { beforeAll, describe, expect, test } from "vitest";
import { estimatesPosterior } from "./estimates-oracle.ts";
import { estimatesModel, multilevelModel } from "./multilevel.ts";
import { multilevelPosterior } from "./multilevel-oracle.ts";

/** log N(y; 0, C) by Cholesky, C row-major. */
function logNormal(y: readonly number[], c: readonly (readonly number[])[]): number {
  const n = y.length;
  const l = c.map((row) => [...row]);
  const z = [...y];
  let logDet = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      for (let k = 0; k < j; k++) l[i]![j]! -= l[i]![k]! * l[j]![k]!;
      if (i === j) l[i]![i] = Math.sqrt(l[i]![i]!);
      else l[i]![j]! /= l[j]![j]!;
    }
    for (let k = 0; k < i; k++) z[i]! -= l[i]![k]! * z[k]!;
    z[i]! /= l[i]![i]!;
    logDet += Math.log(l[i]![i]!);
  }
  return -0.5 * z.reduce((s, value) => s + value * value, 0) - logDet - (n / 2) * Math.log(2 * Math.PI);
}

/** Trapezoid over a grid of logarithms. */
const grid = (low: number, high: number, points: number) =>
  Array.from({ length: points }, (_, i) => low + ((high - low) * i) / (points - 1));

test("the evidence of estimates is the integral over tau of a normal density, by another rule", async () => {
  const [y, s, scale] = [[3, -1, 8], [2, 1, 4], 5];
  const step = 31 / 1600;
  const integral = grid(-22, 9, 1601).reduce((total, t) => {
    const tau = scale * Math.exp(t);
    const c = y.map((_, i) => y.map((_, j) => scale ** 2 + (i === j ? tau ** 2 + s[i]! ** 2 : 0)));
    return total + step * Math.exp(logNormal(y, c)) * (2 / (Math.PI * scale * (1 + (tau / scale) ** 2))) * tau;
  }, 0);
  const { logEvidence } = await estimatesPosterior(
    estimatesModel({ estimates: y, errors: s }),
    Float64Array.from(y),
    Float64Array.from(s),
    scale,
  );
  expect(logEvidence).toBeCloseTo(Math.log(integral), 6);
});

test("the evidence with groups is the integral over both spreads of a normal density, by dense matrices", async () => {
  const outcome = [1.2, 0.8, 2.1, 1.9, 0.3, 1.0];
  const [group, z] = [
    [0, 0, 1, 1, 2, 2],
    [0, 1, 0, 1, 1, 0],
  ];
  const partial = await multilevelModel({ features: { z }, outcome, group, options: { standardise: false } }, { coefficientSd: 3 });
  const { logEvidence } = await multilevelPosterior(partial, Int32Array.from(group));
  const half = (value: number): number => Math.sqrt(2 / Math.PI) * Math.exp(-0.5 * value * value);
  // tau below e^-14 has 1e-6 of the prior.
  const axis = grid(-14, Math.log(6), 241);
  const step = axis[1]! - axis[0]!;
  let integral = 0;
  for (const a of axis)
    for (const b of axis) {
      const [tau, sigma] = [Math.exp(a), Math.exp(b)];
      const c = outcome.map((_, i) =>
        outcome.map((_, j) => 9 * (1 + z[i]! * z[j]!) + (group[i] === group[j] ? tau ** 2 : 0) + (i === j ? sigma ** 2 : 0)),
      );
      integral += step * step * Math.exp(logNormal(outcome, c)) * half(tau) * half(sigma) * tau * sigma;
    }
  // Both leave out some 1e-6 of tau.
  expect(Math.abs(logEvidence - Math.log(integral))).toBeLessThan(1e-5);
});

const data = process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");
const reference = resolve(data, "../reference/inference/stan_radon_mn-radon_variable_intercept_noncentered_summary.csv");

describe.skipIf(!existsSync(resolve(data, "posteriordb")))("against long runs of Stan", () => {
  beforeAll(() => {
    process.env.CREDENCE_DATA = data;
  });

  /** Means and sds of draws within five standard errors of both sides, and 0.03 sd for what an sd's error adds. */
  function agree(values: ArrayLike<number>, expected: { mean: number; sd: number }, referenceSize: number): void {
    const n = values.length;
    const mean = Array.from(values).reduce((s, value) => s + value, 0) / n;
    const sd = Math.sqrt(Array.from(values).reduce((s, value) => s + (value - mean) ** 2, 0) / (n - 1));
    const error = expected.sd * Math.sqrt(1 / n + 1 / referenceSize);
    expect(Math.abs(mean - expected.mean)).toBeLessThan(5 * error);
    expect(Math.abs(sd / expected.sd - 1)).toBeLessThan(0.03 + 5 * Math.sqrt(1 / n + 1 / referenceSize));
  }

  test("eight schools: the quadrature's draws are those of posteriordb's reference", async () => {
    const { values } = await readRecord("eight-schools");
    const [y, s] = [values["y"] as Float64Array, values["sigma"] as Float64Array];
    const model = estimatesModel({ estimates: y, errors: s });
    const { draws, names } = await (await estimatesPosterior(model, y, s)).sample(10_000, 3);
    const summary = JSON.parse(
      readFileSync(resolve(data, "posteriordb/eight_schools-eight_schools_noncentered/reference_summary.json"), "utf8"),
    );
    const all = draws.data();
    names.forEach((name, d) => {
      const key = name.replace(/\[(\d+)\]/, (_, j) => `[${Number(j) + 1}]`);
      agree(
        all.filter((_: number, i: number) => i % names.length === d),
        summary[key],
        10_000,
      );
    });
  });

  test.skipIf(!existsSync(reference))("radon: the quadrature over two spreads, in all 89 quantities", async () => {
    const { values } = await readRecord("radon");
    const group = Int32Array.from(values["county_idx"] as Float64Array, (county) => county - 1);
    const partial = await multilevelModel({
      features: { floor: values["floor_measure"] as Float64Array },
      outcome: values["log_radon"] as Float64Array,
      group,
      options: { standardise: false },
    });
    const { draws, names } = await (await multilevelPosterior(partial, group)).sample(4000, 3);
    const rows = readFileSync(reference, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(","));
    const stan = new Map(rows.map(([name, mean, sd]) => [name!.replaceAll('"', ""), { mean: Number(mean), sd: Number(sd) }]));
    const called: Record<string, string> = { mu: "mu_alpha", tau: "sigma_alpha", sigma: "sigma_y", "beta[0]": "beta" };
    const all = draws.data();
    names.forEach((name, d) => {
      const key = called[name] ?? name.replace(/intercept\[(\d+)\]/, (_, j) => `alpha[${Number(j) + 1}]`);
      agree(
        all.filter((_: number, i: number) => i % names.length === d),
        stan.get(key)!,
        10_000,
      );
    });
  });
});
