import { array, cholesky, type NdArray, program, type Tensor } from "@credence/tensor";

/** Sums over the draws of a window, about a reference of each chain. */
export interface Moments {
  /** Draws of each chain, [n]. */
  readonly count: Float64Array;
  /** Sum of draw - reference, [n, D]. */
  readonly first: Float64Array;
  /** Sum of the products of (draw - reference), pooled: [D], or [D, D] for a dense metric. */
  readonly second: Float64Array;
}

/**
 * The metric from the draws of a window: their covariance within the chains, pooled over them, and shrunk towards 0.001 as in Stan:
 * N / (N + 5) cov + 0.001 * 5 / (N + 5) I with N draws in all. Pooled, since all chains are after one distribution and C windows together tell C times as
 * much; within, since chains that have not met yet would make every direction between them look wide.
 * @returns standard deviations [D], or the lower factor [D, D]
 */
export function estimateMetric({ count, first, second }: Moments, dimension: number, dense: boolean, device?: string): NdArray {
  const place = device === undefined ? {} : { device };
  const chains = count.length;
  const total = count.reduce((a, b) => a + b, 0);
  const freedom = Math.max(1, total - chains);
  const shrink = total / (total + 5);
  const mean = (c: number, d: number): number => first[c * dimension + d]! / count[c]!;
  const within = (d: number, e: number, products: number): number => {
    let between = 0;
    for (let c = 0; c < chains; c++) if (count[c]! > 0) between += count[c]! * mean(c, d) * mean(c, e);
    return (shrink * (products - between)) / freedom;
  };
  const ridge = (1e-3 * 5) / (total + 5);
  if (!dense)
    return array(
      Float64Array.from({ length: dimension }, (_, d) => Math.sqrt(Math.max(0, within(d, d, second[d]!)) + ridge)),
      place,
    );
  const covariance = new Float64Array(dimension * dimension);
  for (let d = 0; d < dimension; d++)
    for (let e = 0; e <= d; e++)
      covariance[d * dimension + e] = covariance[e * dimension + d] = within(d, e, second[d * dimension + e]!) + (d === e ? ridge : 0);
  using held = array(covariance, { shape: [dimension, dimension], ...place });
  return program((c: Tensor) => cholesky(c), { ...place, name: "factor of the metric" })(held);
}
