import { describe, expect, test } from "vitest";
import { completeRows, featuresOf } from "./features.ts";
import { outcomeOf } from "./outcome.ts";

const columns = { age: [20, 30, 40], weight: [3, 1, 2] };

test("features are standardised with n in the denominator, row by row", () => {
  const { names, rows, x, centre, scale } = featuresOf(columns);
  expect([names, rows]).toEqual([["age", "weight"], 3]);
  const sd = Math.sqrt(200 / 3);
  expect([...centre]).toEqual([30, 2]);
  expect(scale[0]).toBeCloseTo(sd, 13);
  expect(x[0]).toBeCloseTo(-10 / sd, 14);
  expect([x[2], x[1]! > 0, x[3]! < 0]).toEqual([0, true, true]);
  expect([...featuresOf(columns, { standardise: false }).x]).toEqual([20, 3, 30, 1, 40, 2]);
});

test("rows with a missing value are left out of every column, and told", () => {
  const { columns: kept, dropped } = completeRows({ a: [1, Number.NaN, 3, 4], b: [1, 2, 3, Number.NaN] });
  expect([kept.a, kept.b, dropped]).toEqual([Float64Array.of(1, 3), Float64Array.of(1, 3), [1, 3]]);
});

describe("what cannot be features is refused with its column, row and what to do", () => {
  test.each<[string, () => unknown, string]>([
    ["no columns", () => featuresOf({}), "expected at least one column"],
    [
      "a missing value",
      () => featuresOf({ age: [1, Number.NaN, 2] }),
      "column age is missing in row 1; leave such rows out (completeRows does)",
    ],
    [
      "several",
      () => featuresOf({ age: [1, Number.NaN, Number.NaN] }, { rowName: (row) => `cars.csv:${row + 2}` }),
      "column age is missing in cars.csv:3 (and in 1 more rows)",
    ],
    ["an infinity", () => featuresOf({ age: [1, Infinity, 2] }), "column age is Infinity in row 1"],
    ["a constant column", () => featuresOf({ age: [1, 2], one: [7, 7] }), "one is the same in every row (7)"],
    ["a long column of nearly one number", () => featuresOf({ t: [1e9, 1e9, 1e9 + 1e-7] }), "t is the same in every row"],
    ["columns of two lengths", () => featuresOf({ a: [1, 2], b: [1, 2, 3] }), "a has 2 rows and b has 3"],
    ["no rows", () => featuresOf({ a: [] }), "a has no rows"],
    ["a name for numbers", () => featuresOf({ a: "1, 2" as unknown as number[] }), "a must be a list of numbers, got string"],
  ])("%s", (_, call, words) => {
    expect(call).toThrow(words);
  });
});

describe("an outcome of another kind is refused with the model for that kind", () => {
  test.each<[string, () => unknown, string]>([
    ["numbers for classes", () => outcomeOf("binary", [0, 1, 2.5], 3), "row 2 holds 2.5; expected 0 and 1, both of them, as logisticModel"],
    ["other labels", () => outcomeOf("binary", [1, 2, 2], 3), "code the two labels 1 and 2 as 0 and 1"],
    ["one class", () => outcomeOf("binary", [1, 1], 2), "one class alone cannot be told from another"],
    ["fractions for counts", () => outcomeOf("count", [3, 2.5], 2), "row 1 holds 2.5; expected whole numbers >= 0"],
    ["negative counts", () => outcomeOf("count", [3, -1], 2), "row 1 holds -1"],
    ["a constant", () => outcomeOf("real", [3, 3], 2), "it is 3 in every row"],
    ["a missing one", () => outcomeOf("real", [3, Number.NaN], 2), "it is missing in row 1; leave such rows out"],
    ["another length", () => outcomeOf("real", [3], 2), "outcome has 1 rows, the features have 2"],
    ["text", () => outcomeOf("real", "3" as unknown as number[], 1), "outcome must be a list of numbers, got string"],
  ])("%s", (_, call, words) => {
    expect(call).toThrow(words);
  });
});
