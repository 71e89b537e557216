import { array, program, type Tensor } from "@credence/tensor";
import { expect, test } from "vitest";
import { denseOperator } from "./linear-operator.ts";

const matrix = array([1, 2, 3, 4, 5, 6], { dtype: "f64", shape: [2, 3] });
const vector = (...values: number[]) => array(values, { dtype: "f64" });

test("a dense operator multiplies vectors and blocks, from both sides", () => {
  const a = denseOperator(matrix);
  expect([a.rows, a.columns]).toEqual([2, 3]);
  expect(program((x: Tensor) => a.apply(x))(vector(1, 0, -1)).tolist()).toEqual([-2, -2]);
  expect(program((y: Tensor) => a.applyTransposed(y))(vector(1, -1)).tolist()).toEqual([-3, -3, -3]);
  const block = array([1, 0, 0, 1, -1, 1], { dtype: "f64", shape: [3, 2] });
  expect(program((x: Tensor) => a.apply(x))(block).tolist()).toEqual([
    [-2, 5],
    [-2, 11],
  ]);
  expect(program((y: Tensor) => [a.applyTransposed(y.reshape([2, 1])), a.dense()])(vector(1, -1)).map((x) => x.shape)).toEqual([
    [3, 1],
    [2, 3],
  ]);
});

test("what does not fit is refused", () => {
  expect(() => denseOperator(vector(1, 2))).toThrow("expected a matrix [rows, columns], got [2]");
  expect(() => program((x: Tensor) => denseOperator(matrix).apply(x))(vector(1, 2))).toThrow("apply: expected [3] or [3, k], got [2]");
});
