import { array, program, type Tensor } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { featureScaleOf, inputsOf } from "./standardise.ts";

const scales = program((x: Tensor) => featureScaleOf(x));
const standardised = program((x: Tensor) => inputsOf(x, featureScaleOf(x), false).x);
const withMissing = program((x: Tensor) => inputsOf(x, featureScaleOf(x), true).x);
const column = (values: readonly number[]) => array(Float64Array.from(values), { shape: [values.length, 1] });
const ramp = Array.from({ length: 101 }, (_, i) => i);

describe("the scale of a feature", () => {
  it("is the median and the width of the middle half", () => {
    const { median, width } = scales(column(ramp));
    expect(median.item()).toBe(50);
    expect(width.item()).toBeCloseTo(50 / 1.3489795, 6);
  });

  it("does not follow one far value", () => {
    const { median, width } = scales(column([...ramp.slice(0, 100), 1e12]));
    expect(median.item()).toBe(50);
    expect(width.item()).toBeCloseTo(50 / 1.3489795, 6);
  });

  it("is the standard deviation where the middle half is one value", () => {
    const { width } = scales(column([...new Array<number>(96).fill(0), 1, 1, 1, 1]));
    expect(width.item()).toBeCloseTo(Math.sqrt(0.04 * 0.96), 12);
  });

  it("leaves missing values out", () => {
    const { median } = scales(column([Number.NaN, ...ramp, Number.NaN]));
    expect(median.item()).toBe(50);
  });
});

describe("standardised observations", () => {
  it("have mean 0 and sd 1, in the order of the values", () => {
    const x = Array.from(standardised(column(ramp.map((i) => Math.exp(i / 10)))).data());
    const mean = x.reduce((a, b) => a + b) / x.length;
    // f32 rounding of 101 values.
    expect(Math.abs(mean)).toBeLessThan(1e-6);
    expect(Math.abs(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length - 1)).toBeLessThan(1e-5);
    expect(x.every((value, i) => i === 0 || value > x[i - 1]!)).toBe(true);
  });

  it("are finite where a feature never changes or is never there", () => {
    expect(Array.from(standardised(column([4, 4, 4])).data())).toEqual([0, 0, 0]);
    expect(Array.from(withMissing(column([Number.NaN, Number.NaN])).data())).toEqual([0, 0, 0, 0]);
  });
});
