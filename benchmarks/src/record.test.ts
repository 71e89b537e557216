import { expect, test } from "vitest";
import { type Measurement, spread } from "./measurement.ts";
import { duration, row, timings } from "./record.ts";

const measurement: Measurement = {
  name: "train nsf",
  size: "theta 5, x 8, batch 200",
  device: "cpu",
  threads: 1,
  seconds: { min: 0.9e-3, median: 1e-3, max: 2e-3 },
  peer: { peer: "PyTorch", threads: 1, seconds: { min: 13e-3, median: 14e-3, max: 15e-3 } },
  bar: 10,
};

test("the ratio is the peer's median over ours, and a bar is met at or above it", () => {
  expect(row(measurement)).toMatchObject({ ratio: expect.closeTo(14), peerSeconds: 14e-3, bar: 10, met: true });
  expect(row({ ...measurement, bar: 14.1 }).met).toBe(false);
});

test("a peer that did not run leaves no ratio and no verdict, and the table says why", () => {
  const alone = { ...measurement, peer: { peer: "PyTorch", threads: 1, note: "no python3 with torch" } };
  expect(row(alone)).toMatchObject({ ratio: null, peerSeconds: null, met: null });
  expect(timings.line(alone)).toMatch(/not run[\s\S]*PyTorch: no python3 with torch/);
});

test("a missed bar cannot be overlooked in the table", () => expect(timings.line({ ...measurement, bar: 20 })).toMatch(/MISSED/));

test("a bar in seconds is met at or below it, and counts beside one of the ratio", () => {
  expect(row({ ...measurement, secondsMax: 1e-3 })).toMatchObject({ secondsMax: 1e-3, met: true });
  expect(row({ ...measurement, secondsMax: 0.9e-3 }).met).toBe(false);
  expect(row({ ...measurement, bar: 20, secondsMax: 2e-3 }).met).toBe(false);
});

test("a bar in seconds is judged without a peer", () =>
  expect(row({ ...measurement, peer: { peer: "numpy", threads: 1, note: "absent" }, secondsMax: 2e-3 })).toMatchObject({ met: true }));

test("a benchmark's own promises decide beside the bars, and a row without a peer has none to name", () => {
  const { peer: _, bar: __, ...alone } = measurement;
  expect(row({ ...alone, kept: false })).toMatchObject({ peer: null, ratio: null, met: false });
  expect(row({ ...measurement, kept: true }).met).toBe(true);
  expect(row({ ...measurement, bar: 20, kept: true }).met).toBe(false);
  expect(timings.line(alone)).toMatch(/none$/);
});

test("the share of the machine's limit is its time over ours", () => {
  const limited = { ...measurement, limit: { of: "copy", seconds: 0.7e-3 } } as const;
  expect(row(limited)).toMatchObject({ limit: "copy", shareOfLimit: expect.closeTo(0.7) });
  expect(timings.line(limited)).toContain("70 % copy");
});

test("the median of an even sample is the mean of the middle two", () =>
  expect(spread([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4 }));

test("an empty sample is refused", () => expect(() => spread([])).toThrow(RangeError));

test("durations carry the unit that suits them", () =>
  expect([1.5, 0.0125, 3e-6, 2.5e-8].map(duration)).toEqual(["1.50 s", "12.5 ms", "3.00 us", "25.0 ns"]));
