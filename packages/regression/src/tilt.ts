import { normalMeanField } from "@credence/core";
import { diagonal, eigenSymmetric, type NdArray, program, type Tensor } from "@credence/tensor";

/** What the best factorised normal loses of a normal posterior. */
export type Tilt = {
  readonly names: readonly string[];
  /** Variance of the factorised form over the posterior's, by coefficient: 1 - R² of each on the others. */
  readonly varianceRatio: readonly number[];
  /** KL(q || posterior), nats: the ELBO lies that far below the log evidence. */
  readonly gap: number;
  /** The pair whose correlation is largest; it is lost whole. */
  readonly first: string;
  readonly second: string;
  readonly correlation: number;
  /** The combination whose variance is most understated, coefficients by name, and by how much: posterior over factorised variance. */
  readonly narrow: Combination;
  /** The combination whose variance is most overstated. */
  readonly wide: Combination;
};

/** A combination of coefficients, each in units of its posterior sd; the largest weight is 1. */
export type Combination = { readonly ratio: number; readonly weights: readonly number[] };

/**
 * The tilt that mean-field inference loses of N(mean, covariance). The factorised optimum has variances 1 / P_ii with P the precision (Bishop 2006, section
 * 10.1.2); along a combination w the ratio w^T C w / w^T V w is an eigenvalue of V^-1 C.
 */
export async function tiltOf(covariance: NdArray, names: readonly string[]): Promise<Tilt> {
  const { varianceRatio, gap, lostCorrelation } = await normalMeanField({ covariance, names });
  const ratios = varianceRatio.data();
  const { values, weights } = await directions.runAsync([covariance, varianceRatio]);
  const [ratio, rows] = [values.data(), weights.data()];
  const width = names.length;
  const combination = (k: number): Combination => {
    const own = Array.from({ length: width }, (_, i) => rows[i * width + k]!);
    const largest = own.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
    return { ratio: ratio[k]!, weights: own.map((weight) => weight / largest) };
  };
  return {
    names,
    varianceRatio: Array.from(ratios),
    gap,
    ...lostCorrelation,
    narrow: combination(width - 1),
    wide: combination(0),
  };
}

/** Generalised eigenvectors of the correlation R and the diagonal of variance ratios D: R w = lambda D w, ascending. */
const directions = program(
  (covariance: Tensor, ratio: Tensor) => {
    const sd = diagonal(covariance).sqrt();
    const scaled = covariance.div(sd.mul(ratio.sqrt()).expandDims(0)).div(sd.mul(ratio.sqrt()).expandDims(1));
    const [values, vectors] = eigenSymmetric(scaled);
    return { values, weights: vectors.div(ratio.sqrt().expandDims(1)) };
  },
  { name: "directions of the tilt" },
);

/** `displacement + 0.62 weight - 0.31 cylinders`: the terms of at least a quarter of the largest, largest first. */
export function sayCombination(names: readonly string[], weights: readonly number[]): string {
  const terms = weights
    .map((weight, i) => ({ weight, name: names[i]! }))
    .filter(({ weight }) => Math.abs(weight) >= 0.25)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return terms
    .map(({ weight, name }, i) => {
      const size = Math.abs(weight) > 0.995 ? name : `${Math.abs(weight).toFixed(2)} ${name}`;
      return i === 0 ? (weight < 0 ? `-${size}` : size) : `${weight < 0 ? "-" : "+"} ${size}`;
    })
    .join(" ");
}
