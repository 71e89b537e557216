import { cast, expandDims, type NdArray, program, reshape, type Tensor } from "@credence/tensor";

/** First two moments of a vector of D quantities. */
export interface Moments {
  /** [D] */
  readonly mean: ArrayLike<number> | NdArray;
  /** [D, D] */
  readonly covariance: readonly ArrayLike<number>[] | NdArray;
}

/** Draws [..., D], or their moments where these are known. */
export type DrawsOrMoments = NdArray | Moments;

/** Moments on the host, with the number of draws that they come from, Infinity where they were given. */
export interface CheckedMoments {
  readonly mean: ArrayLike<number>;
  readonly covariance: readonly ArrayLike<number>[];
  readonly count: number;
}

/** Mean and covariance (n - 1) of draws [..., D], or the given ones, checked against D names. */
export function momentsOf(what: string, which: string, given: DrawsOrMoments, names: readonly string[]): CheckedMoments {
  const dimension = names.length;
  if (!("shape" in given)) {
    const mean = "data" in given.mean ? given.mean.data() : given.mean;
    const covariance = "data" in given.covariance ? (given.covariance.tolist() as number[][]) : given.covariance;
    if (mean.length !== dimension || covariance.length !== dimension || covariance.some((row) => row.length !== dimension))
      throw new RangeError(
        `${what}: ${which} has a mean of ${mean.length} and a covariance of ${covariance.length} rows for ${dimension} names`,
      );
    covariance.forEach((row, d) => {
      if (!(row[d]! > 0 && Number.isFinite(row[d]!) && Number.isFinite(mean[d]!)))
        throw new RangeError(`${what}: ${which} must have finite means and variances > 0, got ${mean[d]} and ${row[d]} for ${names[d]}`);
    });
    return { mean, covariance, count: Infinity };
  }
  const count = given.size / dimension;
  if (given.shape.at(-1) !== dimension)
    throw new RangeError(
      `${what}: ${which} has shape [${given.shape.join(", ")}]; expected ${dimension} quantities along the last axis: ${names.join(", ")}`,
    );
  if (count <= dimension) throw new RangeError(`${what}: ${which} has ${count} draws; expected more than the ${dimension} quantities`);
  const of = program(
    (draws: Tensor) => {
      const rows = reshape(cast(draws, "f64"), [count, dimension]);
      const mean = rows.mean(0);
      const centred = rows.sub(expandDims(mean, 0));
      return { mean, covariance: centred.T.matmul(centred).mul(1 / (count - 1)) };
    },
    { name: "moments" },
  );
  const result = of(given);
  using mean = result.mean;
  using covariance = result.covariance;
  const values = covariance.data();
  const rows = Array.from({ length: dimension }, (_, d) => values.slice(d * dimension, (d + 1) * dimension));
  rows.forEach((row, d) => {
    if (!Number.isFinite(row[d]!)) throw new RangeError(`${what}: ${which} has draws of ${names[d]} that are not finite`);
    if (!(row[d]! > 0)) throw new RangeError(`${what}: ${names[d]} is the same in all draws of ${which}; leave it out`);
  });
  return { mean: mean.data(), covariance: rows, count };
}

/** Standard deviations, and correlations [D][D], of moments. */
export function scaleOf({ covariance }: CheckedMoments): { sd: number[]; correlation: number[][] } {
  const sd = covariance.map((row, d) => Math.sqrt(row[d]!));
  return { sd, correlation: covariance.map((row, d) => Array.from(row, (value, e) => value / (sd[d]! * sd[e]!))) };
}
