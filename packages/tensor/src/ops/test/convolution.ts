import * as t from "../../index.ts";
import { type Case, m } from "./case.ts";

const numbers = (count: number, seed: number): number[] => Array.from({ length: count }, (_, j) => Math.sin(2.3 * j * j + seed));
const filled = (shape: number[], seed: number) =>
  m(
    shape,
    ...numbers(
      shape.reduce((n, d) => n * d, 1),
      seed,
    ),
  );

interface Setting {
  readonly x: [batch: number, channels: number, height: number, width: number];
  readonly weights: [out: number, each: number, height: number, width: number];
  readonly stride: [number, number];
  readonly dilation: [number, number];
  readonly padding: [[number, number], [number, number]];
  readonly groups: number;
}

/** By the definition, element by element. */
function convolution(x: readonly number[], w: readonly number[], s: Setting): number[] {
  const [batch, channels, height, width] = s.x;
  const [out, each, kh, kw] = s.weights;
  const [oh, ow] = [0, 1].map(
    (a) =>
      Math.floor((s.x[a + 2]! + s.padding[a]![0] + s.padding[a]![1] - s.dilation[a]! * (s.weights[a + 2]! - 1) - 1) / s.stride[a]!) + 1,
  ) as [number, number];
  const y: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let o = 0; o < out; o++)
      for (let p = 0; p < oh; p++)
        for (let q = 0; q < ow; q++) {
          let sum = 0;
          const first = Math.floor(o / (out / s.groups)) * each;
          for (let c = 0; c < each; c++)
            for (let i = 0; i < kh; i++)
              for (let j = 0; j < kw; j++) {
                const [v, h] = [
                  p * s.stride[0] + i * s.dilation[0] - s.padding[0][0],
                  q * s.stride[1] + j * s.dilation[1] - s.padding[1][0],
                ];
                if (v >= 0 && v < height && h >= 0 && h < width)
                  sum += x[((b * channels + first + c) * height + v) * width + h]! * w[((o * each + c) * kh + i) * kw + j]!;
              }
          y.push(sum);
        }
  return y;
}

const images = (s: Setting): Case => ({
  ops: ["windows", "windowsAdd"],
  f: (x, w) => t.convolution2d(x, w, s),
  at: [filled(s.x, 1), filled(s.weights, 2)],
  want: (x, w) => convolution(x!, w!, s),
});

const plain = {
  stride: [1, 1],
  dilation: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
  groups: 1,
} as const;

export const convolutions: readonly Case[] = [
  images({ ...plain, x: [2, 2, 4, 5], weights: [3, 2, 3, 2] } as never),
  images({ ...plain, x: [1, 3, 2, 3], weights: [2, 3, 1, 1] } as never),
  images({
    x: [2, 4, 5, 6],
    weights: [4, 2, 2, 3],
    stride: [2, 1],
    dilation: [2, 1],
    padding: [
      [1, 0],
      [2, 1],
    ],
    groups: 2,
  }),
  images({
    x: [1, 3, 4, 4],
    weights: [3, 1, 3, 3],
    stride: [1, 1],
    dilation: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
    groups: 3,
  }),
  // numpy.convolve([1, 2, 3, 4], [3, 2, 1], "valid"): weights reversed.
  { ops: ["windows"], f: (x, w) => t.convolution1d(x, w), at: [m([1, 4], 1, 2, 3, 4), m([1, 1, 3], 1, 2, 3)], want: () => [14, 20] },
  {
    ops: ["windows"],
    f: (x, w) => t.convolution1d(x, w, { padding: "same", stride: 2 }),
    at: [m([1, 5], 1, 2, 3, 4, 5), m([1, 1, 2], 1, 10)],
    want: () => [21, 43, 5],
  },
  { ops: ["windows"], f: (x) => t.maxPool1d(x, 2), at: [m([2, 5], 1, 4, 3, 2, 9, -1, -2, -5, -4, 0)], want: () => [4, 3, -1, -4] },
  {
    ops: ["windows"],
    f: (x) => t.maxPool2d(x, 2, { stride: 1, padding: 1 }),
    at: [m([2, 2], -1, -3, -2, -4)],
    want: () => [-1, -1, -3, -1, -1, -3, -2, -2, -4],
  },
  { ops: ["windows"], f: (x) => t.averagePool1d(x, 3, { stride: 2, padding: "same" }), at: [m([1, 4], 1, 2, 3, 6)], want: () => [2, 4.5] },
  {
    ops: ["windows"],
    f: (x) =>
      t.averagePool2d(t.square(x), [2, 3], {
        stride: [2, 1],
        padding: [
          [0, 0],
          [1, 0],
        ],
      }),
    at: [m([2, 3], 1, 2, 3, 4, 5, 6)],
    want: () => [(1 + 4 + 16 + 25) / 4, 91 / 6],
  },
];
