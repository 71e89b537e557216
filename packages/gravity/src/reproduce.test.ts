import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ApplicationOptions, Summary } from "@credence/core";
import { describe, expect, test } from "vitest";
import { cellsOf } from "./application/cells.ts";
import { requireReadings, simulatedSurvey, tutorialSurvey } from "./application/two-body-surveys.ts";
import { application } from "./reproduce.ts";

/** Minutes, on a machine that is busy with other things. */
const patience = 240_000;

const options = (out: string, changes: Partial<ApplicationOptions> = {}): ApplicationOptions => ({
  dataset: "simulated",
  device: "cpu",
  seed: 3,
  simulations: 400,
  out,
  quick: true,
  own: {},
  ...changes,
});

async function run(given: ApplicationOptions, stopAt?: string): Promise<{ summary: Summary; phases: Set<string> }> {
  const controller = new AbortController();
  const phases = new Set<string>();
  const summary = await application.reproduce(given, {
    signal: controller.signal,
    log: () => {},
    progress(phase) {
      phases.add(phase);
      if (phase === stopAt) controller.abort(new Error(`stopped in ${phase}`));
    },
  });
  return { summary, phases };
}

test(
  "the simulated survey finds its bodies, agrees with the exact posterior, and goes on where it was stopped",
  async () => {
    const out = await mkdtemp(join(tmpdir(), "credence-gravity-"));
    await expect(run(options(out), "a block and a ball")).rejects.toThrow("stopped in a block and a ball");
    const { summary, phases } = await run(options(out));
    expect(phases.has("evidence of smoothness and noise")).toBe(false);
    expect(phases.has("calibration")).toBe(true);
    expect((await readdir(out)).sort()).toEqual(["phases", "posterior.nc", "report.html", "run.json", "summary.json"]);

    const { quantities } = simulatedSurvey();
    for (const { name, truth } of quantities.slice(0, 2)) {
      const [ours, exact] = [summary.parameters[name]!, summary.oracle![name]!];
      expect(Math.abs(ours.mean - truth!)).toBeLessThan(3 * ours.sd);
      // 400 draws each: the means differ by 1/14 sd in the mean, the sds by 5 %.
      expect(Math.abs(ours.mean - exact.mean)).toBeLessThan(0.3 * exact.sd);
      expect(Math.abs(ours.sd / exact.sd - 1)).toBeLessThan(0.2);
    }
    const bodies = summary.checks["bodies"] as Record<string, { q05: number; q95: number; truth: number; mean: number; sd: number }>;
    for (const name of ["blockMass", "ballMass", "blockEasting", "ballEasting"]) {
      const { mean, sd, truth } = bodies[name]!;
      expect(Math.abs(mean - truth)).toBeLessThan(4 * sd);
    }
    // As many directions as stations are kept, so that only the rounding of the subspace is left.
    expect(Math.abs(summary.checks.elboGapPerDatum!)).toBeLessThan(1e-5);
    // Of 196 readings it has an sd of sqrt(2 / 196) = 0.10: three of them.
    expect(summary.checks.chiSquarePerDatum).toBeGreaterThan(0.7);
    expect(summary.checks.chiSquarePerDatum).toBeLessThan(1.3);
    for (const { pValue } of Object.values(summary.checks.sbc!)) expect(pValue).toBeGreaterThan(1e-3);

    const again = await run(options(out));
    expect([...again.phases]).toEqual(["checks"]);
    expect(again.summary.parameters).toEqual(summary.parameters);
    const report = await readFile(join(out, "report.html"), "utf8");
    for (const heading of ["What lies there", "If it is a block and a ball", "Does it predict the data?", "Is it calibrated?"])
      expect(report).toContain(heading);
  },
  patience,
);

describe("what cannot be", () => {
  test("is refused in words", async () => {
    const out = await mkdtemp(join(tmpdir(), "credence-gravity-"));
    await expect(run(options(out, { device: "cuda:0" }))).rejects.toThrow("gravity runs on the CPU");
    await expect(run(options(out, { simulations: 10 }))).rejects.toThrow("at least 200; got 10");
    expect(() => requireReadings("mine", Float64Array.of(1, Number.NaN))).toThrow("the reading of station 2 is NaN");
    expect(() => requireReadings("mine", Float64Array.of(1))).toThrow("expected two or more stations, got 1");
  });
});

const data = process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");
test.skipIf(!existsSync(join(data, "gravity")))("the tutorial's cells lie in the ground, and its data are gravity down", async () => {
  process.env.CREDENCE_DATA = data;
  const { mesh, data: readings, stations, quantities } = await tutorialSurvey();
  expect(readings.length).toBe(289);
  for (const { easting, northing, upward, height } of cellsOf(mesh))
    expect(upward + height / 2).toBeLessThanOrEqual(100 - 15 * Math.exp(-(easting ** 2 + northing ** 2) / 80 ** 2));
  // The light block lies in the west: less gravity above it.
  const at = (x: number): number => readings[Array.from(stations.eastings).findIndex((e, i) => e === x && stations.northings[i] === 0)]!;
  expect(at(-40)).toBeLessThan(0);
  expect(at(40)).toBeGreaterThan(0);
  expect(quantities.map(({ truth }) => Number(truth!.toPrecision(3)))).toEqual([-3.6, 2.3, -200, 200]);
});
