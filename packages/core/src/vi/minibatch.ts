import { random, type Tensor } from "@credence/tensor";
import type { Target } from "../model/index.ts";
import type { StepDensity } from "./fit-fresh-draws.ts";

/** A target that tells prior and likelihood apart, as `model` makes it. */
export interface SeparatedTarget extends Target {
  /** N of the data given row by row; undefined where they are not. */
  readonly rows: number | undefined;
  /** [n, D] -> [n], the volume of the map to u included. */
  logPrior(u: Tensor): Tensor;
  /** [n, D] -> [n]; of the rows i32 [B] alone, times N / B, where they are given. */
  logLikelihood(u: Tensor, rows?: Tensor): Tensor;
}

/** Whether a target has a likelihood of its own. */
export function separated(target: Target): target is SeparatedTarget {
  const given = target as Partial<SeparatedTarget> & { readonly observations?: readonly unknown[] };
  return typeof given.logPrior === "function" && typeof given.logLikelihood === "function" && given.observations?.length !== 0;
}

/**
 * log prior + N / B times the log-likelihood of B rows drawn anew at every step, without replacement: its mean over the draws of rows is the log density
 * (Hoffman, Blei, Wang and Paisley 2013).
 */
export const minibatchDensity =
  (target: SeparatedTarget, batchSize: number): StepDensity =>
  (u, key) => {
    const rows = random.permutation(key, target.rows!).slice([0], [batchSize]);
    return target.logPrior(u).add(target.logLikelihood(u, rows));
  };
