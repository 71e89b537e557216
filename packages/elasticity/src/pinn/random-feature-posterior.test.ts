import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { program, random, type Tensor } from "@credence/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { sampleInterior } from "../body/sample.ts";
import { haghighatPlate } from "../field/haghighat.ts";
import { displacementModel } from "../oracle/displacement-model.ts";
import { problemOf } from "../oracle/problem.ts";
import { quadraturePosterior } from "../oracle/quadrature-posterior.ts";
import type { FieldPosterior } from "./field-posterior.ts";
import { type PinnProblem, pinnProblem } from "./pinn-problem.ts";
import { randomFeaturePosterior } from "./random-feature-posterior.ts";

const data = resolve(process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data"), "elasticity/haghighat_exact");
const plate = problemOf(haghighatPlate());

function haghighat(name: string): PinnProblem {
  const rows = readFileSync(resolve(data, `sensors_${name}.csv`), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));
  return pinnProblem({
    problem: plate,
    sensors: rows.map((row) => row.slice(0, 2)),
    readings: rows.flatMap((row) => row.slice(2)),
    noise: 0.01,
  });
}

/** Where a posterior lies, in sds of the exact one; its sds over the exact ones; and by how much the correlation differs. */
function against(name: string, { lambda, mu, correlation }: FieldPosterior) {
  const exact = JSON.parse(readFileSync(resolve(data, "posterior.json"), "utf8"))[name];
  return {
    shifts: [(lambda.mean - exact.mean_lambda) / exact.sd_lambda, (mu.mean - exact.mean_mu) / exact.sd_mu],
    ratios: [lambda.sd / exact.sd_lambda, mu.sd / exact.sd_mu],
    correlation: correlation - exact.corr,
  };
}

describe("readings s100_n001 of the Haghighat plate", () => {
  const problem = haghighat("s100_n001");
  let conditional: FieldPosterior;
  beforeAll(async () => {
    conditional = await randomFeaturePosterior(problem, { features: 200, seed: 1 });
  }, 60_000);

  test("give the exact posterior, within its bars by far, where random features are conditioned on the force", () => {
    const { shifts, ratios, correlation } = against("s100_n001", conditional);
    for (const shift of shifts) expect(Math.abs(shift)).toBeLessThan(0.1);
    for (const ratio of ratios) expect(Math.abs(ratio - 1)).toBeLessThan(0.02);
    expect(Math.abs(correlation)).toBeLessThan(0.01);
    expect(conditional.warnings).toEqual([]);
    expect(conditional.interpolationError).toBeLessThan(0.02);
  });

  test("give another one, more than half an sd away, in the joint form, whose extra factor knows nothing of the readings", async () => {
    const joint = await randomFeaturePosterior(problem, { features: 200, seed: 1, form: "joint" });
    const { shifts } = against("s100_n001", joint);
    expect(Math.max(...shifts.map(Math.abs))).toBeGreaterThan(0.5);
  });

  test("give a displacement whose sd covers the truth, of which the sensors are but a sample", async () => {
    const places = program(() => random.uniform(random.key(7), [200, 2], { dtype: "f64" }))();
    const { mean, sd } = await conditional.displacement(places);
    const truth = program((x: Tensor) => haghighatPlate().displacement(x, { lambda: 1, mu: 0.5 }))(places).data();
    // Near supports the sd goes to 0, and what features cannot meet is left.
    const z = Array.from(truth, (u, k) => Math.abs((mean.data()[k] as number) - u) / Math.max(sd.data()[k] as number, 3e-4));
    // Two errors, of lambda and mu, decide all of them: the truth lies 1.8 sds away for these readings.
    expect(Math.max(...z)).toBeLessThan(4);
    const misfit = Array.from(truth, (u, k) => ((mean.data()[k] as number) - u) ** 2).reduce((a, b) => a + b);
    const size = Array.from(truth, (u) => u ** 2).reduce((a, b) => a + b);
    expect(Math.sqrt(misfit / size)).toBeLessThan(0.01);
  });
});

test("readings s400grid_n001 give the exact posterior too", async () => {
  const { shifts, ratios, correlation } = against(
    "s400grid_n001",
    await randomFeaturePosterior(haghighat("s400grid_n001"), { features: 250, seed: 1 }),
  );
  for (const shift of shifts) expect(Math.abs(shift)).toBeLessThan(0.1);
  for (const ratio of ratios) expect(Math.abs(ratio - 1)).toBeLessThan(0.02);
  expect(Math.abs(correlation)).toBeLessThan(0.01);
});

test("under plane stress the posterior and the evidence are those of Galerkin's method", async () => {
  // lambda = 1 and mu = 0.5 act as 0.5 and 0.5 where no stress goes across.
  const field = haghighatPlate({ material: { lambda: 0.5, mu: 0.5 } });
  const problem = { ...problemOf(field), setting: "plane-stress" as const };
  const sensors = program(() => sampleInterior(field.body, random.key(3), 60).points)();
  const noise = 0.01;
  const readings = program((x: Tensor) =>
    field.displacement(x, field.material).add(random.normal(random.key(5), x.shape, { dtype: "f64" }).mul(noise)),
  )(sensors);
  const found = await randomFeaturePosterior(pinnProblem({ problem, sensors, readings, noise }), { features: 200, seed: 2 });
  const exact = await quadraturePosterior(await displacementModel(problem, sensors, { order: 16 }), readings, { noise });
  expect(Math.abs(found.lambda.mean - exact.lambda.mean) / exact.lambda.sd).toBeLessThan(0.15);
  expect(Math.abs(found.mu.mean - exact.mu.mean) / exact.mu.sd).toBeLessThan(0.15);
  expect(Math.abs(found.mu.sd / exact.mu.sd - 1)).toBeLessThan(0.03);
  expect(Math.abs(found.lambda.sd / exact.lambda.sd - 1)).toBeLessThan(0.03);
  expect(Math.abs(found.logEvidence - exact.logEvidence)).toBeLessThan(0.5);
});
