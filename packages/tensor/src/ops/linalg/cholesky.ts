import type { Tensor, TensorLike } from "../../tensor.ts";
import { add, mul } from "../elementwise.ts";
import { matmul, matrixTranspose } from "../matmul.ts";
import { checkFloats, defineRowOp, rowOperation } from "../rows.ts";
import { asRows, integersOf, lower, matrices, square } from "./matrix.ts";
import { triangularSolve } from "./triangular.ts";

defineRowOp("cholesky", "lower L with L L^T = A; NaN where A is not positive definite", (inputs) => checkFloats("cholesky", inputs), {
  // Murray, "Differentiation of the Cholesky decomposition" (2016): dL = L phi(L^-1 dA L^-T).
  forward: ({ outputs: [l], attributes, tangents: [t] }) => {
    if (!t) return [undefined];
    const [n] = integersOf(attributes) as [number];
    const L = matrices(l!, n);
    const left = triangularSolve(L, matrices(t, n));
    const both = matrixTranspose(triangularSolve(L, matrixTranspose(left)));
    return [asRows(matmul(L, lower(both, true)))];
  },
  reverse: ({ outputs: [l], attributes, cotangents: [ct] }) => {
    if (!ct) return [];
    const [n] = integersOf(attributes) as [number];
    const L = matrices(l!, n);
    const P = lower(matmul(matrixTranspose(L), lower(matrices(ct, n))), true);
    const middle = mul(add(P, matrixTranspose(P)), 0.5);
    const left = triangularSolve(L, middle, { transpose: true });
    return [asRows(matrixTranspose(triangularSolve(L, matrixTranspose(left), { transpose: true })))];
  },
});

/**
 * Lower triangular L with L L^T = `a`.
 * @param a [..., n, n], f32 or f64, symmetric positive definite; its lower triangle is read
 * @returns [..., n, n]; NaN throughout where `a` is not positive definite
 */
export function cholesky(a: TensorLike): Tensor {
  const { matrix, n, lead } = square("cholesky", a);
  const [l] = rowOperation("cholesky", [asRows(matrix)], { rows: lead, outputs: [{ length: n * n, dtype: matrix.dtype }], integers: [n] });
  return matrices(l!, n);
}
