import {
  diagonal,
  eye,
  greaterEqual,
  inverse,
  iota,
  log,
  matmul,
  matrixTranspose,
  type NdArray,
  program,
  type Tensor,
  triangularSolve,
} from "@credence/tensor";
import { factorOf, logSize, meanOf } from "../../exact/spread.ts";
import { type Column, columnOf, namesOf, type Table, tableOf } from "../../exact/table.ts";
import { type Ascent, type AscentOptions, type CoordinateAscentMethod, coordinateAscent } from "./ascend.ts";

export interface NormalMeanFieldOptions extends AscentOptions {
  /** Mean of the target, [D]; 0 if absent. */
  readonly mean?: number | Column;
  /** Covariance of the target, [D, D]. */
  readonly covariance: Table;
  /** Where the means of q start, [D]; 1 sd above the target's if absent. */
  readonly start?: Column;
  readonly names?: readonly string[];
}

export interface NormalMeanField {
  readonly names: readonly string[];
  /** Means and variances of q, f64 [D]. */
  readonly mean: NdArray;
  readonly variance: NdArray;
  /** Variance of q over that of the target, f64 [D]: 1 - R^2 of each coordinate on the others. */
  readonly varianceRatio: NdArray;
  /** KL(q || target) in nats: what the factorised form costs. The ELBO is its negative, since the target is normalised. */
  readonly gap: number;
  /** The pair with the largest correlation in the target, which q has at 0. */
  readonly lostCorrelation: { readonly first: string; readonly second: string; readonly correlation: number };
  readonly ascent: Ascent;
}

type Data = { readonly mean: Tensor; readonly precision: Tensor; readonly logDeterminant: Tensor; readonly start: Tensor };
type Q = { readonly mean: Tensor; readonly variance: Tensor };

const method: CoordinateAscentMethod<Data, Q> = {
  name: "normalMeanField",
  terms: { "E log p(x)": "reconstruction", "H[q(x)]": "regularisation" },
  init: ({ precision, start }) => ({ mean: start, variance: diagonal(precision).pow(-1) }),
  // m_i = mu_i - sum over j != i of P_ij (m_j - mu_j) / P_ii, one after the other: (D + L) (m' - mu) = -U (m - mu).
  sweep({ mean, precision }, q) {
    const offset = q.mean.sub(mean);
    const upper = matmul(precision, offset.expandDims(1)).squeeze(1).sub(lowerProduct(precision, offset));
    return { mean: mean.sub(triangularSolve(precision, upper.expandDims(1)).squeeze(1)), variance: q.variance };
  },
  elbo({ mean, precision, logDeterminant }, q) {
    const size = mean.size;
    const offset = q.mean.sub(mean).expandDims(1);
    const quadratic = offset.mul(matmul(precision, offset)).sum().add(diagonal(precision).mul(q.variance).sum());
    return {
      "E log p(x)": logDeterminant
        .sub(quadratic)
        .sub(size * Math.log(2 * Math.PI))
        .mul(0.5),
      "H[q(x)]": log(q.variance)
        .sum()
        .add(size * (1 + Math.log(2 * Math.PI)))
        .mul(0.5),
    };
  },
};

/** (D + L) v, D the diagonal of a and L the part below it. */
const lowerProduct = (a: Tensor, v: Tensor): Tensor => {
  const below = greaterEqual(iota(a.shape, 0), iota(a.shape, 1)).cast(a.dtype);
  return matmul(a.mul(below), v.expandDims(1)).squeeze(1);
};

const prepared = program(
  (lower: Tensor) => {
    const size = lower.shape[0]!;
    const covariance = lower.rank === 1 ? eye(size, "f64").mul(lower.square()) : matmul(lower, matrixTranspose(lower));
    const precision = inverse(covariance, { positiveDefinite: true });
    const sd = diagonal(covariance).sqrt();
    return { precision, logDeterminant: logSize(lower).mul(-2), sd, correlation: covariance.div(sd).div(sd.expandDims(1)) };
  },
  { name: "precision of a normal" },
);

/**
 * Mean-field approximation of a normal: q(x) = prod q_i(x_i) with means those of the target and variances 1 / P_ii, P the precision, so each is too small by
 * the factor 1 - R_i^2 (Bishop 2006, section 10.1.2). KL(q || target) = (sum log P_ii - log det P) / 2.
 * @throws RangeError where the covariance is not symmetric positive definite
 */
export async function normalMeanField(options: NormalMeanFieldOptions): Promise<NormalMeanField> {
  const owner = method.name;
  const table = tableOf(owner, "covariance", options.covariance, options.names);
  const size = table.shape[0]!;
  const names = namesOf(owner, options.names, size, "x");
  const lower = factorOf(owner, "target", { covariance: table }, size);
  const mean = meanOf(owner, "target", options.mean, size);
  const { precision, logDeterminant, sd, correlation } = await prepared.runAsync([lower]);
  const start = options.start ? columnOf(owner, "start", options.start, size) : await above.runAsync([mean, sd]);
  const { q, ascent } = await coordinateAscent(method, { mean, precision, logDeterminant, start }, options);
  const { mean: centre, variance } = q as { mean: NdArray; variance: NdArray };
  return {
    names,
    mean: centre,
    variance,
    varianceRatio: await ratio.runAsync([variance, sd]),
    gap: -ascent.elbo,
    lostCorrelation: strongest(names, correlation.data()),
    ascent,
  };
}

const above = program((mean: Tensor, sd: Tensor) => mean.add(sd));
const ratio = program((variance: Tensor, sd: Tensor) => variance.div(sd.square()));

function strongest(names: readonly string[], correlation: ArrayLike<number>): NormalMeanField["lostCorrelation"] {
  const size = names.length;
  let best = { first: names[0]!, second: names[0]!, correlation: 0 };
  for (let i = 0; i < size; i++)
    for (let j = 0; j < i; j++)
      if (Math.abs(correlation[i * size + j]!) > Math.abs(best.correlation))
        best = { first: names[j]!, second: names[i]!, correlation: correlation[i * size + j]! };
  return best;
}
