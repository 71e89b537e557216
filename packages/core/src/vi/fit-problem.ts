import { diagonal, log, matmul, matrixTranspose, type NdArray, type Tensor, type Tree } from "@credence/tensor";
import type { Base, VariationalFamily } from "./family.ts";

/**
 * What a method of fitting works on: a family in coordinates v where the target is near N(0, I), u = mean + factor v. There, one step size suits every
 * coordinate, whatever its scale in u.
 */
export interface FitProblem<P extends Tree<Tensor>> {
  readonly family: VariationalFamily<P>;
  /** log p of v, the volume of the map included, [n, D] -> [n]. Traced. */
  logDensity(v: Tensor, base: Base): Tensor;
  /** [D] and [D, D] */
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

/** log p(mean + factor v) + log |det factor| for the target's log p. A diagonal factor is applied as such. */
export const inBase =
  (logDensity: (u: Tensor) => Tensor, shape: "dense" | "diagonal") =>
  (v: Tensor, { mean, factor }: Base): Tensor => {
    const scale = diagonal(factor);
    const u = shape === "dense" ? matmul(v, matrixTranspose(factor)) : v.mul(scale);
    return logDensity(u.add(mean)).add(log(scale).sum());
  };
