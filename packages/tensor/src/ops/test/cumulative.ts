import * as t from "../../index.ts";
import { type Case, m, positive, v } from "./case.ts";

const running = (a: readonly number[], b: readonly number[]): number[] => {
  let state = 0;
  return a.map((ai, i) => {
    state = ai * state + b[i]!;
    return state;
  });
};

export const cumulations: readonly Case[] = [
  { ops: ["cumsum"], f: (x) => t.cumsum(t.square(x), 0), at: [m([3, 2], 1, 2, 3, 4, 5, 6)], want: () => [1, 4, 10, 20, 35, 56] },
  { ops: ["cumsum"], f: (x) => t.cumsum(x, 0, { reverse: true }), at: [v(1, 2, 3)], want: () => [6, 5, 3] },
  { ops: ["linearRecurrence"], f: (a, b) => t.linearRecurrence(a, b), at: [v(9, 0.5, -2, 0, 1.5), v(1, 2, 3, 4, 5)], want: running },
  {
    ops: ["linearRecurrence"],
    f: (a, b) => t.linearRecurrence(a, b, 0, { reverse: true }),
    at: [m([3, 1], 2, 3, 9), m([3, 2], 1, 2, 3, 4, 5, 6)],
    want: () => [37, 46, 18, 22, 5, 6],
  },
  {
    ops: ["linearRecurrence"],
    f: (x) => t.cumprod(x),
    at: [m([2, 4], 2, -1, 3, 0.5, 1, 0, 4, 0)],
    want: () => [2, -2, -6, -3, 1, 0, 0, 0],
  },
  { ops: ["linearRecurrence"], f: (x) => t.cumprod(x, 0, { reverse: true }), at: [v(2, 0, 3, 5)], want: () => [0, 0, 15, 5] },
  // scipy.special.polygamma(3, x) of SciPy 1.17.
  {
    ops: ["polygamma"],
    f: (x) => t.polygamma(3, x),
    at: [positive],
    want: () => [3753.2449948647254, 25.879149678427744, 2.401023914308926, 0.2239058488172521, 0.006878319837397668],
  },
];
