import { expect, test } from "vitest";
import * as t from "../index.ts";
import type { Tensor } from "../tensor.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, j) => Math.sin(2.3 * j * j));
const f64 = (shape: number[]): t.NdArray => t.array(Float64Array.from(numbers(shape.reduce((n, d) => n * d, 1))), { shape });

test("a convolution with a window as large as the input is a product", () => {
  const both = t.program((x: Tensor, w: Tensor) => [
    t.convolution2d(x, w).reshape([2, 5]),
    t.matmul(x.reshape([2, 36]), w.reshape([5, 36]).T),
  ]);
  const [convolved, product] = both(f64([2, 3, 3, 4]), f64([5, 3, 3, 4]));
  convolved!.data().forEach((y: number, i: number) => expect(y).toBeCloseTo(product!.data()[i]!, 12));
});

test("leading axes are batches: none, one or several give the same numbers", () => {
  const of = (shape: number[]): number[] => [
    ...t
      .program((x: Tensor, w: Tensor) => t.convolution1d(x, w, { padding: 1, groups: 2 }))(f64(shape), f64([4, 1, 3]))
      .data(),
  ];
  const alone = of([2, 7]);
  expect(alone).toHaveLength(28);
  expect(of([2, 3, 2, 7]).slice(0, 28)).toEqual(alone);
  expect(of([6, 2, 7])).toEqual(of([2, 3, 2, 7]));
});

test("each filter of a shared convolution learns alike through vmap and through a batch axis", () => {
  const loss = (w: Tensor, x: Tensor): Tensor => t.sum(t.square(t.convolution2d(x, w, { stride: 2, padding: "same" })));
  const gradients = t.program((w: Tensor, x: Tensor) => [
    t.grad(loss)(w, x) as Tensor,
    t.sum(t.vmap((each: Tensor) => t.grad(loss)(w, each) as Tensor)(x) as Tensor, 0),
  ]);
  const [whole, parts] = gradients(f64([2, 3, 3, 3]), f64([4, 3, 6, 5]));
  whole!.data().forEach((g: number, i: number) => expect(g).toBeCloseTo(parts!.data()[i]!, 10));
});

test("pools of constants are constant, whatever the padding", () => {
  const x = t.array(new Float64Array(30).fill(2.5), { shape: [5, 6] });
  for (const pool of [t.maxPool2d, t.averagePool2d])
    for (const padding of [
      0,
      1,
      "same",
      [1, 2],
      [
        [0, 2],
        [1, 0],
      ],
    ] as t.Pool2dOptions["padding"][]) {
      const y = t
        .program((a: Tensor) => pool(a, 3, { stride: 2, padding: padding! }))(x)
        .data();
      expect(y.every((v: number) => Math.abs(v - 2.5) < 1e-15)).toBe(true);
    }
});

test("a maximum passes NaN on", () => {
  const x = t.array(Float64Array.of(1, Number.NaN, 3, 4), { shape: [4] });
  expect([
    ...t
      .program((a: Tensor) => t.maxPool1d(a, 2))(x)
      .data(),
  ]).toEqual([Number.NaN, 4]);
});

test("shapes, types and options that do not fit are refused with what was given", () => {
  const traced = (f: (x: Tensor, w: Tensor) => unknown) => () => t.program(f as never)(f64([2, 3, 5, 6]), f64([4, 3, 3, 3]));
  expect(traced((x, w) => t.convolution2d(x, w.cast("f32")))).toThrow(
    /convolution2d: input and weights are f64\[2, 3, 5, 6\] and f32\[4, 3, 3, 3\]/,
  );
  expect(traced((x, w) => t.convolution2d(x, w.index(0)))).toThrow(
    /convolution2d: expected input .* got f64\[2, 3, 5, 6\] and f64\[3, 3, 3\]/,
  );
  expect(traced((x, w) => t.convolution2d(x, w, { groups: 2 }))).toThrow(/3 input channels in 2 groups need weights/);
  expect(traced((x, w) => t.convolution2d(x, w, { stride: 0 }))).toThrow(/stride must be an integer, or one for each axis, >= 1, got 0/);
  expect(traced((x, w) => t.convolution2d(x, w, { dilation: [1, 2.5] }))).toThrow(/dilation must be .* got \[1,2.5\]/);
  expect(traced((x, w) => t.convolution2d(x, w, { padding: -1 }))).toThrow(/padding must be an integer >= 0, .* got -1/);
  expect(traced((x, w) => t.convolution2d(x, w, { dilation: 3 }))).toThrow(
    /a window of 3 elements, 3 apart, does not fit into 5 with padding \[0, 0\]/,
  );
  expect(traced((x) => t.maxPool2d(x, 2, { padding: 2 }))).toThrow(/maxPool2d: padding \[2, 2\] must be less than the window of 2/);
  expect(traced((x) => t.averagePool1d(x, 0))).toThrow(/averagePool1d: the window must be an integer >= 1, got \[0\]/);
  expect(traced((x) => t.maxPool2d(x.cast("i32"), 2))).toThrow(/maxPool2d: expected f32 or f64, got i32/);
});
