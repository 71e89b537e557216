import { expect, test } from "vitest";
import * as t from "../index.ts";
import type { Tensor } from "../tensor.ts";
import { traceGraph } from "../trace.ts";
import { fuse } from "./fuse.ts";
import { schedule } from "./schedule.ts";
import { simplify } from "./simplify.ts";
import { worthSharing } from "./worth-sharing.ts";

/** The judgement on a function of arrays of these shapes. */
const judged = (shapes: readonly number[][], f: (...args: Tensor[]) => Tensor): boolean => {
  const arguments_ = shapes.map((shape) => ({ shape, dtype: "f64" as const }));
  return worthSharing(schedule(fuse(simplify(traceGraph(arguments_, (...args) => [f(...args)]).graph))).instructions);
};

test("a step of few numbers is not worth sharing, however often it is taken", () => {
  const leapfrog = (u: Tensor, m: Tensor): Tensor =>
    t.repeat(100_000, (h: Tensor) => h.sub(t.grad((v: Tensor) => v.matmul(m).square().sum())(h)), u);
  expect(judged([[4, 10], [10, 10]], leapfrog)).toBe(false); // biome-ignore format: shapes
  expect(judged([[1]], (x) => x.neg())).toBe(false);
});

test("long instructions are, and so are many turns that do not depend on one another", () => {
  expect(judged([[1e6]], (x) => t.tanh(x))).toBe(true);
  expect(judged([[2000, 100], [100, 64]], (x, w) => x.matmul(w))).toBe(true); // biome-ignore format: shapes
  expect(judged([[1000, 4, 10]], (xs) => t.map((x: Tensor) => t.repeat(50, (h: Tensor) => t.tanh(h), x), xs))).toBe(true);
});
