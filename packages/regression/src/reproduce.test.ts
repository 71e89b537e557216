import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApplicationOptions, Summary } from "@credence/core";
import h5wasm, { type Dataset, type Group } from "h5wasm";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { examTruth, simulateExams } from "./exams.ts";
import { readObservation } from "./observation.ts";
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
  out = await mkdtemp(join(tmpdir(), "credence-regression-"));
});

test("a device that its methods do not run on is refused, not left unused", async () => {
  await expect(run(options({ device: "cuda:0" }))).rejects.toThrow("regression runs on the CPU");
});

/** A run too short to be good, and long enough to go through everything. */
const options = (changes: Partial<ApplicationOptions> = {}): ApplicationOptions => ({
  dataset: "simulated",
  device: "cpu",
  seed: 3,
  simulations: 400,
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
  "without any data at hand the simulated schools run, the surprise is heard by the exact posterior alone, and a stopped run resumes to the same numbers",
  async () => {
    const other = await mkdtemp(join(tmpdir(), "credence-regression-"));
    for (const stopAt of ["NUTS", "compare"]) await expect(run(options({ out: other }), stopAt)).rejects.toThrow(`stopped in ${stopAt}`);
    const { summary: resumed, phases: later } = await run(options({ out: other }));
    expect(later.has("NUTS")).toBe(false);

    const { summary, lines, phases } = await run(options());
    expect(lines[0]).toContain("24 simulated schools");
    expect([...phases]).toEqual(expect.arrayContaining(["NUTS", "compare", "predict", "calibrate"]));
    const { cost: _, ...expected } = summary;
    const { cost: __, ...got } = resumed;
    expect(got).toEqual(expected);

    expect((await readdir(out)).sort()).toEqual(["phases", "posterior.nc", "report.html", "run.json", "summary.json"]);
    const written = JSON.parse(await readFile(join(out, "summary.json"), "utf8")) as Summary;
    expect(written).toEqual(JSON.parse(JSON.stringify(summary)));
    const correlation = written.parameters["correlation of schools"]!;
    expect(correlation.q05 < examTruth.correlation && examTruth.correlation < correlation.q95 + 0.1).toBe(true);
    const { shifts } = written.checks["surprise"] as { shifts: Record<string, number> };
    // 15 points of surprise: Cov / (Var + noise²) is near 0.4 here, and 0 where the form has no covariance; draws are 400.
    expect(shifts["nuts"]).toBeGreaterThan(3);
    expect(shifts["full-rank"]).toBeGreaterThan(3);
    expect(Math.abs(shifts["mean-field"]!)).toBeLessThan(1.5);
    expect(written.checks["meanFieldCalibrated"]).toBe(false);
    expect(written.checks.coverage90).toBeGreaterThan(0.85);
    const report = await readFile(join(out, "report.html"), "utf8");
    for (const heading of [
      "What was inferred",
      "What the factorised form severs",
      "Is it calibrated",
      "What cannot be told",
      "What it cost",
    ])
      expect(report).toContain(heading);
    expect(await shapesOf(join(out, "posterior.nc"))).toMatchObject({
      "posterior/theta": [4, 100, 24, 2],
      "posterior/correlation": [4, 100, 2, 2],
      "sample_stats/diverging": [4, 100],
      "posterior_predictive/score": [1, 400, simulateExams().score.length],
    });
  },
  patience,
);

test(
  "a file of the user's goes through linear regression, its columns by name, rows with a hole left out on demand",
  async () => {
    const path = join(out, "fields.csv");
    const wave = (i: number, phase: number): number => Math.sin(12.9898 * (i + phase) ** 2);
    const rows = Array.from({ length: 40 }, (_, i) => [wave(i, 1), wave(i, 90), `plot ${i}`, 5 + 2 * wave(i, 1) + 0.3 * wave(i, 700)]);
    await writeFile(path, `rain,sun,name,crop\n${rows.map((row) => row.join(",")).join("\n")}\n,1,hole,3\n`);
    const given = { dataset: path, own: { outcome: "crop", family: "linear" } };
    await expect(readObservation(given)).rejects.toThrow("column rain is missing in line 42; --missing drop leaves such rows out");
    const { summary } = await run(options({ dataset: path, own: { ...given.own, missing: "drop" } }));
    expect(Object.keys(summary.parameters)).toEqual(["intercept", "rain", "sun", "sigma"]);
    const { mean, sd } = summary.parameters["intercept"]!;
    expect(Math.abs(mean - 5) / sd).toBeLessThan(4);
    expect(summary.oracle!["rain"]!.mean).toBeCloseTo(summary.parameters["rain"]!.mean, 1);
    const run_ = JSON.parse(await readFile(join(out, "run.json"), "utf8")) as { dataset: { note: string } };
    expect(run_.dataset.note).toBe("1 of 41 rows were left out because a value is missing; columns that are not used: name");
  },
  patience,
);

describe("what cannot be is refused before any work", () => {
  test.each<[string, Partial<ApplicationOptions>, string]>([
    ["a data set that is not here", { dataset: "auto-mpg" }, "data set auto-mpg is not on this machine"],
    ["an option of another's data", { own: { outcome: "mpg" } }, "--outcome is for a file of yours; simulated has a model of its own"],
    ["too few draws", { simulations: 100 }, "--simulations is the number of draws of each method here, at least 400; got 100"],
    ["a folder that cannot be", { out: "/dev/null/out" }, "/dev/null/out"],
  ])("%s", async (_, changes, words) => {
    await expect(run(options(changes))).rejects.toThrow(words);
  });

  test.each<[string, Record<string, string>, string]>([
    ["no outcome", {}, "--outcome must name the column to explain; the columns are a, b, y"],
    ["an outcome that is no column", { outcome: "z" }, 'there is no column "z"'],
    ["a feature that is the outcome", { outcome: "y", features: "a,y" }, "y cannot be both outcome and feature"],
    ["a constant feature", { outcome: "y" }, "b is the same in every row (7)"],
    ["numbers for classes", { outcome: "y", features: "a", family: "logistic" }, "row 2 holds 3; expected 0 and 1"],
    ["fractions for counts", { outcome: "a", features: "y", family: "poisson" }, "row 0 holds 0.5; expected whole numbers"],
  ])("a file with %s", async (_, own, words) => {
    const path = join(out, "small.csv");
    await writeFile(path, "a,b,y\n0.5,7,1\n2,7,0\n1,7,3\n4,7,1\n");
    await expect(run(options({ dataset: path, own }))).rejects.toThrow(words);
  });
});
