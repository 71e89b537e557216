import { NdArray, program, type Tensor } from "@credence/tensor";
import { type Column, columnOf, scalar, type Table, tableOf } from "../exact/table.ts";
import type { PredictiveMoments } from "./predictive.ts";

export interface PredictiveDraws {
  /** E[y | theta_s] at N places for S draws of the parameters, members of an ensemble or dropout masks: [S, N]. */
  readonly means: Table;
  /** Var[y | theta_s]: [S, N], one for each place [N], or one for all. */
  readonly variances: Table | Column | number;
  /** Weight of each draw, [S], with any sum; equal if absent. */
  readonly weights?: Column;
}

/**
 * Mean and variance of y where its parameters are draws, split by the law of total variance: Var y = E[Var(y | theta)] + Var(E[y | theta]), noise and doubt.
 * Draws are taken for the distribution itself, so the second part divides by S: S draws of a posterior understate it by a share of 1 / S.
 * Depeweg et al. 2018, "Decomposition of uncertainty in Bayesian deep learning"; Kendall and Gal 2017.
 * @throws RangeError for fewer than 2 draws, shapes that do not fit, values that are not finite and variances below 0
 */
export async function splitVariance(draws: PredictiveDraws): Promise<PredictiveMoments> {
  const owner = "splitVariance";
  const means = tableOf(owner, "means", draws.means, undefined, 2);
  const [count, places] = means.shape as [number, number];
  const variances = variancesOf(owner, draws.variances, count, places);
  const low = variances.data().findIndex((v) => v < 0);
  if (low >= 0) throw new RangeError(`${owner}: variances must be >= 0, got ${variances.data()[low]}`);
  const weights = columnOf(owner, "weights", draws.weights ?? new Float64Array(count).fill(1), count);
  if (weights.data().some((w) => w < 0)) throw new RangeError(`${owner}: weights must be >= 0`);
  if (!weights.data().some((w) => w > 0)) throw new RangeError(`${owner}: weights must have a positive sum`);
  return split.runAsync([means, variances, weights]);
}

function variancesOf(owner: string, given: PredictiveDraws["variances"], count: number, places: number): NdArray {
  if (typeof given === "number") {
    if (!Number.isFinite(given)) throw new RangeError(`${owner}: variances must be finite, got ${given}`);
    return scalar(given);
  }
  const flat = given instanceof NdArray ? given.shape.length === 1 : !Array.isArray(given) || typeof given[0] === "number";
  if (flat) return columnOf(owner, "variances", given as Column, places);
  const table = tableOf(owner, "variances", given as Table);
  if (table.shape[0] !== count || table.shape[1] !== places)
    throw new RangeError(`${owner}: variances must have the shape of means, [${count}, ${places}], got [${table.shape.join(", ")}]`);
  return table;
}

/** The two parts for draws along the first axis, [S, ...]; weights [S] with any sum. Traced. */
export function totalVariance(means: Tensor, variances: Tensor, weights: Tensor) {
  const share = weights.div(weights.sum()).reshape([weights.size, ...means.shape.slice(1).map(() => 1)]);
  const mean = means.mul(share).sum(0);
  const epistemic = means.sub(mean).square().mul(share).sum(0);
  const aleatoric = variances.broadcastTo(means.shape).mul(share).sum(0);
  return { mean, variance: aleatoric.add(epistemic), aleatoric, epistemic };
}

const split = program(totalVariance, { name: "law of total variance" });
