import { expect, it } from "vitest";
import { grad, random, type Tensor, tanh } from "../index.ts";
import { program } from "../program.ts";

const depth = 6;
const weights = () => Array.from({ length: depth }, (_, i) => random.normal(random.key(i), [20, 20]).mul(0.3));
const loss = (w: readonly Tensor[], x: Tensor): Tensor =>
  w
    .reduce((h, m) => tanh(h.matmul(m).add(m.slice([0, 0], [1, 20]))), x)
    .square()
    .mean();
const gradients = (threads: number) =>
  program(() => grad(loss)(weights(), random.normal(random.key(99), [64, 20])) as readonly Tensor[], { threads });

it("lets several gradients of weights wait for one barrier", () => {
  const barriers = gradients(1)
    .explain()
    .split("\n")
    .filter((line) => line.trim() === "barrier").length;
  // Each layer's gradient reads what all threads have computed of its cotangent: one barrier each, were they not gathered.
  expect(barriers).toBeLessThan(depth);
});

it("gives the same bits in any number of threads", () => {
  const bits = (threads: number) => gradients(threads)().map((g) => [...((g as { data(): ArrayLike<number> }).data() as Float32Array)]);
  const one = bits(1);
  for (const threads of [2, 3, 5]) expect(bits(threads)).toEqual(one);
});
