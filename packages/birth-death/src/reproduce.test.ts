import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApplicationOptions, Summary } from "@credence/core";
import h5wasm, { type Dataset, type Group } from "h5wasm";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readObservation, simulatedTruth } from "./observation.ts";
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
  out = await mkdtemp(join(tmpdir(), "credence-birth-death-"));
});

/** A run too short to be good, and long enough to go through everything. */
function options(changes: Partial<ApplicationOptions> = {}): ApplicationOptions {
  return { dataset: "default", device: "cpu", seed: 3, simulations: 2000, out, quick: true, own: { every: 2 }, ...changes };
}

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

/** Shape and unit of what a NetCDF file's groups hold, its axes apart. */
async function variablesOf(path: string): Promise<Record<string, unknown>> {
  const { FS } = await h5wasm.ready;
  FS.writeFile("read.nc", await readFile(path));
  const file = new h5wasm.File("read.nc", "r");
  const found: Record<string, unknown> = {};
  for (const group of file.keys()) {
    for (const name of (file.get(group) as Group).keys().filter((key) => !["chain", "draw", "year"].includes(key))) {
      const { shape, attrs } = file.get(`${group}/${name}`) as Dataset;
      found[`${group}/${name}`] = { shape, ...(attrs.units && { unit: attrs.units.value }) };
    }
  }
  file.close();
  return found;
}

test(
  "without a file at hand the series is simulated, says so, and the run leaves what the contract asks for",
  async () => {
    const { summary, lines, phases } = await run(options());
    expect(lines[0]).toContain("Simulated population of known rates");
    expect(summary.dataset).toBe("simulated");
    expect([...phases]).toEqual(expect.arrayContaining(["simulate", "train", "infer", "check"]));
    expect((await readdir(out)).sort()).toEqual(["phases", "posterior.nc", "report.html", "run.json", "summary.json"]);
    const written = JSON.parse(await readFile(join(out, "summary.json"), "utf8")) as Summary;
    expect(written).toEqual(JSON.parse(JSON.stringify(summary)));
    for (const name of ["birthRate", "deathRate", "immigrationRate"]) {
      for (const { mean, sd, q05, median, q95 } of [written.parameters[name]!, written.oracle![name]!]) {
        expect(sd).toBeGreaterThan(0);
        expect(q05 < median && median < q95 && q05 < mean && mean < q95).toBe(true);
      }
      expect(written.checks.sbc![name]!.pValue).toBeGreaterThanOrEqual(0);
    }
    // Even this short a training is no worse than that: its draws are relative to an approximation that is near already.
    expect(written.checks.c2stOracle).toBeLessThan(0.75);
    expect(written.checks.coverage90).toBeGreaterThan(0.8);
    expect(written.cost.simulations).toBe(2000);
    const run_ = JSON.parse(await readFile(join(out, "run.json"), "utf8")) as Record<string, unknown>;
    expect(run_).toMatchObject({ application: "birth-death", seed: 3, device: "cpu", dataset: { name: "simulated", licence: "MIT" } });
    expect(await readFile(join(out, "report.html"), "utf8")).toContain("What cannot be told");

    // The default data set thinned to every other of its 61 counts.
    const [draws, replicated, counts] = [4000, 500, 31];
    const rates = (group: string) =>
      Object.entries({ birthRate: "1/year", deathRate: "1/year", immigrationRate: "individuals/year" }).map(([name, unit]) => [
        `${group}/${name}`,
        { shape: [1, draws], unit },
      ]);
    expect(await variablesOf(join(out, "posterior.nc"))).toEqual({
      ...Object.fromEntries([...rates("posterior"), ...rates("prior")]),
      "sample_stats/log_prior": { shape: [1, draws] },
      "sample_stats/lp": { shape: [1, draws] },
      "posterior_predictive/counts": { shape: [1, replicated, counts], unit: "individuals" },
      "observed_data/counts": { shape: [counts], unit: "individuals" },
    });
  },
  patience,
);

test(
  "a run stopped in any phase goes on where it was, and ends with the same draws",
  async () => {
    const { summary: whole } = await run(options());
    const other = await mkdtemp(join(tmpdir(), "credence-birth-death-"));
    for (const stopAt of ["simulate", "train", "check"]) {
      await expect(run(options({ out: other }), stopAt)).rejects.toThrow(`stopped in ${stopAt}`);
    }
    const { summary: resumed, phases } = await run(options({ out: other }));
    expect(phases.has("train")).toBe(false);
    const { cost: _, ...expected } = whole;
    const { cost: __, ...got } = resumed;
    expect(got).toEqual(expected);
  },
  patience,
);

test(
  "incomplete counts have no exact answer, and are judged by calibration alone",
  async () => {
    const { summary } = await run(options({ own: { every: 3, detection: 0.7 } }));
    expect(summary.oracle).toBeUndefined();
    expect(summary.checks.c2stOracle).toBeUndefined();
    expect(Object.keys(summary.checks.sbc!)).toHaveLength(3);
  },
  patience,
);

test.each(["learned", "both"])(
  "the embedding %s goes through everything",
  async (embedding) => {
    const { summary } = await run(options({ own: { every: 6, embedding } }));
    expect(summary.checks.c2stOracle).toBeLessThan(0.85);
  },
  patience,
);

test("a file of the user's is read by its columns", async () => {
  const path = join(out, "storks.csv");
  await writeFile(path, "when,pairs\n2001,12\n2002,14\n2004.5,11\n2006,17\n2007,NA\n2009,20\n");
  const observation = await readObservation({ dataset: path, own: { timeColumn: "when", countColumn: "pairs" } });
  expect([...observation.times]).toEqual([2001, 2002, 2004.5, 2006, 2009]);
  expect([...observation.counts]).toEqual([12, 14, 11, 17, 20]);
});

test("the embedded series comes from rates that its report states", async () => {
  const { truth, counts, checksum, source } = await readObservation({ dataset: "simulated", own: {} });
  expect(truth).toEqual(simulatedTruth);
  expect(counts).toHaveLength(61);
  expect(checksum).toBeUndefined();
  expect(source).toContain(`birth ${simulatedTruth.birthRate}`);
});

describe("what cannot be is refused before any work", () => {
  test.each<[string, Partial<ApplicationOptions>, string]>([
    [
      "a data set that is asked for by name and is not here",
      { dataset: "whooping-crane" },
      "data set whooping-crane is not on this machine",
    ],
    ["a fraction of a step", { own: { every: 0.5 } }, "--every must be an integer >= 1, got 0.5"],
    ["thinning to nothing", { own: { every: 40 } }, "--every 40 leaves 2 of 61 counts; keep at least 3"],
    ["a detection above one", { own: { detection: 1.2 } }, "detection must be in (0, 1], got 1.2"],
    ["an unknown embedding", { own: { embedding: "magic" } }, "embedding must be one of summary, learned, both, got magic"],
    ["a negative end of a prior", { own: { birthRateMax: -1 } }, "birthRateMax must be positive and finite, got -1"],
    ["a folder that cannot be", { out: "/dev/null/out" }, "/dev/null/out"],
  ])("%s", async (_, changes, message) => {
    await expect(run(options(changes))).rejects.toThrow(message);
  });
});
