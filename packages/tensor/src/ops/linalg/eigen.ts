import type { Tensor, TensorLike } from "../../tensor.ts";
import { eye } from "../creation.ts";
import { add, mul, reciprocal, sub, where } from "../elementwise.ts";
import { matmul, matrixTranspose } from "../matmul.ts";
import { checkFloats, defineRowOp, rowOperation } from "../rows.ts";
import { expandDims } from "../shape.ts";
import { asRows, diagonal, integersOf, matrices, square } from "./matrix.ts";

/** 1 / (value_j - value_i) beside the diagonal, 0 on it. */
function gaps(values: Tensor): Tensor {
  const own = eye(values.shape.at(-1)!, "bool");
  return where(own, 0, reciprocal(where(own, 1, sub(expandDims(values, -2), expandDims(values, -1)))));
}

defineRowOp(
  "eigenSymmetric",
  "V diag(values) V^T = A for a symmetric A, values ascending",
  (inputs) => checkFloats("eigenSymmetric", inputs),
  {
    // With M = V^T dA V: d values = diag M, dV = V (M / gaps) (Magnus, "On differentiating eigenvalues and eigenvectors", 1985).
    forward: ({ outputs: [values, vectors], attributes, tangents: [t] }) => {
      if (!t) return [];
      const [n] = integersOf(attributes) as [number];
      const V = matrices(vectors!, n);
      const M = matmul(matrixTranspose(V), matmul(matrices(t, n), V));
      return [diagonal(M), asRows(matmul(V, mul(gaps(values!), M)))];
    },
    reverse: ({ outputs: [values, vectors], attributes, cotangents: [valuesBar, vectorsBar] }) => {
      const [n] = integersOf(attributes) as [number];
      const V = matrices(vectors!, n);
      const fromValues = valuesBar && mul(expandDims(valuesBar, -1), eye(n, V.dtype));
      const fromVectors = vectorsBar && mul(gaps(values!), matmul(matrixTranspose(V), matrices(vectorsBar, n)));
      const M = fromValues && fromVectors ? add(fromValues, fromVectors) : (fromValues ?? fromVectors);
      return [M && asRows(matmul(V, matmul(M, matrixTranspose(V))))];
    },
  },
);

/**
 * Eigenvalues and eigenvectors of symmetric matrices: Jacobi's rotations up to n = 8, then Householder's reduction and implicit QL.
 * Derivatives of vectors are infinite or NaN where two values are equal: the vectors are not functions of the matrix there.
 * @param a [..., n, n], f32 or f64; (a + a^T) / 2 is taken
 * @returns `[values, vectors]`: values [..., n] ascending, vectors [..., n, n] in columns, the component of largest magnitude of each
 *   positive. NaN where `a` is not finite
 */
export function eigenSymmetric(a: TensorLike): [values: Tensor, vectors: Tensor] {
  const { matrix, n, lead } = square("eigenSymmetric", a);
  const symmetric = mul(add(matrix, matrixTranspose(matrix)), 0.5);
  const outputs = [n, n * n, 2 * n].map((length) => ({ length, dtype: matrix.dtype }));
  const [values, vectors] = rowOperation("eigenSymmetric", [asRows(symmetric)], { rows: lead, outputs, integers: [n] });
  return [values!, matrices(vectors!, n)];
}
