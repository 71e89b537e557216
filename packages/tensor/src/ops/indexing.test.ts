import { expect, test } from "vitest";
import * as t from "../index.ts";
import type { Tensor } from "../tensor.ts";

test("whole numbers are refused where only floats are sorted or added up", () => {
  const traced = (f: (x: Tensor) => unknown) => () => t.program(f as never)(t.array(Int32Array.of(2, 0, 1)));
  expect(traced((x) => t.sort(x))).toThrow(/sort: expected f32 or f64, got i32\[3\]/);
  expect(traced((x) => t.scatterAdd(3, x, x))).toThrow(/scatterAdd: expected f32 or f64, got i32\[3\]/);
  expect(traced((x) => t.scatterAdd(3, x.cast("f32"), t.ones([3])))).toThrow(/scatterAdd: indices must be i32, got f32/);
  expect(traced((x) => t.cumprod(x))).toThrow(/linearRecurrence: expected f32 or f64 throughout, got i32/);
  expect(traced((x) => t.oneHot(x.cast("f32"), 3))).toThrow(/oneHot: indices must be i32 or u32, got f32\[3\]/);
  expect(() => t.polygamma(0, 1)).toThrow(/polygamma: the order must be an integer from 1 to 100, got 0/);
});

test("one-hot rows pick, and an index outside picks nothing", () => {
  const rows = t
    .program((i: Tensor) => t.oneHot(i, 3))(t.array(Int32Array.of(2, 0, 3, -1)))
    .tolist();
  expect(rows).toEqual([
    [0, 0, 1],
    [1, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
});
