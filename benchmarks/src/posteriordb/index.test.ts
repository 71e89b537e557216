import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { logNormal, model } from "@credence/core";
import { describe, expect, test } from "vitest";
import type { Measurement } from "../measurement.ts";
import { posteriordb } from "./index.ts";
import { measurement } from "./row.ts";
import { nameInStan, type Score, score } from "./score.ts";

const directory = resolve(process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data"), "posteriordb");
const options = { seed: "1", threads: "1" };

const result: Score = {
  dimension: 3,
  chains: 4,
  drawsPerChain: 1000,
  seconds: { warmup: 2, draws: 1 },
  gradients: 7000,
  ess: { bulk: 900, tail: 800, of: "tau" },
  rHatMax: 1.004,
  divergences: 0,
  noncentred: [],
  warnings: [],
  comparisons: [{ name: "tau", meanInErrors: 1.2, meanInSds: 0.03, sdDifference: 0.02, agrees: true }],
};
const met = (changes: Partial<Score>, referenceDivergences = 0) =>
  measurement("x", { ...result, ...changes }, 1, referenceDivergences).kept;

test("speeds are those after the warm-up, and the whole time is the row's", () => {
  const { seconds, figures } = measurement("x", result, 1, 0);
  expect(seconds.median).toBe(3);
  expect(figures).toMatchObject({ gradientsPerSecond: 7000, essPerSecond: 900, essPerSecondWithWarmup: 300 });
});

test("a run keeps its promises while R-hat, every mean and sd, and divergences do", () => {
  expect(met({})).toBe(true);
  expect(met({ rHatMax: 1.011 })).toBe(false);
  expect(met({ divergences: 1 })).toBe(false);
  expect(met({ divergences: 1 }, 3)).toBe(true);
  expect(met({ comparisons: [{ ...result.comparisons![0]!, agrees: false }] })).toBe(false);
});

test("a run without reference makes no promise", () => {
  const { comparisons: _, ...alone } = result;
  expect(measurement("x", alone, 1, undefined)).not.toHaveProperty("kept");
  expect(posteriordb.table!.line(measurement("x", alone, 1, undefined))).toContain("no reference");
});

test("elements are counted from 1 in Stan", () => {
  expect(["tau", "theta[0]", "a[1,9]"].map(nameInStan)).toEqual(["tau", "theta[1]", "a[2,10]"]);
});

test("options must be what they are", async () => {
  const refusal = (given: Record<string, string>) => expect(posteriordb.run({ ...options, ...given }, () => {})).rejects;
  await refusal({}).toThrow("--data must name a folder of posteriors");
  await refusal({ data: "there/is/none" }).toThrow("there is no folder there/is/none");
  await refusal({ data: import.meta.dirname }).toThrow("holds no posterior");
  await refusal({ data: "x", seed: "one" }).toThrow('--seed must be a whole number, at least 0, got "one"');
});

describe.skipIf(!existsSync(directory))("posteriors of posteriordb", { timeout: 60_000 }, () => {
  test("eight schools and a linear regression agree with their reference draws, by default settings", async () => {
    const rows: Measurement[] = [];
    const only = "eight_schools-eight_schools_noncentered,sblri-blr";
    await posteriordb.run({ ...options, data: directory, only }, (row) => rows.push(row));
    expect(rows.map(({ name }) => name)).toEqual(only.split(","));
    // Which bars: those of agreement.ts. The seed is fixed, so that chance plays no part after the first run.
    for (const row of rows) expect(row.kept, posteriordb.table!.line(row)).toBe(true);
  });

  test("a name that is not there is refused with those that are", async () => {
    await expect(posteriordb.run({ ...options, data: directory, only: "nine_schools" }, () => {})).rejects.toThrow(
      /--only must be some of .*eight_schools-eight_schools_centered.*, got "nine_schools"/,
    );
  });
});

test("logarithms are compared where a quantity has no variance", async () => {
  // theta is log-normal: log theta ~ N(0, 1), of which the reference has nearly independent draws.
  const target = model({ theta: logNormal(0, 1) });
  const quantiles = [0, 1].map((chain) =>
    Float64Array.from({ length: 1000 }, (_, i) => Math.exp(normalAt(((i + 1000 * chain) * 0.618033988749895) % 1))),
  );
  const reference = { draws: new Map([["theta", quantiles]]), divergences: 0 };
  const { comparisons } = await score(target, reference, { seed: 1, logarithms: ["theta"] });
  expect(comparisons).toMatchObject([{ name: "log theta", agrees: true }]);
});

/** Quantile of a standard normal by bisection of its distribution function, 1 - erfc(x / sqrt 2) / 2 by Abramowitz and Stegun 7.1.26. */
function normalAt(p: number): number {
  let [low, high] = [-6, 6];
  for (let i = 0; i < 50; i++) {
    const x = (low + high) / 2;
    const t = 1 / (1 + 0.3275911 * (Math.abs(x) / Math.SQRT2));
    const tail =
      (((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp((-x * x) / 2)) / 2;
    if ((x < 0 ? tail : 1 - tail) < p) low = x;
    else high = x;
  }
  return (low + high) / 2;
}
