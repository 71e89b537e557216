import { expect, test } from "vitest";
import * as t from "../index.ts";
import type { Tensor } from "../tensor.ts";

const numbers = (n: number, seed = 0): number[] => Array.from({ length: n }, (_, j) => Math.sin(1.7 * j * j + seed));
const f64 = (data: readonly number[], shape = [data.length]): t.NdArray => t.array(Float64Array.from(data), { shape });
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let [distance, length] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    distance += (a[i]! - b[i]!) ** 2;
    length += b[i]! ** 2;
  }
  return Math.sqrt(distance / length);
};

// Three transforms of a length up to 2n + 1 for a chirp, one of n otherwise; the bound of fft's own documentation for each.
test.each([1, 2, 97, 360, 1009, 1024, 4099])("a transform of length %i and back is where it started, in both types", (n) => {
  const bound = (unit: number): number => 2 * 3 * unit * (1 + Math.log2(3 * n));
  const back = t.program((re: Tensor, im: Tensor) => t.stack(t.ifft(t.fft([re, im]))));
  const [re, im] = [numbers(n, 1), numbers(n, 2)];
  expect(apart(back(f64(re), f64(im)).data(), [...re, ...im])).toBeLessThan(bound(1.2e-16));
  expect(apart(back(t.array(Float32Array.from(re)), t.array(Float32Array.from(im))).data(), [...re, ...im])).toBeLessThan(bound(6e-8));
  const real = t.program((x: Tensor) => t.irfft(t.rfft(x), -1, { length: n }));
  expect(apart(real(f64(re)).data(), re)).toBeLessThan(bound(1.2e-16));
});

test("real numbers have the first half of their complex transform", () => {
  for (const n of [9, 10, 49, 98]) {
    const both = t.program((x: Tensor) => [t.stack(t.rfft(x)), t.stack(t.fft(x)).slice([0, 0], [2, Math.floor(n / 2) + 1])]);
    const [half, whole] = both(f64(numbers(n)));
    expect(apart(half!.data(), whole!.data())).toBeLessThan(1e-14);
  }
});

test("Parseval: energies in time and frequency agree, and so do their gradients", () => {
  const energy = (x: Tensor): Tensor => {
    const [re, im] = t.fft(x);
    return t.sum(t.square(re).add(t.square(im))).mul(1 / 14);
  };
  const x = f64(numbers(14));
  const gradient = t.program((y: Tensor) => t.grad(energy)(y) as Tensor)(x);
  expect(
    apart(
      gradient.data(),
      [...x.data()].map((v) => 2 * v),
    ),
  ).toBeLessThan(1e-14);
});

test("a circular convolution is a product of transforms", () => {
  const n = 21;
  const [a, b] = [numbers(n, 1), numbers(n, 2)];
  const want = a.map((_, k) => a.reduce((sum, x, j) => sum + x * b[(k - j + n) % n]!, 0));
  const got = t.program((x: Tensor, y: Tensor) => {
    const [[p, q], [u, v]] = [t.rfft(x), t.rfft(y)];
    return t.irfft([p.mul(u).sub(q.mul(v)), p.mul(v).add(q.mul(u))], -1, { length: n });
  })(f64(a), f64(b));
  expect(apart(got.data(), want)).toBeLessThan(1e-14);
});

test("shapes and types that do not fit are refused with what was given", () => {
  const traced = (f: (x: Tensor) => unknown) => () => t.program(f as never)(f64(numbers(6), [2, 3]));
  expect(traced((x) => t.fft([x, t.zeros([3, 2], "f64")]))).toThrow(/fft: real and imaginary parts differ in shape, \[2, 3\] and \[3, 2\]/);
  expect(traced((x) => t.fft([x, t.zeros([2, 3])]))).toThrow(/fft: expected f32 or f64 throughout, got f64\[2, 3\] and f32\[2, 3\]/);
  expect(traced((x) => t.fft(x.cast("i32")))).toThrow(/fft: expected f32 or f64 throughout, got i32/);
  expect(traced((x) => t.fft([x, x, x] as never))).toThrow(/fft: expected real numbers or a pair \[re, im\], got a list of 3/);
  expect(traced((x) => t.fft(x, 2))).toThrow(/fft: axis 2 is outside an array of rank 2/);
  expect(traced((x) => t.rfft(t.zeros([2, 0], x.dtype)))).toThrow(/rfft: expected a length of at least 1 to transform, got 0/);
  expect(traced((x) => t.irfft(x, -1, { length: 7 }))).toThrow(/irfft: 7 numbers have 4 elements, got 3/);
  expect(traced((x) => t.irfft([x, x], 1, { length: 2.5 }))).toThrow(/irfft: expected a length of at least 1 to transform, got 2.5/);
});
