import { Random } from "@credence/core";
import { expect, test } from "vitest";
import { surpriseOf } from "./surprise.ts";

/** Draws of two normals of sd 4 and 3 with a correlation. */
function draws(rho: number, count: number) {
  const random = new Random(5);
  const first = Float64Array.from({ length: count }, () => random.normal(0, 4));
  const second = first.map((value) => (3 * rho * value) / 4 + random.normal(0, 3 * Math.sqrt(1 - rho ** 2)));
  return { first, second, noise: new Float64Array(count).fill(2) };
}

test("the second quantity moves by Cov / (Var + noise²) times the surprise, and its variance falls as Schur's complement says", () => {
  const rho = 0.7;
  const { shift, after, correlation, effective } = surpriseOf({ ...draws(rho, 200_000), excess: 5 });
  const slope = (rho * 4 * 3) / (16 + 4);
  // Five standard errors of a mean of `effective` draws.
  expect(Math.abs(shift - 5 * slope)).toBeLessThan((5 * after.sd) / Math.sqrt(effective));
  expect(Math.abs(after.sd ** 2 - (9 - slope * rho * 12))).toBeLessThan(5 * after.sd ** 2 * Math.sqrt(2 / effective));
  expect(correlation).toBeCloseTo(rho, 2);
});

test("independent quantities do not hear of one another", () => {
  const { shift, after, effective } = surpriseOf({ ...draws(0, 200_000), excess: 5 });
  expect(Math.abs(shift)).toBeLessThan((5 * after.sd) / Math.sqrt(effective));
});
