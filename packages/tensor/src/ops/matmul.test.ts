import { expect, test } from "vitest";
import * as t from "../index.ts";
import type { Tensor } from "../tensor.ts";

const filled = (shape: number[]): t.NdArray => {
  const size = shape.reduce((n, extent) => n * extent, 1);
  return t.array(
    Float64Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + size)),
    { shape },
  );
};
const productsOf = (plan: string): string[] =>
  plan
    .split("# fused")[1]!
    .split("\n")
    .filter((line) => line.startsWith("matmul"))
    .map((line) => line.split(" ")[1]!);

const [n, rows, k] = [5, 30, 4];
const shared = filled([rows, k]);

test.each([
  ["a vector", [n, k], `1x${n}x${k}x${rows}`],
  ["a matrix", [n, k, 3], `1x${rows}x${k}x${3 * n}`],
])("a matrix times %s of each member is one product over all members", (_, shape, product) => {
  const members = filled(shape);
  const f = t.program((b: Tensor): Tensor => t.vmap((one: Tensor) => t.matmul(shared, one))(b));
  expect(productsOf(f.explain(members))).toEqual([product]);
  const alone = t.program((b: Tensor) => t.stack(Array.from({ length: n }, (_, i) => t.matmul(shared, t.index(b, i)))))(members);
  const together = f(members);
  expect(together.shape).toEqual(alone.shape);
  const expected = alone.data();
  // A single column is summed in lanes, several are not: 4 terms of size 1 differ by a few ulp.
  together.data().forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-15);
  });
});

test.each([
  ["the gradient of a batch", (f: (b: Tensor) => Tensor) => t.grad((b: Tensor) => t.sum(t.vmap(f)(b)))],
  ["a batch of gradients", (f: (b: Tensor) => Tensor) => t.vmap(t.grad(f))],
])("%s of a regression is two products", (_, gradientOf) => {
  const f = (b: Tensor): Tensor => t.sum(t.softplus(t.matmul(shared, b)));
  const g = t.program((b: Tensor): Tensor => gradientOf(f)(b) as Tensor);
  const b = filled([n, k]);
  expect(productsOf(g.explain(b))).toEqual([`1x${n}x${k}x${rows}`, `1x${n}x${rows}x${k}`]);
  const alone = t.program((one: Tensor): Tensor => t.grad(f)(one));
  const rowsOfB = b.tolist() as number[][];
  const got = g(b).tolist() as number[][];
  rowsOfB.forEach((row, i) => {
    alone(Float64Array.from(row))
      .data()
      .forEach((value, j) => {
        // 30 terms, summed in another order: a few ulp.
        expect(Math.abs(got[i]![j]! - value)).toBeLessThan(1e-14 * (1 + Math.abs(value)));
      });
  });
});

test("abstractly tells shapes and refuses what does not fit, without a run", () => {
  const abstract = { shape: [2, 3], dtype: "f64" as const };
  expect(t.abstractly([abstract], (x) => t.matmul(x!, x!.T).shape)).toEqual([2, 2]);
  expect(() => t.abstractly([abstract], (x) => t.matmul(x!, x!))).toThrow("the inner extents 3 and 2 must agree");
});
