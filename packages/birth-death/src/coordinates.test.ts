import { array, program, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { type Bounds, fromCoordinates, slopes, type Triple, toCoordinates } from "./coordinates.ts";

const boxes: readonly [string, readonly Bounds[]][] = [
  [
    "the unit box",
    [
      { low: 0, high: 1 },
      { low: 0, high: 1 },
      { low: 0, high: 5 },
    ],
  ],
  [
    "an uneven box away from zero",
    [
      { low: 0.05, high: 2 },
      { low: 0.1, high: 0.9 },
      { low: 1, high: 30 },
    ],
  ],
];

type Columns = readonly (readonly number[])[];

function evaluate(f: (x: Triple) => readonly Tensor[], columns: Columns): number[][] {
  const traced = program((a: Tensor, b: Tensor, c: Tensor) => [...f([a, b, c])]);
  const [a, b, c] = columns.map((values) => array(Float64Array.from(values), { shape: [values.length, 1] }));
  return (traced(a!, b!, c!) as { data(): ArrayLike<number> }[]).map((result) => Array.from(result.data()));
}

/** Places of a grid in the box, corners and edges nearly reached. */
function grid(bounds: readonly Bounds[]): Columns {
  const shares = [1e-6, 0.01, 0.3, 0.5, 0.8, 0.999, 1 - 1e-6];
  const places = shares.flatMap((x) => shares.flatMap((y) => [0.02, 0.7].map((z) => [x, y, z])));
  return bounds.map(({ low, high }, i) => places.map((place) => low + (high - low) * place[i]!));
}

describe.each(boxes)("in %s", (_, bounds) => {
  test("coordinates and rates are inverse to one another", () => {
    const rates = grid(bounds);
    const back = evaluate((x) => fromCoordinates(toCoordinates(x, bounds), bounds), rates);
    // Logits of 1e-6 from a corner amplify rounding by 1e6.
    rates.forEach((column, i) => column.forEach((rate, row) => expect(back[i]![row]).toBeCloseTo(rate, 9)));
  });

  test("any coordinates give rates inside the box, without NaN", () => {
    const places = [-40, -9, -1, 0, 2, 9, 40];
    const all = places.flatMap((x) => places.flatMap((y) => places.map((z) => [x, y, z])));
    const rates = evaluate(
      (x) => fromCoordinates(x, bounds),
      [0, 1, 2].map((i) => all.map((place) => place[i]!)),
    );
    rates.forEach((column, i) => {
      for (const rate of column) {
        expect(rate).toBeGreaterThanOrEqual(bounds[i]!.low - 1e-12);
        expect(rate).toBeLessThanOrEqual(bounds[i]!.high + 1e-12);
      }
    });
  });

  test("the first coordinate is a function of the difference of birth and death alone", () => {
    const [first] = evaluate(
      (x) => toCoordinates(x, bounds),
      [
        [0.2, 0.5],
        [0.15, 0.45],
        [2, 3],
      ],
    );
    expect(first![0]).toBeCloseTo(first![1]!, 12);
  });

  test("slopes are those of finite differences", () => {
    const at = [
      [0.3, -0.5, 1.2],
      [-0.8, 0.4, 2],
      [0.1, -1, 0.5],
    ];
    const h = 1e-5;
    const moved = (axis: number, by: number): number[][] =>
      evaluate(
        (x) => fromCoordinates(x, bounds),
        at.map((column, i) => column.map((value) => (i === axis ? value + by : value))),
      );
    const difference = (axis: number): number[][] => {
      const [up, down] = [moved(axis, h), moved(axis, -h)];
      return up.map((column, i) => column.map((value, row) => (value - down[i]![row]!) / (2 * h)));
    };
    const [first, second, third] = [difference(0), difference(1), difference(2)];
    const [growth, turnoverByGrowth, turnover, immigration] = evaluate((x) => {
      const s = slopes(x, fromCoordinates(x, bounds), bounds);
      return [s.growthByFirst, s.turnoverByGrowth, s.turnoverBySecond, s.immigrationByThird];
    }, at);
    for (let row = 0; row < 3; row++) {
      const dr = first[0]![row]! - first[1]![row]!;
      expect(growth![row]).toBeCloseTo(dr, 8);
      expect(turnoverByGrowth![row]! * dr).toBeCloseTo(first[0]![row]! + first[1]![row]!, 8);
      expect(turnover![row]).toBeCloseTo(second[0]![row]! + second[1]![row]!, 8);
      expect(immigration![row]).toBeCloseTo(third[2]![row]!, 7);
    }
  });
});
