import { expect, test } from "vitest";
import { binomialInterval } from "./binomial-interval.ts";

test("the interval holds at least its level and gives up at most half of the rest on each side", () => {
  // Binomial(10, 1/2): P(X <= 0) = 1/1024, P(X <= 1) = 11/1024 > 0.005, so [1, 9] holds 1 - 2/1024.
  expect(binomialInterval(10, 0.5, 0.99)).toEqual([1, 9]);
  // Known from tables: the 95 % interval of Binomial(100, 0.5) is [40, 60].
  expect(binomialInterval(100, 0.5, 0.95)).toEqual([40, 60]);
});

test("a sure event has no spread", () => {
  expect(binomialInterval(50, 0, 0.99)).toEqual([0, 0]);
  expect(binomialInterval(50, 1, 0.99)).toEqual([50, 50]);
});

test("thousands of trials neither overflow nor lose the symmetry of p and 1 - p", () => {
  const [low, high] = binomialInterval(5000, 0.03, 0.99);
  expect(binomialInterval(5000, 0.97, 0.99)).toEqual([5000 - high, 5000 - low]);
  // Within a few counts of the normal approximation np -+ 2.576 sqrt(np(1-p)) = 150 -+ 31.1.
  expect(Math.abs(low - 119)).toBeLessThanOrEqual(3);
  expect(Math.abs(high - 181)).toBeLessThanOrEqual(3);
});
