import { expect, test } from "vitest";
import { axisOf } from "./axis.ts";
import { density1 } from "./density1.ts";
import { density2, massLevels } from "./density2.ts";
import { quantiles } from "./quantile.ts";

/** Normal numbers from a fixed linear congruence, by Box and Muller. */
function normals(count: number, seed: number): Float64Array {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float64Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

const open = { low: false, high: false };

test("quantiles interpolate between order statistics as NumPy does", () => {
  expect(quantiles([3, 1, 2, 4], [0, 0.25, 0.5, 1])).toEqual([1, 1.75, 2.5, 4]);
});

test("the density of a normal sample is the normal density within 6 % of its peak", () => {
  // n = 20,000: the kernel's bias is about h^2 f''/2 = 0.6 % of the peak at h = 0.124, its noise sd about 1.1 %; 6 % is five of those.
  const values = density1(normals(20_000, 1), { low: -4, high: 4, reflect: open }, 160);
  values.forEach((value, i) => {
    const x = -4 + ((i + 0.5) / 160) * 8;
    expect(Math.abs(value - Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI))).toBeLessThan(0.06 * 0.399);
  });
});

test("at a hard bound mass is folded back, so that a flat density stays flat and keeps its mass", () => {
  const flat = Float64Array.from({ length: 10_000 }, (_, i) => (i + 0.5) / 10_000);
  const values = density1(flat, { low: 0, high: 1, reflect: { low: true, high: true } }, 100);
  for (const value of values) expect(value).toBeCloseTo(1, 2);
  expect(values.reduce((sum, v) => sum + v, 0) / 100).toBeCloseTo(1, 10);
});

test("where the axis cuts a sample that is no bound, the density does not droop", () => {
  const flat = Float64Array.from({ length: 10_000 }, (_, i) => (i + 0.5) / 10_000);
  for (const value of density1(flat, { low: 0.4, high: 0.6, reflect: open }, 50)) expect(value).toBeCloseTo(1, 2);
});

test("a two-dimensional density holds all mass, and a ridge of correlation 0.95 keeps its shape", () => {
  const a = normals(20_000, 2);
  const b = normals(20_000, 3);
  const y = b.map((value, i) => 0.95 * a[i]! + Math.sqrt(1 - 0.95 ** 2) * value);
  const axis = { low: -5, high: 5, reflect: open };
  const cells = 72;
  const density = density2(a, y, axis, axis, cells);
  expect(density.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 3);
  let cross = 0;
  let square = 0;
  density.forEach((mass, i) => {
    const x = (i % cells) + 0.5 - cells / 2;
    const z = Math.floor(i / cells) + 0.5 - cells / 2;
    cross += mass * x * z;
    square += mass * x * x;
  });
  expect(cross / square).toBeGreaterThan(0.93);
});

test("mass levels enclose their shares", () => {
  const density = Float64Array.from([0.1, 0.4, 0.2, 0.3]);
  expect(massLevels(density, [0.4, 0.65, 0.95])).toEqual([0.4, 0.3, 0.1]);
});

test("an axis shows the draws and markers nearby, never beyond a hard bound, and lets far markers go", () => {
  const draws = Float64Array.from({ length: 1001 }, (_, i) => i / 1000);
  const axis = axisOf([draws], [1.5, 40], 0);
  expect(axis.low).toBe(0);
  expect(axis.reflect).toEqual({ low: true, high: false });
  expect(axis.high).toBeGreaterThan(1.5);
  expect(axis.high).toBeLessThan(2);
});

test("draws that are all one number still get an axis of some width", () => {
  const axis = axisOf([Float64Array.from([3, 3, 3])], []);
  expect(axis.low).toBeLessThan(3);
  expect(axis.high).toBeGreaterThan(3);
  expect(density1(Float64Array.from([3, 3, 3]), axis, 10).every(Number.isFinite)).toBe(true);
});
