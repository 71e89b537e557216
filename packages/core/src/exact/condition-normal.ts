import {
  cholesky,
  concat,
  eye,
  logDeterminantTriangular,
  matmul,
  matrixTranspose,
  type Tensor,
  triangularSolve,
  zeros,
} from "@credence/tensor";
import { tallQr } from "./tall-qr.ts";

/**
 * The posterior of z ~ N(0, I) [n] given r = B z + e, e ~ N(0, I) [m]: every linear-Gaussian model is this one after whitening. Traced.
 * With fewer parameters than data, factors are [n, n] (`weights`); with fewer data than parameters, [m, m] (`data`).
 */
export type Conditioned = {
  /** E z, [n, 1]. */
  readonly mean: Tensor;
  /** Lower R with R R^T = I + B^T B (weights) or I + B B^T (data). */
  readonly lower: Tensor;
  /** r^T (I + B B^T)^-1 r: the squared distance of the data from their prior mean. */
  readonly misfit: Tensor;
  /** log det (I + B B^T) / 2. */
  readonly logDeterminant: Tensor;
};

export const inDataSpace = (b: Tensor): boolean => b.shape[0]! < b.shape[1]!;

/** Conditions on `r` [m, 1]. */
export function condition(b: Tensor, r: Tensor): Conditioned {
  const [m, n] = b.shape as [number, number];
  if (inDataSpace(b)) {
    const lower = cholesky(matmul(b, matrixTranspose(b)).add(eye(m, b.dtype)));
    const white = triangularSolve(lower, r);
    return {
      mean: matmul(matrixTranspose(b), triangularSolve(lower, white, { transpose: true })),
      lower,
      misfit: white.square().sum(),
      logDeterminant: logDeterminantTriangular(lower),
    };
  }
  // Least squares of [B; I] z = [r; 0]: the condition number of the matrix counts, not its square.
  const { q, lower } = tallQr(concat([b, eye(n, b.dtype)], 0));
  const mean = triangularSolve(lower, matmul(matrixTranspose(q), concat([r, zeros([n, 1], b.dtype)], 0)), { transpose: true });
  return {
    mean,
    lower,
    // |r - B z|^2 + |z|^2 at the mean: a sum of squares, where r^T r - r^T B z would cancel.
    misfit: r.sub(matmul(b, mean)).square().sum().add(mean.square().sum()),
    logDeterminant: logDeterminantTriangular(lower),
  };
}

/** Variance of c^T z for the columns c of [n, k]: [k]. */
export function varianceAlong(b: Tensor, lower: Tensor, columns: Tensor): Tensor {
  if (!inDataSpace(b)) return triangularSolve(lower, columns).square().sum(0);
  return columns
    .square()
    .sum(0)
    .sub(triangularSolve(lower, matmul(b, columns)).square().sum(0));
}

/**
 * The deviation of z from its mean for standard normal columns: [n, k] each, and in data space [m, k] more (Matheron's rule: draw z and data from the
 * prior, and take off what the data say of them; Wilson et al. 2021, "Pathwise conditioning").
 */
export function deviations(b: Tensor, lower: Tensor, first: Tensor, second: Tensor): Tensor {
  if (!inDataSpace(b)) return triangularSolve(lower, first, { transpose: true });
  const replicated = matmul(b, first).add(second);
  const solved = triangularSolve(lower, triangularSolve(lower, replicated), { transpose: true });
  return first.sub(matmul(matrixTranspose(b), solved));
}
