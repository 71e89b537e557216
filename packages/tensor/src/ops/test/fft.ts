import * as t from "../../index.ts";
import { type Case, m } from "./case.ts";

/** By the definition. */
function transform(re: readonly number[], im: readonly number[], sign: number): [number[], number[]] {
  const n = re.length;
  const at = (k: number, part: (j: number, angle: number) => number): number =>
    re.reduce((sum, _, j) => sum + part(j, (sign * 2 * Math.PI * ((j * k) % n)) / n), 0);
  return [
    re.map((_, k) => at(k, (j, a) => re[j]! * Math.cos(a) - im[j]! * Math.sin(a))),
    re.map((_, k) => at(k, (j, a) => re[j]! * Math.sin(a) + im[j]! * Math.cos(a))),
  ];
}
const numbers = (n: number, seed: number): number[] => Array.from({ length: n }, (_, j) => Math.sin(1.7 * j * j + seed));
const line = (n: number, seed: number) => m([n], ...numbers(n, seed));

const forward = (n: number): Case => ({
  ops: ["fft"],
  f: (re, im) => t.stack(t.fft([re, im])),
  at: [line(n, 1), line(n, 2)],
  want: (re, im) => transform(re!, im!, -1).flat(),
});
const inverse = (n: number): Case => ({
  ops: ["fft"],
  f: (re, im) => t.stack(t.ifft([re, im])),
  at: [line(n, 1), line(n, 2)],
  want: (re, im) =>
    transform(re!, im!, 1)
      .flat()
      .map((x) => x / n),
});
const real = (n: number): Case => ({
  ops: ["rfft"],
  f: (x) => t.stack(t.rfft(x)),
  at: [line(n, 3)],
  want: (x) =>
    transform(
      x!,
      x!.map(() => 0),
      -1,
    ).flatMap((part) => part.slice(0, Math.floor(n / 2) + 1)),
});
/** Of a spectrum that no real numbers have: imaginary parts at its ends do not count. */
const realInverse = (n: number): Case => ({
  ops: ["irfft"],
  f: (re, im) => t.irfft([re, im], -1, { length: n }),
  at: [line(Math.floor(n / 2) + 1, 4), line(Math.floor(n / 2) + 1, 5)],
  want: (re, im) => {
    const whole = Array.from({ length: n }, (_, k) =>
      2 * k <= n ? [re![k]!, k === 0 || 2 * k === n ? 0 : im![k]!] : [re![n - k]!, -im![n - k]!],
    );
    return transform(
      whole.map((w) => w[0]!),
      whole.map((w) => w[1]!),
      1,
    )[0].map((x) => x / n);
  },
});

export const transforms: readonly Case[] = [
  ...[1, 2, 3, 5, 7, 8, 11, 12, 30].map(forward),
  ...[1, 4, 7, 15].map(inverse),
  ...[1, 2, 3, 7, 8, 14, 15, 30].map(real),
  ...[1, 2, 3, 7, 8, 14, 15, 30].map(realInverse),
  // numpy.fft.fft of NumPy 2.4: a length that goes through a chirp.
  {
    ops: ["fft"],
    f: (re, im) => t.stack(t.fft([re, im])),
    at: [m([7], 1, -2, 0.5, 3, 0.25, -1.5, 2), m([7], 0.3, 1, -1, 0.7, 2, -0.4, 0.1)],
    want: () => [
      3.25, -2.1509851606672408, 6.081457015585918, -0.7544948683665059, 0.06112919393299532, 1.773164432300688, -1.2602706127858552, 2.7,
      -1.1509580308178977, 9.917521556479514, -1.5466118360706598, -2.782904161883214, -3.9175098510194717, -1.1195376766882719,
    ],
  },
  // Axes: of [2, 3], the transform along the first is sum and difference.
  { ops: ["fft"], f: (x) => t.fft(x, 0)[0], at: [m([2, 3], 1, 2, 3, 10, 20, 30)], want: () => [11, 22, 33, -9, -18, -27] },
  // Columns in one block, in several, and one by one.
  ...[16, 48, 37].map(
    (columns): Case => ({
      ops: ["fft"],
      f: (x) => t.stack(t.fft([x, t.square(x)], 0)).slice([0, 0, columns - 1]),
      at: [m([3, columns], ...numbers(3 * columns, 7))],
      want: (x) => {
        const last = [0, 1, 2].map((k) => x![(k + 1) * columns - 1]!);
        return transform(
          last,
          last.map((v) => v * v),
          -1,
        ).flat();
      },
    }),
  ),
  // A plane wave over [3, 4] is one element of the spectrum.
  {
    ops: ["fft"],
    f: (x) => t.fft2([t.cos(x), t.sin(x)])[0],
    at: [m([3, 4], ...Array.from({ length: 12 }, (_, k) => 2 * Math.PI * ((2 * Math.floor(k / 4)) / 3 + (k % 4) / 4)))],
    want: () => Array.from({ length: 12 }, (_, k) => (k === 2 * 4 + 1 ? 12 : 0)),
  },
  {
    ops: ["fft"],
    f: (re, im) => t.stack(t.ifft2(t.fft2([re, im]))),
    at: [m([2, 5], ...numbers(10, 1)), m([2, 5], ...numbers(10, 2))],
    want: (re, im) => [...re!, ...im!],
  },
  ...[4, 5].map(
    (n): Case => ({
      ops: ["rfft", "irfft"],
      f: (x) => t.irfft2(t.rfft2(x), { length: n }),
      at: [m([3, n], ...numbers(3 * n, 6))],
      want: (x) => x!,
    }),
  ),
];
