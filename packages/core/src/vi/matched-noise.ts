import { cholesky, concat, matmul, matrixTranspose, random, type Tensor, triangularSolve } from "@credence/tensor";

/**
 * Standard normal noise [count, width] in pairs z, -z, whose sample mean is 0 and, for count >= 2 width, whose sample covariance is the identity, both to rounding:
 * the mean over it of any quadratic is its expectation. Other expectations are those of a sample, without the errors that come from the first two moments.
 */
export function matchedNoise(key: Tensor, count: number, width: number): Tensor {
  if (!(Number.isInteger(count) && count >= 2 && count % 2 === 0)) throw new RangeError(`draws must be an even integer >= 2, got ${count}`);
  const half = random.normal(key, [count / 2, width], { dtype: "f64" });
  if (!matches(count, width)) return concat([half, half.neg()], 0);
  // Twice: what rounding left of the first time, the second removes.
  const once = whitened(whitened(half));
  return concat([once, once.neg()], 0);
}

/** Whether so many draws can have the identity for their covariance. */
export const matches = (count: number, width: number): boolean => count / 2 >= width;

function whitened(rows: Tensor): Tensor {
  const covariance = matmul(matrixTranspose(rows), rows).mul(1 / rows.shape[0]!);
  return matrixTranspose(triangularSolve(cholesky(covariance), matrixTranspose(rows)));
}
