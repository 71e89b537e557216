import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApplicationOptions, Summary } from "@credence/core";
import { parseTable } from "@credence/data";
import h5wasm, { type Dataset, type Group } from "h5wasm";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readObservation, readSensors } from "./application/observation.ts";
import { application } from "./reproduce.ts";

/** Minutes, on a machine that is busy with other things. */
const patience = 240_000;

let out: string;
beforeAll(async () => {
  // No data set at hand, here or in a cache.
  const nothing = await mkdtemp(join(tmpdir(), "credence-nothing-"));
  process.env.CREDENCE_DATA = nothing;
  process.env.XDG_CACHE_HOME = nothing;
});
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "credence-elasticity-"));
});

const options = (changes: Partial<ApplicationOptions> = {}): ApplicationOptions => ({
  dataset: "simulated",
  device: "cpu",
  seed: 3,
  simulations: 2000,
  out,
  quick: true,
  own: {},
  ...changes,
});

async function run(given: ApplicationOptions, stopAt?: string): Promise<{ summary: Summary; lines: string[]; phases: Set<string> }> {
  const controller = new AbortController();
  const lines: string[] = [];
  const phases = new Set<string>();
  const summary = await application.reproduce(given, {
    signal: controller.signal,
    log: (line) => lines.push(line),
    progress(phase) {
      phases.add(phase);
      if (phase === stopAt) controller.abort(new Error(`stopped in ${phase}`));
    },
  });
  return { summary, lines, phases };
}

async function shapesOf(path: string): Promise<Record<string, readonly number[]>> {
  const { FS } = await h5wasm.ready;
  FS.writeFile("read.nc", await readFile(path));
  const file = new h5wasm.File("read.nc", "r");
  const found: Record<string, readonly number[]> = {};
  for (const group of file.keys()) {
    for (const name of (file.get(group) as Group).keys()) found[`${group}/${name}`] = (file.get(`${group}/${name}`) as Dataset).shape!;
  }
  file.close();
  return found;
}

test(
  "without any data at hand the simulated plate runs, finds its truth and hears the planted change, and a stopped run resumes to the same numbers",
  async () => {
    const other = await mkdtemp(join(tmpdir(), "credence-elasticity-"));
    for (const stopAt of ["compare", "digital twin"])
      await expect(run(options({ out: other }), stopAt)).rejects.toThrow(`stopped in ${stopAt}`);
    const { summary: resumed, phases: later } = await run(options({ out: other }));
    expect(later.has("NUTS over the reduced model")).toBe(false);

    const { summary, lines, phases } = await run(options());
    expect(lines[0]).toContain("100 simulated sensors");
    expect([...phases]).toEqual(
      expect.arrayContaining([
        "network of random features",
        "NUTS over the reduced model",
        "compare",
        "predict",
        "digital twin",
        "calibrate",
      ]),
    );
    const { cost: _, ...expected } = summary;
    const { cost: __, ...got } = resumed;
    expect(got).toEqual(expected);

    expect((await readdir(out)).sort()).toEqual(["phases", "posterior.nc", "report.html", "run.json", "summary.json"]);
    const written = JSON.parse(await readFile(join(out, "summary.json"), "utf8")) as Summary;
    expect(written).toEqual(JSON.parse(JSON.stringify(summary)));
    expect(Object.keys(written.parameters)).toEqual(["lambda", "mu", "young", "poisson"]);
    for (const [name, truth] of Object.entries({ lambda: 1, mu: 0.5, young: 4 / 3, poisson: 1 / 3 })) {
      const { mean, sd } = written.parameters[name]!;
      expect(Math.abs(mean - truth) / sd).toBeLessThan(4);
      const exact = written.oracle![name]!;
      expect(Math.abs(mean - exact.mean) / exact.sd).toBeLessThan(0.15);
      expect(sd / exact.sd).toBeCloseTo(1, 0);
    }
    const { c2stOracle, coverage90, chiSquarePerDatum, sbc, twin } = written.checks as typeof written.checks & {
      twin: { alarm: number | null; orderGap: number; heard: { since: number }; planted: { at: number } };
    };
    expect(c2stOracle).toBeLessThan(0.6);
    const joint = (written.checks["methods"] as { key: string; shifts: number[] }[]).find(({ key }) => key === "random-features-joint")!;
    expect(Math.max(...joint.shifts.map(Math.abs))).toBeGreaterThan(0.5);
    expect(coverage90).toBeGreaterThan(0.8);
    // 200 readings: a standard error of 0.1.
    expect(Math.abs(chiSquarePerDatum! - 1)).toBeLessThan(0.4);
    expect(Object.keys(sbc!)).toEqual(["lambda", "mu"]);
    expect(twin.alarm).toBeNull();
    expect(twin.orderGap).toBeLessThan(1e-6);
    expect(Math.abs(twin.heard.since - twin.planted.at)).toBeLessThan(10);
    const report = await readFile(join(out, "report.html"), "utf8");
    for (const heading of [
      "What was inferred",
      "Do the methods agree",
      "Is it calibrated",
      "A digital twin",
      "Random loads, one network",
      "What cannot be told",
      "What it cost",
    ])
      expect(report).toContain(heading);
    expect(await shapesOf(join(out, "posterior.nc"))).toMatchObject({
      "posterior/lambda": [1, 2000],
      "posterior_predictive/displacement": [1, 500, 100, 2],
      "observed_data/displacement": [100, 2],
    });
  },
  patience,
);

test.each(["kirsch", "timoshenko", "lame-cylinder"])("readings of %s are the same at every call, and within the body", async (name) => {
  const [first, second] = [await readObservation(name), await readObservation(name)];
  expect(second.readings).toEqual(first.readings);
  expect(first.readings.every(Number.isFinite)).toBe(true);
  expect(first.places).toHaveLength(200);
});

describe("what cannot be is refused before any work", () => {
  test.each<[string, Partial<ApplicationOptions>, string]>([
    ["a data set that is not here", { dataset: "haghighat-s100" }, "data set haghighat-s100 is not on this machine"],
    ["a data set that there is not", { dataset: "bridge" }, 'elasticity has no data set "bridge"; it has simulated, haghighat-s100'],
    ["a device that its methods do not run on", { device: "cuda:0" }, "elasticity runs on the CPU"],
    ["too few simulations", { simulations: 10 }, "at least 2000; got 10"],
    ["a folder that cannot be", { out: "/dev/null/out" }, "/dev/null/out"],
  ])("%s", async (_, changes, words) => {
    await expect(run(options(changes))).rejects.toThrow(words);
  });

  test.each<[string, string, string]>([
    ["a reading that is missing", "x,y,ux,uy\n0,0,1,2\n0,1,NA,2\n", "plate: small.csv:3: ux is missing; leave out sensors"],
    ["a column that is missing", "x,y,ux\n0,0,1\n", 'there is no column "uy"; the columns are x, y, ux'],
    ["words for numbers", "x,y,ux,uy\n0,0,much,2\n", 'column ux holds "much"'],
    ["no sensor", "x,y,ux,uy\n", "plate: small.csv holds no sensor"],
  ])("a table with %s", (_, text, words) => {
    expect(() => readSensors({ table: parseTable(text, "small.csv"), name: "plate" }, ["x", "y", "ux", "uy"])).toThrow(words);
  });
});
