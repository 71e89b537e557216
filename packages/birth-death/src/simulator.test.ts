import { array, birthDeathLogTransition, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { type CensusDesign, countMaxFor } from "./design.ts";
import type { Rates } from "./model.ts";
import { mean, stationary, variance } from "./moments.ts";
import { simulateCounts, simulateEvents } from "./simulator.ts";

type Simulate = (key: Tensor, rates: Tensor, design: CensusDesign) => Tensor;

const simulators: readonly [string, Simulate][] = [
  ["the sampler of intervals", simulateCounts],
  ["the simulation of events", simulateEvents],
];

/** Counts of `rows` series at the same rates, one array a time. */
function run(simulate: Simulate, rates: Rates, design: CensusDesign, rows: number, seed: number): Float64Array[] {
  const row = [rates.birthRate, rates.deathRate, rates.immigrationRate];
  const all = Float64Array.from({ length: 3 * rows }, (_, i) => row[i % 3]!);
  const traced = program((theta: Tensor) => simulate(random.key(seed), theta, design));
  using counts = traced(array(all, { shape: [rows, 3] }));
  const values = counts.data();
  const times = design.times.length;
  return Array.from({ length: times }, (_, t) => Float64Array.from({ length: rows }, (__, r) => values[r * times + t]!));
}

const average = (x: Float64Array): number => x.reduce((sum, value) => sum + value, 0) / x.length;
const moment = (x: Float64Array, order: number): number => {
  const centre = average(x);
  return average(x.map((value) => (value - centre) ** order));
};

/** Two counts of the same categories: Σ (a-b)²/(a+b) over those with enough in them; mean and variance are its degrees of freedom k and 2k. */
function twoSampleChiSquare(a: Float64Array, b: Float64Array): { statistic: number; degrees: number } {
  const tally = (x: Float64Array): Map<number, number> =>
    x.reduce((counts, n) => counts.set(n, (counts.get(n) ?? 0) + 1), new Map<number, number>());
  const [ta, tb] = [tally(a), tally(b)];
  let statistic = 0;
  let degrees = 0;
  for (const n of new Set([...ta.keys(), ...tb.keys()])) {
    const [na, nb] = [ta.get(n) ?? 0, tb.get(n) ?? 0];
    if (na + nb < 20) continue;
    statistic += (na - nb) ** 2 / (na + nb);
    degrees++;
  }
  return { statistic, degrees };
}

const regimes: readonly Rates[] = [
  { birthRate: 0.3, deathRate: 0.2, immigrationRate: 0.5 },
  { birthRate: 0.2, deathRate: 0.5, immigrationRate: 1.5 },
  { birthRate: 0.4, deathRate: 0.4, immigrationRate: 0.2 },
  { birthRate: 0, deathRate: 0.4, immigrationRate: 2 },
  { birthRate: 0.3, deathRate: 0.6, immigrationRate: 0 },
];
const irregular: CensusDesign = { times: [1950, 1950.5, 1953, 1957], firstCount: 8 };

describe.each(simulators)("%s", (_, simulate) => {
  test.each(regimes)("has the mean and the variance of the process at %o, at irregular times", (rates) => {
    const rows = 20_000;
    const counts = run(simulate, rates, irregular, rows, 11);
    expect(counts[0]!.every((n) => n === 8)).toBe(true);
    for (let t = 1; t < counts.length; t++) {
      const years = irregular.times[t]! - irregular.times[0]!;
      const sampled = counts[t]!;
      const v = variance(8, years, rates);
      // Four standard errors: a true simulator fails one of these thirty comparisons with probability 0.2 %, for seeds that are fixed.
      expect(Math.abs(average(sampled) - mean(8, years, rates))).toBeLessThan(4 * Math.sqrt(v / rows));

      expect(Math.abs(moment(sampled, 2) - v)).toBeLessThan(4 * Math.sqrt((moment(sampled, 4) - v ** 2) / rows));
    }
  });

  test("settles to the stationary law", () => {
    const rates = { birthRate: 0.2, deathRate: 0.6, immigrationRate: 1.2 };
    const rows = 20_000;
    const law = stationary(rates);
    // e^{-0.4 · 40} = 1e-7 of the start is left.
    const [, late] = run(simulate, rates, { times: [0, 40], firstCount: 5 }, rows, 5) as [Float64Array, Float64Array];
    for (let n = 0; n < 8; n++) {
      const p = Math.exp(law.logProbability(n));
      expect(Math.abs(late.filter((count) => count === n).length / rows - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / rows));
    }
  });

  test("records a population that passes countMax as countMax for ever, and stays finite over forty years of growth", () => {
    const design: CensusDesign = { times: Float64Array.from({ length: 41 }, (_, i) => i), firstCount: 9, countMax: 500 };
    const counts = run(simulate, { birthRate: 0.3, deathRate: 0.15, immigrationRate: 1 }, design, 200, 3);
    for (let t = 1; t < 41; t++) {
      for (let r = 0; r < 200; r++) {
        expect(counts[t]![r]).toBeLessThanOrEqual(500);
        if (counts[t - 1]![r] === 500) expect(counts[t]![r]).toBe(500);
      }
    }
    expect(counts[40]!.filter((n) => n === 500).length).toBeGreaterThan(150);
  });

  test("with detection thins the counts, given the first of them", () => {
    const rows = 20_000;
    const design: CensusDesign = { times: [0, 1], firstCount: 30, detection: 0.6 };
    const [first, second] = run(simulate, { birthRate: 0.2, deathRate: 0.2, immigrationRate: 0 }, design, rows, 9) as [
      Float64Array,
      Float64Array,
    ];
    expect(first.every((n) => n === 30)).toBe(true);
    // n0 - 30 is negative binomial: mean 31 · 0.4 / 0.6; a critical process keeps its mean, of which 0.6 is seen.
    const expected = 0.6 * (30 + (31 * 0.4) / 0.6);
    expect(Math.abs(average(second) - expected)).toBeLessThan(4 * Math.sqrt(moment(second, 2) / rows));
  });
});

test.each(regimes)("both simulators have one distribution at %o", (rates) => {
  const rows = 20_000;
  const [a, b] = simulators.map(([, simulate], i) => run(simulate, rates, irregular, rows, 20 + i)) as [Float64Array[], Float64Array[]];
  for (let t = 1; t < irregular.times.length; t++) {
    const { statistic, degrees } = twoSampleChiSquare(a[t]!, b[t]!);
    // Mean k and variance 2k: four and a half standard deviations above is a chance below 1e-4 for these degrees of freedom.
    expect(statistic).toBeLessThan(degrees + 4.5 * Math.sqrt(2 * degrees));
  }
});

test("successive counts have the exact transition probabilities", () => {
  const rates = { birthRate: 0.5, deathRate: 0.3, immigrationRate: 0.7 };
  const rows = 40_000;
  const [, second] = run(simulateCounts, rates, { times: [0, 1.5], firstCount: 6 }, rows, 31) as [Float64Array, Float64Array];
  const largest = 40;
  const exact = program((j: Tensor) => birthDeathLogTransition(6, j, 1.5, 0.5, 0.3, 0.7));
  using logs = exact(array(Float64Array.from({ length: largest }, (_, j) => j)));
  const p = Array.from(logs.data(), Math.exp);
  let statistic = 0;
  let degrees = -1;
  for (let j = 0; j < largest; j++) {
    const expected = rows * p[j]!;
    if (expected < 10) continue;
    statistic += (second.filter((n) => n === j).length - expected) ** 2 / expected;
    degrees++;
  }
  expect(statistic).toBeLessThan(degrees + 4.5 * Math.sqrt(2 * degrees));
});

test("the prior's most explosive draw is finite after seventy years", () => {
  const design: CensusDesign = { times: Float64Array.from({ length: 72 }, (_, i) => i), firstCount: 9, countMax: 2 ** 24 };
  const counts = run(simulateCounts, { birthRate: 1, deathRate: 0, immigrationRate: 5 }, design, 100, 1);
  expect(counts.every((row) => row.every((n) => Number.isInteger(n) && n >= 9 && n <= 2 ** 24))).toBe(true);
});

describe("an impossible design is refused with what was given", () => {
  const rates = { birthRate: 0.2, deathRate: 0.2, immigrationRate: 1 };
  test.each<[string, CensusDesign, string]>([
    ["one time", { times: [3], firstCount: 2 }, "times must hold at least 2 years, got 1"],
    ["times that do not increase", { times: [0, 2, 2], firstCount: 2 }, "times must be finite and increase, got 2 followed by 2"],
    ["a time that is no number", { times: [0, Number.NaN], firstCount: 2 }, "got 0 followed by NaN"],
    ["a negative count", { times: [0, 1], firstCount: -1 }, "firstCount must be an integer in [0, countMax = 1000000), got -1"],
    ["a fraction of an individual", { times: [0, 1], firstCount: 2.5 }, "got 2.5"],
    ["a first count that is saturated", { times: [0, 1], firstCount: 50, countMax: 50 }, "in [0, countMax = 50), got 50"],
    [
      "a countMax past exact floats",
      { times: [0, 1], firstCount: 5, countMax: 1e9 },
      "countMax must be an integer in [1, 16777216], got 1000000000",
    ],
    ["a detection of nothing", { times: [0, 1], firstCount: 5, detection: 0 }, "detection must be in (0, 1], got 0"],
  ])("%s", (_, design, message) => {
    expect(() => run(simulateCounts, rates, design, 2, 1)).toThrow(message);
  });
});

test("countMax is a power of ten far above the counts", () => {
  expect([countMaxFor([9, 135]), countMaxFor([0, 1]), countMaxFor([3e6])]).toEqual([10_000, 100, 2 ** 24]);
});
