import { expect, test } from "vitest";
import { innerTicks, logTicks } from "./ticks.ts";

test("inner ticks keep clear of the ends, except of a bound at 0, and are two or more where labels fit", () => {
  expect(innerTicks([0, 1.7], 214)).toEqual([0, 0.5, 1, 1.5]);
  expect(innerTicks([0.05, 0.3], 214)).not.toContain(0.3);
  expect(innerTicks([0.4, 3.6], 84).length).toBeGreaterThanOrEqual(2);
  // "300,000" beside "200,000" does not fit into 84 pixels.
  expect(innerTicks([50_000, 360_000], 84)).toHaveLength(1);
});

test("a logarithmic axis has decades, and twos and fives between where they are few", () => {
  expect(logTicks([0.5, 2000])).toEqual([1, 10, 100, 1000]);
  expect(logTicks([3, 60])).toEqual([5, 10, 20, 50]);
  expect(logTicks([0.0009, 0.3])).toEqual([0.001, 0.01, 0.1]);
});
