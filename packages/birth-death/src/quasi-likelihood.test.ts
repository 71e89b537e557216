import { cast, program, random } from "@credence/tensor";
import { expect, test } from "vitest";
import { columnsOf } from "./coordinates.ts";
import type { CensusDesign } from "./design.ts";
import { birthDeathParameters } from "./model.ts";
import { unwhiten, whiten } from "./quasi-likelihood.ts";
import { simulateCounts } from "./simulator.ts";
import { describe as read } from "./summary.ts";

const parameters = birthDeathParameters();
const { bounds } = parameters;
const rows = 4000;
const design: CensusDesign = { times: Float64Array.from({ length: 40 }, (_, i) => i), firstCount: 15, countMax: 10_000 };

/** Standard coordinates of prior draws given the series simulated at them, and the rates that come back. */
const traced = program(() => {
  const rates = parameters.sample(random.key(1), [rows]);
  const { laplace } = read(simulateCounts(random.key(2), rates, design), design, bounds);
  const standard = whiten(columnsOf(cast(rates, "f64")), laplace, bounds);
  return { rates: columnsOf(cast(rates, "f64")), standard, back: unwhiten(standard, laplace, bounds) };
});

test("rates come back from their standard coordinates", () => {
  const { rates, back } = traced();
  rates.forEach((column, i) => {
    const returned = back[i]!.data();
    // The information on r reaches 1e6 of the box's width, and rounding of η with it.
    column.data().forEach((rate, row) => expect(returned[row]).toBeCloseTo(rate, 7));
  });
});

test("standard coordinates of prior draws are near standard normal, whatever the series", () => {
  const { standard } = traced();
  for (const column of standard) {
    const sorted = Float64Array.from(column.data()).sort();
    const at = (share: number): number => sorted[Math.floor(share * rows)]!;
    // Quartiles of N(0, 1) are ±0.67; what the approximation misses is left for the network.
    expect(Math.abs(at(0.5))).toBeLessThan(0.6);
    expect(at(0.75) - at(0.25)).toBeGreaterThan(0.9);
    expect(at(0.75) - at(0.25)).toBeLessThan(2.4);
    expect(sorted.every(Number.isFinite)).toBe(true);
  }
});
