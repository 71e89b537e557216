import { array, program, random, type Tensor, tanh, valueAndGrad } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { meanGradient } from "./mean-gradient.ts";

type Params = { readonly w: Tensor; readonly b: Tensor };
type Batch = { readonly x: Tensor; readonly y: Tensor };
const loss = ({ w, b }: Params, { x, y }: Batch): Tensor => tanh(x.matmul(w)).add(b).sub(y).square().mean();

describe("the gradient of a mean, block by block", () => {
  it.each([5, 8, 16, 23, 64, 67, 200, 205])("of %i rows is that of the whole", (rows) => {
    const run = program(() => {
      const normal = (n: number, shape: number[]) => random.normal(random.key(n), shape, { dtype: "f64" });
      const params = { w: normal(1, [3, 2]), b: normal(2, [2]) };
      const batch = { x: normal(3, [rows, 3]), y: normal(4, [rows, 2]) };
      const [value, gradient] = meanGradient(loss, { blockRows: 4 })(params, batch);
      const [expected, exact] = valueAndGrad(loss)(params, batch) as [Tensor, Params];
      return [value.sub(expected).abs(), gradient.w.sub(exact.w).abs().max(), gradient.b.sub(exact.b).abs().max()];
    });
    // The same sums in another order, in f64: some tens of roundings of numbers of order 1 to 10.
    for (const apart of run()) expect(apart.item()).toBeLessThan(1e-14);
  });

  it.each([8, 67, 205])("of %i rows has the same bits in any number of threads", (rows) => {
    const bits = (threads: number) => {
      const run = program(
        () => {
          const normal = (n: number, shape: number[]) => random.normal(random.key(n), shape);
          const batch = { x: normal(3, [rows, 3]), y: normal(4, [rows, 2]) };
          const [value, { w, b }] = meanGradient(loss, { blockRows: 4 })({ w: normal(1, [3, 2]), b: normal(2, [2]) }, batch);
          return [value, w, b];
        },
        { threads },
      );
      return run().map((array) => array.tolist());
    };
    for (const threads of [2, 3, 5]) expect(bits(threads)).toEqual(bits(1));
  });

  it("refuses what has no common rows", () => {
    const run = program((w: Tensor, x: Tensor) => meanGradient(loss)({ w, b: w }, { x, y: w })[0]);
    expect(() => run(array([[1, 2]]), array([[1], [2]]))).toThrow("needs the same number of rows, got [2, 1], [1, 2]");
    expect(() => meanGradient(loss, { blockRows: 0 })).toThrow("blockRows must be a positive integer, got 0");
  });
});
