import { array, program, random, type Tensor } from "@credence/tensor";
import { expect, test } from "vitest";
import { fromCoordinates } from "./coordinates.ts";
import type { CensusDesign } from "./design.ts";
import { birthDeathParameters } from "./model.ts";
import { simulateCounts } from "./simulator.ts";
import { describe as read, summarize, summaryNames } from "./summary.ts";

const bounds = birthDeathParameters().bounds;

function summariesOf(rows: readonly (readonly number[])[], design: CensusDesign): number[][] {
  const traced = program((counts: Tensor) => summarize(counts, design, bounds));
  using result = traced(array(Float64Array.from(rows.flat()), { shape: [rows.length, rows[0]!.length] }));
  expect(result.shape).toEqual([rows.length, summaryNames.length]);
  const values = Array.from(result.data());
  return rows.map((_, r) => values.slice(r * summaryNames.length, (r + 1) * summaryNames.length));
}

const years = (count: number, step = 1): Float64Array => Float64Array.from({ length: count }, (_, i) => i * step);
const at = (name: (typeof summaryNames)[number]): number => summaryNames.indexOf(name);

test("whatever the counts, every statistic is finite and moderate", () => {
  const rows = [
    [9, 0, 0, 0, 0, 0],
    [9, 9, 9, 9, 9, 9],
    [9, 10_000, 10_000, 10_000, 10_000, 10_000],
    [9, 9999, 0, 9999, 0, 9999],
    [9, 3000, 9000, 10_000, 10_000, 10_000],
  ];
  for (const design of [
    { times: years(6), firstCount: 9, countMax: 10_000 },
    { times: years(6, 20), firstCount: 9, countMax: 10_000 },
    { times: [0, 0.01, 3, 3.5, 30, 31], firstCount: 9, countMax: 10_000 },
  ]) {
    // Logarithms and signed logarithms of numbers below e^60.
    for (const summary of summariesOf(rows, design)) for (const value of summary) expect(Math.abs(value)).toBeLessThan(60);
  }
});

test("two counts are enough", () => {
  expect(summariesOf([[9, 12]], { times: [0, 1], firstCount: 9 })[0]!.every(Number.isFinite)).toBe(true);
});

test("the approximation centres on the rates of long series of large populations, evenly and unevenly counted", () => {
  const truth = [0.42, 0.4, 2];
  for (const times of [years(120), Float64Array.from(years(120), (t) => t + 0.3 * Math.sin(3 * t))]) {
    const design: CensusDesign = { times, firstCount: 400, countMax: 2 ** 20 };
    const rows = 200;
    const traced = program((theta: Tensor) => {
      const { laplace } = read(simulateCounts(random.key(4), theta, design), design, bounds);
      return [...fromCoordinates(laplace.centre, bounds)];
    });
    const estimates = traced(
      array(
        Float64Array.from({ length: 3 * rows }, (_, i) => truth[i % 3]!),
        { shape: [rows, 3] },
      ),
    );
    const [birth, death] = estimates.map((column) => Array.from(column.data()).reduce((a, b) => a + b) / rows) as [number, number];
    // Over 200 series the mean of r has a standard error near 3e-4 and that of λ+μ near 0.008; the estimates' own bias is of that order.
    expect(Math.abs(birth - death - 0.02)).toBeLessThan(0.003);
    expect(Math.abs(birth + death - 0.82)).toBeLessThan(0.03);
  }
});

test("even intervals are a case of uneven ones", () => {
  const row = [12, 15, 14, 20, 18, 25];
  const even = summariesOf([row], { times: years(6), firstCount: 12 })[0]!;
  const nearly = summariesOf([row], { times: Float64Array.from(years(6), (t) => t * (1 + 1e-9 * t)), firstCount: 12 })[0]!;
  // The last place of f32 of numbers up to ten.
  even.forEach((value, i) => expect(nearly[i]).toBeCloseTo(value, 5));
});

test("plain statistics are what their names say", () => {
  const [summary] = summariesOf([[4, 2, 0, 0, 3, 3]], { times: years(6), firstCount: 4 });
  expect(summary![at("share of steps down")]).toBeCloseTo(2 / 6, 6);
  expect(summary![at("share of steps without change")]).toBeCloseTo(2 / 6, 6);
  expect(summary![at("share of zeros that stay")]).toBeCloseTo(1 / 6, 6);
  expect(summary![at("log largest count")]).toBeCloseTo(Math.log(5), 6);
  expect(summary![at("log last count")]).toBeCloseTo(Math.log(4), 6);
});
