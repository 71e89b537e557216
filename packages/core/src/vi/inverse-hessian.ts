import {
  broadcastTo,
  cholesky,
  concat,
  diagonal,
  eigenSymmetric,
  eye,
  iota,
  log,
  matmul,
  matrixTranspose,
  sqrt,
  type Tensor,
  triangularSolve,
  where,
  zeros,
} from "@credence/tensor";

/**
 * A covariance A^(1/2) (I + Q (K K^T - I) Q^T) A^(1/2) of each of n rows, A = diag(scale^2): what quasi-Newton steps have seen of the curvature, without a
 * [D, D] array. The columns of Q are orthonormal, or zero.
 */
export type FactoredCovariance = {
  /** [n, D] */
  readonly scale: Tensor;
  /** Q, [n, D, 2 memory] */
  readonly basis: Tensor;
  /** K, lower triangular, [n, 2 memory, 2 memory] */
  readonly core: Tensor;
};

/** Directions whose length is smaller than this share of the longest are rounding. */
const rankTolerance = 1e-13;

/**
 * The inverse Hessian of limited-memory BFGS with initial diagonal `alpha` [n, D], in the factored form of Zhang, Carpenter, Gelman and Vehtari (2022), algorithm 4.
 * @param steps s_i and `changes` z_i of the gradient over them, oldest first, [memory, n, D]; `inverseCurvature` 1 / (s_i . z_i) [memory, n], 0 for no pair
 */
export function factoredInverseHessian(
  alpha: Tensor,
  { steps, changes, inverseCurvature }: { readonly steps: Tensor; readonly changes: Tensor; readonly inverseCurvature: Tensor },
): FactoredCovariance {
  const [memory, n] = steps.shape as [number, number, number];
  // A pair may be scaled as a whole: here to s . z = 1, so that late pairs, of short steps, count as early ones do.
  const unit = sqrt(inverseCurvature).expandDims(2);
  const columns = (pairs: Tensor): Tensor => pairs.mul(unit).transpose([1, 2, 0]);
  const s = columns(steps);
  const z = columns(changes);
  const scale = sqrt(alpha);
  const shape = [n, memory, memory];
  const identity = broadcastTo(eye(memory, alpha.dtype), shape);
  const products = matmul(matrixTranspose(s), z);
  const upper = where(iota(shape, 2).greater(iota(shape, 1)), products, 0).add(identity);
  const inverseTransposed = triangularSolve(matrixTranspose(upper), identity);
  const scaled = z.mul(scale.expandDims(2));
  const inner = matmul(matrixTranspose(scaled), scaled).add(identity);
  const corner = matmul(matmul(inverseTransposed, inner), matrixTranspose(inverseTransposed));
  const gamma = concat(
    [concat([zeros(shape, alpha.dtype), matrixTranspose(inverseTransposed).neg()], 2), concat([inverseTransposed.neg(), corner], 2)],
    1,
  );
  // The columns that gamma acts on, made orthonormal by the eigenvectors of their products.
  const span = concat([scaled, s.div(scale.expandDims(2))], 2);
  const [values, vectors] = eigenSymmetric(matmul(matrixTranspose(span), span));
  const kept = values.greater(values.max(1, true).mul(rankTolerance)).expandDims(1);
  const lengths = sqrt(values.maximum(0)).expandDims(1);
  const basis = matmul(span, where(kept, vectors.div(where(kept, lengths, 1)), 0));
  const mixing = where(kept, vectors.mul(lengths), 0);
  const within = matmul(matmul(matrixTranspose(mixing), gamma), mixing);
  const core = cholesky(
    within
      .add(matrixTranspose(within))
      .mul(0.5)
      .add(broadcastTo(eye(2 * memory, alpha.dtype), within.shape)),
  );
  return { scale, basis, core };
}

/** The factor applied to noise: rows [n, K, D] -> [n, K, D]. */
export function colour({ scale, basis, core }: FactoredCovariance, noise: Tensor): Tensor {
  const inside = matmul(noise, basis);
  return noise.add(matmul(matmul(inside, matrixTranspose(core)).sub(inside), matrixTranspose(basis))).mul(scale.expandDims(1));
}

/** The covariance applied to one vector of each row, [n, D]. */
export function applyCovariance({ scale, basis, core }: FactoredCovariance, v: Tensor): Tensor {
  const x = v.mul(scale).expandDims(1);
  const inside = matmul(x, basis);
  const full = matmul(matmul(inside, core), matrixTranspose(core));
  return x
    .add(matmul(full.sub(inside), matrixTranspose(basis)))
    .squeeze(1)
    .mul(scale);
}

/** log |det factor| of each row, [n]. */
export const logVolume = ({ scale, core }: FactoredCovariance): Tensor =>
  log(scale)
    .sum(1)
    .add(log(diagonal(core)).sum(1));

/**
 * The diagonal of an inverse Hessian after a step s [n, D] over which the gradient changed by z [n, D] (Gilbert and Lemarechal 1989; Zhang et al. 2022, algorithm 3).
 */
export function updateDiagonal(alpha: Tensor, s: Tensor, z: Tensor): Tensor {
  const total = (x: Tensor): Tensor => x.sum(1, true);
  const a = total(z.square().mul(alpha));
  const b = total(z.mul(s));
  const c = total(s.square().div(alpha));
  const inverse = a
    .div(b)
    .div(alpha)
    .add(z.square().div(b))
    .sub(s.square().mul(a).div(b.mul(c)).div(alpha.square()));
  return inverse.pow(-1);
}
