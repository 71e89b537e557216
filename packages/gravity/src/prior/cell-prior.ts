import type { Tensor } from "@credence/tensor";
import type { Mesh } from "../mesh.ts";

/**
 * A normal over the density contrasts of the n cells of a mesh, m = mean + P z with z standard normal, kg/m3. All functions trace; vectors are columns [n, k],
 * cells as in arrays [nz, ny, nx].
 */
export interface CellPrior {
  readonly mesh: Mesh;
  /** n. */
  readonly size: number;
  /** [n] */
  mean(): Tensor;
  /** P v. */
  colour(v: Tensor): Tensor;
  /** P^T v. */
  colourTransposed(v: Tensor): Tensor;
  /** P^-1 v. */
  whiten(v: Tensor): Tensor;
  /** log |det P|: half the log determinant of the covariance. */
  logDeterminant(): Tensor;
  /** Marginal variance of each cell, [n]. */
  variance(): Tensor;
}
