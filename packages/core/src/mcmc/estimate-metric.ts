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
 * The metric from the draws of a window: their covariance, pooled over the chains and shrunk towards 0.001 as in Stan: N / (N + 5) cov + 0.001 * 5 / (N + 5) I
 * with N draws in all. Pooled, since all chains are after one distribution and C windows together tell C times as much. With `pooling` "within", about the
 * mean of each chain, since a few chains that have not met yet would make every direction between them look wide; with "all", about the mean of all, for
 * so many chains that they are a sample of the distribution themselves.
 * @returns standard deviations [D], or the lower factor [D, D]
 */
export function estimateMetric(
  { count, first, second }: Moments,
  reference: ArrayLike<number>,
  { dimension, dense, pooling, device }: { dimension: number; dense: boolean; pooling: "within" | "all"; device?: string },
): NdArray {
  const place = device === undefined ? {} : { device };
  const chains = count.length;
  const total = count.reduce((a, b) => a + b, 0);
  const shrink = total / (total + 5);
  const at = (values: ArrayLike<number>, c: number, d: number): number => values[c * dimension + d]!;
  const centre = Float64Array.from({ length: dimension }, (_, d) => {
    let sum = 0;
    for (let c = 0; c < chains; c++) sum += at(first, c, d) + count[c]! * at(reference, c, d);
    return sum / total;
  });
  const covariance = (d: number, e: number, products: number): number => {
    let about = products;
    for (let c = 0; c < chains; c++) {
      if (count[c]! === 0) continue;
      about -= (at(first, c, d) * at(first, c, e)) / count[c]!;
      if (pooling === "all")
        about +=
          count[c]! *
          (at(first, c, d) / count[c]! + at(reference, c, d) - centre[d]!) *
          (at(first, c, e) / count[c]! + at(reference, c, e) - centre[e]!);
    }
    return (shrink * about) / Math.max(1, total - (pooling === "all" ? 1 : chains));
  };
  const ridge = (1e-3 * 5) / (total + 5);
  if (!dense)
    return array(
      Float64Array.from({ length: dimension }, (_, d) => Math.sqrt(Math.max(0, covariance(d, d, second[d]!)) + ridge)),
      place,
    );
  const matrix = new Float64Array(dimension * dimension);
  for (let d = 0; d < dimension; d++)
    for (let e = 0; e <= d; e++)
      matrix[d * dimension + e] = matrix[e * dimension + d] = covariance(d, e, second[d * dimension + e]!) + (d === e ? ridge : 0);
  using held = array(matrix, { shape: [dimension, dimension], ...place });
  return program((c: Tensor) => cholesky(c), { ...place, name: "factor of the metric" })(held);
}
