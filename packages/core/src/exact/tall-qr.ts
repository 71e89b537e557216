import { cholesky, eye, matmul, matrixTranspose, type Tensor, triangularSolve } from "@credence/tensor";

/** B = Q R, columns of Q orthonormal. */
export interface TallQr {
  /** [m, n] */
  readonly q: Tensor;
  /** R^T, lower triangular with a positive diagonal, [n, n]. */
  readonly lower: Tensor;
}

/**
 * QR factors of `b` [m, n], m >= n, in f64, by three Cholesky factorisations: one of B^T B shifted by rounding, so that it exists, then two that
 * make the columns orthonormal to rounding. As accurate as Householder's for condition numbers up to 1e15, where B^T B itself is singular, and
 * all products. Fukaya et al. 2020, "Shifted Cholesky QR for computing the QR factorization of ill-conditioned matrices".
 */
export function tallQr(b: Tensor): TallQr {
  const [m, n] = b.shape as [number, number];
  const gram = matmul(matrixTranspose(b), b);
  // 11 (m n + n (n + 1)) u |B|^2 is the shift of the paper; the Frobenius norm bounds |B|.
  const shift = b
    .square()
    .sum()
    .mul(11 * (m * n + n * (n + 1)) * (Number.EPSILON / 2));
  const first = cholesky(gram.add(eye(n, b.dtype).mul(shift)));
  const once = orthogonalise(rowsSolved(first, b));
  const twice = orthogonalise(once.q);
  // R = R_3 R_2 R_1, and lower = R^T.
  return { q: twice.q, lower: matmul(matmul(first, once.lower), twice.lower) };
}

function orthogonalise(q: Tensor): TallQr {
  const lower = cholesky(matmul(matrixTranspose(q), q));
  return { q: rowsSolved(lower, q), lower };
}

/** B L^-T. */
const rowsSolved = (lower: Tensor, b: Tensor): Tensor => matrixTranspose(triangularSolve(lower, matrixTranspose(b)));
