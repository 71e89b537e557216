import { array, type NdArray, program, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { featuresOf, momentsOf } from "./features.ts";
import { linearModel } from "./linear.ts";
import { logisticModel } from "./logistic.ts";
import { estimatesModel, multilevelModel } from "./multilevel.ts";
import { poissonModel } from "./poisson.ts";
import { robustModel } from "./robust.ts";

const wave = (n: number, phase: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(12.9898 * (i + phase) ** 2));
const rows = 30;
const features = { a: wave(rows, 1), b: wave(rows, 400) };
const { x } = featuresOf(features);
const real = wave(rows, 900).map((e, i) => 3 + 2 * features.a[i]! + e);
const binary = wave(rows, 900).map((e, i) => Number(features.a[i]! + e > 0));
const counts = wave(rows, 900).map((e, i) => Math.round(Math.exp(1 + features.a[i]! + e)));

const logNormal = (value: number, mean: number, sd: number): number =>
  -0.5 * ((value - mean) / sd) ** 2 - Math.log(sd * Math.sqrt(2 * Math.PI));
const logGamma = (z: number): number => {
  // Stirling's series from z + 8 on, good to 1e-13.
  let shift = 0;
  let at = z;
  while (at < 8) shift -= Math.log(at++);
  const r = 1 / at;
  return shift + (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + r / 12 - r ** 3 / 360 + r ** 5 / 1260 - r ** 7 / 1680;
};
const eta = (alpha: number, beta: readonly number[], i: number): number => alpha + beta[0]! * x[2 * i]! + beta[1]! * x[2 * i + 1]!;
const sum = (f: (i: number) => number): number => Array.from({ length: rows }, (_, i) => f(i)).reduce((s, value) => s + value, 0);

/** Log density of a model at one point of its unconstrained space. */
const density = (model: { logDensity(u: Tensor): Tensor }, u: readonly number[]): number =>
  (program((rows: Tensor) => model.logDensity(rows))(array([u], { dtype: "f64" })) as NdArray).item();

describe("log densities are those of the formulas, by hand", () => {
  const [alpha, beta] = [0.7, [1.1, -0.4]] as const;

  test("logistic regression", async () => {
    const { model, labels } = await logisticModel({ features, outcome: binary });
    const expected =
      logNormal(alpha, 0, 2.5) +
      beta.reduce((s, b) => s + logNormal(b, 0, 1), 0) -
      sum((i) => Math.log1p(Math.exp((1 - 2 * binary[i]!) * eta(alpha, beta, i))));
    expect(density(model, [alpha, ...beta])).toBeCloseTo(expected, 10);
    expect(labels).toEqual(["intercept", "a", "b"]);
  });

  test("Poisson regression", async () => {
    const { model } = await poissonModel({ features, outcome: counts });
    const expected =
      logNormal(alpha, Math.log(momentsOf(counts).mean), 1) +
      beta.reduce((s, b) => s + logNormal(b, 0, 1), 0) +
      sum((i) => counts[i]! * eta(alpha, beta, i) - Math.exp(eta(alpha, beta, i)) - logGamma(counts[i]! + 1));
    expect(density(model, [alpha, ...beta])).toBeCloseTo(expected, 9);
  });

  test("Student-t noise", async () => {
    const { model } = await robustModel({ features, outcome: real });
    const { mean, sd } = momentsOf(real);
    const [sigma, nu] = [0.8, 4];
    const t = (z: number): number =>
      logGamma((nu + 1) / 2) - logGamma(nu / 2) - 0.5 * Math.log(nu * Math.PI) - ((nu + 1) / 2) * Math.log1p((z * z) / nu);
    const expected =
      logNormal(alpha, mean, 10 * sd) +
      beta.reduce((s, b) => s + logNormal(b, 0, 2.5 * sd), 0) +
      Math.LN2 +
      logNormal(sigma, 0, sd) +
      Math.log(sigma) +
      2 * Math.log(0.1) +
      Math.log(nu) -
      0.1 * nu +
      Math.log(nu) +
      sum((i) => t((real[i]! - eta(alpha, beta, i)) / sigma) - Math.log(sigma));
    expect(density(model, [alpha, ...beta, Math.log(sigma), Math.log(nu)])).toBeCloseTo(expected, 9);
  });

  test("an intercept for each group, centred and not", async () => {
    const group = Array.from({ length: rows }, (_, i) => i % 3);
    const [mu, tau, sigma, intercept] = [1, 0.6, 0.9, [0.5, 1.2, 2]];
    const population =
      logNormal(mu, 0, 10) +
      2 * Math.LN2 +
      logNormal(tau, 0, 1) +
      logNormal(sigma, 0, 1) +
      Math.log(tau * sigma) +
      beta.reduce((s, b) => s + logNormal(b, 0, 10), 0);
    const likelihood = sum((i) => logNormal(real[i]!, eta(intercept[group[i]!]!, beta, i), sigma));
    const [centred, raw] = [
      await multilevelModel({ features, outcome: real, group }, { noncentred: false }),
      await multilevelModel({ features, outcome: real, group }),
    ];
    const at = [mu, Math.log(tau), Math.log(sigma), ...beta];
    expect(density(centred.model, [...at, ...intercept])).toBeCloseTo(
      population + likelihood + intercept.reduce((s, value) => s + logNormal(value, mu, tau), 0),
      9,
    );
    const z = intercept.map((value) => (value - mu) / tau);
    expect(density(raw.model, [...at, ...z])).toBeCloseTo(
      population + likelihood + z.reduce((s, value) => s + logNormal(value, 0, 1), 0),
      9,
    );
  });
});

test("the closed form of linear regression is the posterior of its model: joint over posterior density is the evidence at every draw", async () => {
  const linear = await linearModel({ features, outcome: real });
  const exact = await linear.exact();
  const { draws, logDensity } = await exact.sample(50, { seed: 2 });
  const values = draws.data();
  // [intercept, a, b, sigma] -> [variance, intercept, a, b] of the model.
  const u = Array.from({ length: 50 }, (_, i) => [
    2 * Math.log(values[4 * i + 3]!),
    values[4 * i]!,
    values[4 * i + 1]!,
    values[4 * i + 2]!,
  ]);
  const joint = (program((rows: Tensor) => linear.model.logDensity(rows))(array(u, { dtype: "f64" })) as NdArray).data();
  // The model works with log sigma² = 2 log sigma, the closed form with log sigma.
  joint.forEach((value: number, i: number) => expect(value - logDensity.data()[i]! + Math.LN2).toBeCloseTo(exact.logEvidence, 8));
});

test("columns that are combinations of one another are told by name", async () => {
  const both = { ...features, sum: features.a.map((value, i) => value + features.b[i]!) };
  expect((await linearModel({ features: both, outcome: real })).warnings.join()).toContain("columns a, b, sum are collinear");
});

describe("what cannot be is refused with what to do", () => {
  test.each<[string, () => Promise<unknown>, string]>([
    [
      "classes for a linear model's prior",
      () => linearModel({ features, outcome: real }, { relativeSd: 0 }),
      "relativeSd must be > 0 and finite, got 0",
    ],
    ["counts that are all 0", () => poissonModel({ features, outcome: counts.map(() => 0) }), "it is 0 in every row"],
    [
      "numbers for classes",
      () => logisticModel({ features, outcome: real }),
      "expected 0 and 1, both of them, as logisticModel takes them",
    ],
    [
      "a gap in the groups",
      () => multilevelModel({ features, outcome: real, group: real.map((_, i) => (i % 2) * 2) }),
      "group 1 has no rows and group 2 has",
    ],
    ["one group", () => multilevelModel({ features, outcome: real, group: real.map(() => 0) }), "use linearModel"],
    [
      "a group that is a name",
      () => multilevelModel({ features, outcome: real, group: real.map(() => Number.NaN) }),
      "group is NaN in row 0",
    ],
    ["an error of 0", async () => estimatesModel({ estimates: [1, 2], errors: [1, 0] }), "errors[1] must be > 0 and finite, got 0"],
    ["one estimate", async () => estimatesModel({ estimates: [1], errors: [1] }), "at least two estimates"],
    ["estimates without errors", async () => estimatesModel({ estimates: [1, 2], errors: [1] }), "there are 2 estimates and 1 errors"],
  ])("%s", async (_, call, words) => {
    await expect(call()).rejects.toThrow(words);
  });
});
