import type { Tensor, TensorLike } from "../../tensor.ts";
import { asTensor } from "../creation.ts";
import { abs, log, neg, sub } from "../elementwise.ts";
import { matmul, matrixTranspose } from "../matmul.ts";
import { sum } from "../reduce.ts";
import { checkFloats, defineRowOp, rowOperation } from "../rows.ts";
import { asRows, diagonal, integersOf, lower, matrices, solveColumns, square } from "./matrix.ts";

defineRowOp("triangularSolve", "X with L X = B, or L^T X = B", (inputs) => checkFloats("triangularSolve", inputs), {
  forward: ({ inputs: [l], outputs: [x], attributes, tangents: [tl, tb] }) => {
    const [n, m, transpose] = integersOf(attributes) as [number, number, number];
    if (!tl && !tb) return [undefined];
    const T = tl && lower(matrices(tl, n));
    const pushed = T && matmul(transpose ? matrixTranspose(T) : T, matrices(x!, n, m));
    const right = tb && matrices(tb, n, m);
    const change = right && pushed ? sub(right, pushed) : (right ?? neg(pushed!));
    return [asRows(triangularSolve(matrices(l!, n), change, { transpose: Boolean(transpose) }))];
  },
  reverse: ({ inputs: [l], outputs: [x], attributes, cotangents: [ct] }) => {
    if (!ct) return [];
    const [n, m, transpose] = integersOf(attributes) as [number, number, number];
    const B = triangularSolve(matrices(l!, n), matrices(ct, n, m), { transpose: !transpose });
    const X = matrices(x!, n, m);
    return [asRows(lower(neg(transpose ? matmul(X, matrixTranspose(B)) : matmul(B, matrixTranspose(X))))), asRows(B)];
  },
});

/**
 * X with L X = B, or L^T X = B with `transpose`.
 * @param l [..., n, n], f32 or f64; its lower triangle is read. A zero on the diagonal gives infinities or NaN
 * @param b [..., n, m], or [..., n] with one axis less than `l`; leading axes broadcast
 */
export function triangularSolve(l: TensorLike, b: TensorLike, options: { transpose?: boolean } = {}): Tensor {
  const { matrix, n } = square("triangularSolve", l);
  return solveColumns("triangularSolve", matrix, asTensor(b, matrix.dtype), (L, B) => {
    const m = B.shape.at(-1)!;
    const [x] = rowOperation("triangularSolve", [asRows(L), asRows(B)], {
      rows: L.shape.slice(0, -2),
      outputs: [{ length: n * m, dtype: L.dtype }],
      integers: [n, m, Number(options.transpose ?? false)],
    });
    return matrices(x!, n, m);
  });
}

/** log |det L| of a triangular [..., n, n]. */
export const logDeterminantTriangular = (l: TensorLike): Tensor => sum(log(abs(diagonal(l))), -1);
