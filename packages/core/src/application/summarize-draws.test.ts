import { expect, test } from "vitest";
import { columnOf, correlation, summarizeDraws } from "./summarize-draws.ts";

test("draws are summarised by their moments and type-7 quantiles", () => {
  const { mean, sd, median, q05, q95 } = summarizeDraws([4, 1, 3, 2, 5], "m");
  expect([mean, sd, median]).toEqual([3, Math.sqrt(2.5), 3]);
  // 0.05 of the way along four steps is a fifth of the first one.
  expect(q05).toBeCloseTo(1.2, 14);
  expect(q95).toBeCloseTo(4.8, 14);
});

test("a column of row-major draws is every width-th number", () => {
  expect([...columnOf([1, 2, 3, 4, 5, 6], 3, 1)]).toEqual([2, 5]);
});

test("a line has correlation one, its mirror image minus one, and a symmetric parabola none", () => {
  const x = [-2, -1, 0, 1, 2];
  expect(
    correlation(
      x,
      x.map((value) => 3 * value - 7),
    ),
  ).toBeCloseTo(1, 14);
  expect(
    correlation(
      x,
      x.map((value) => -value),
    ),
  ).toBeCloseTo(-1, 14);
  expect(
    correlation(
      x,
      x.map((value) => value * value),
    ),
  ).toBeCloseTo(0, 14);
});
