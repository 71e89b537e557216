import { array } from "@credence/tensor";
import { expect, test } from "vitest";
import { sayCombination, tiltOf } from "./tilt.ts";

const of = (rows: readonly (readonly number[])[]) => array(Float64Array.from(rows.flat()), { shape: [rows.length, rows.length] });

test.each([0.5, 0.9, 0.99])(
  "of two coefficients with correlation %d the closed form holds: 1 - r², 1 / (1 - r) and 1 / (1 + r)",
  async (r) => {
    const [a, b] = [3, 0.2];
    const tilt = await tiltOf(
      of([
        [a * a, r * a * b],
        [r * a * b, b * b],
      ]),
      ["a", "b"],
    );
    // The precision has condition (1 + r) / (1 - r), up to 199: 1e-13 of rounding becomes 1e-11.
    expect(tilt.varianceRatio[0]).toBeCloseTo(1 - r * r, 10);
    expect(tilt.varianceRatio[1]).toBeCloseTo(1 - r * r, 10);
    expect(tilt.gap).toBeCloseTo(-0.5 * Math.log(1 - r * r), 10);
    expect(tilt.correlation).toBeCloseTo(r, 12);
    expect(tilt.narrow.ratio).toBeCloseTo((1 + r) / (1 - r * r), 8);
    expect(tilt.wide.ratio).toBeCloseTo((1 - r) / (1 - r * r), 10);
    expect(tilt.narrow.weights.map((weight) => Math.round(weight * 1e9) / 1e9)).toEqual([1, 1]);
    expect(tilt.wide.weights.map((weight) => Math.round(weight * 1e9) / 1e9).sort()).toEqual([-1, 1]);
  },
);

test("independent coefficients lose nothing", async () => {
  const tilt = await tiltOf(
    of([
      [4, 0],
      [0, 9],
    ]),
    ["a", "b"],
  );
  expect(tilt.varianceRatio).toEqual([1, 1]);
  expect(tilt.gap).toBeCloseTo(0, 14);
  expect([tilt.narrow.ratio, tilt.wide.ratio]).toEqual([1, 1]);
});

test("a combination is said with its large terms, largest first", () => {
  expect(sayCombination(["weight", "displacement", "year"], [-0.621, 1, 0.1])).toBe("displacement - 0.62 weight");
  expect(sayCombination(["a", "b"], [1, 1])).toBe("a + b");
});
