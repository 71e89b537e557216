import { diagonal, log, matmul, matrixTranspose, type NdArray, type Tensor, type Tree } from "@credence/tensor";
import type { Base, VariationalFamily } from "./family.ts";

/**
 * What a method of fitting works on: a family in coordinates v where the target is near N(0, I), u = mean + factor v. There, one step size suits every
 * coordinate, whatever its scale in u.
 */
export interface FitProblem<P extends Tree<Tensor>> {
  readonly family: VariationalFamily<P>;
  /** log p(u), [n, D] -> [n]. Traced. */
  logDensity(u: Tensor): Tensor;
  /** [D], and [D, D] or, for a family with a diagonal base, [D]. */
  readonly mean: NdArray;
  readonly factor: NdArray;
  /** u32 [2] */
  readonly key: NdArray;
  readonly placement: { readonly threads: number; readonly device?: string };
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

/** What a method of fitting gives. */
export interface Fitted {
  /** The family's parameters, placed in u: a tree of NdArrays. */
  readonly params: unknown;
  /** The ELBO, or the bound that was climbed, of every step. */
  readonly trace: Float64Array;
  /** The last of them. */
  readonly value: number;
  /** Largest component of the last gradient. */
  readonly gradientMax: number;
  readonly converged: boolean;
}

/** log p(mean + factor v) + log |det factor| for the target's log p: the target in the coordinates of a base. */
export const inBase =
  (logDensity: (u: Tensor) => Tensor, base: Base) =>
  (v: Tensor): Tensor => {
    const { mean, factor } = base;
    const u = factor.rank === 2 ? matmul(v, matrixTranspose(factor)) : v.mul(factor);
    return logDensity(u.add(mean)).add(log(factor.rank === 2 ? diagonal(factor) : factor).sum());
  };
