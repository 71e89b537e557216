import { array, inverse, NdArray, program, type Tensor } from "@credence/tensor";

/** One coordinate: what a factorised normal makes of its variance. */
export interface VarianceRatio {
  readonly name: string;
  /** Variance of the factorised fit over that of the reference. */
  readonly ratio: number;
  /** The same ratio for the best factorised normal on a normal target, 1 / (Sigma_ii (Sigma^-1)_ii): 1 minus the squared correlation of i with all others together. */
  readonly expected: number;
}

export interface LostCorrelation {
  readonly variances: readonly VarianceRatio[];
  /** Correlations of the reference that are not in the fit, largest first: of every pair above 0.1. */
  readonly pairs: readonly { readonly names: readonly [string, string]; readonly correlation: number; readonly fitted: number }[];
  /** KL of the best factorised normal from the reference's normal, (sum log (Sigma^-1)_ii + log |Sigma|) / 2 nats: what the ELBO cannot reach. */
  readonly elboGap: number;
  /** The same in plain sentences. */
  readonly sentences: readonly string[];
}

/** Covariances [D, D]. */
type Covariance = NdArray | readonly (readonly number[])[];

/** Correlations weaker than this are not worth a word. */
const worthAWord = 0.1;

/**
 * What a mean-field fit has lost beside a reference covariance: KL(q || p) makes a factorised q as narrow as p is with all other coordinates held
 * still, so that variances shrink by 1 / (Sigma_ii (Sigma^-1)_ii) and correlations vanish (MacKay 2003, section 33.7; Turner and Sahani 2011).
 * @param fitted covariance of the fit; `reference` of an exact or full-rank answer, both [D, D] in the same coordinates
 * @throws RangeError where shapes differ or the reference is not positive definite
 */
export function lostCorrelation(fitted: Covariance, reference: Covariance, names: readonly string[]): LostCorrelation {
  const d = names.length;
  const own = valuesOf("the fitted covariance", fitted, d);
  const exact = valuesOf("the reference covariance", reference, d);
  const run = program((c: Tensor) => inverse(c, { positiveDefinite: true }), { threads: 1, name: "precision" });
  using covariance = array(exact, { shape: [d, d] });
  using result = run(covariance);
  const precision = result.data();
  const at = (m: ArrayLike<number>, i: number, j: number): number => m[i * d + j]!;
  if (!precision.every(Number.isFinite)) throw new RangeError("lostCorrelation: the reference covariance must be positive definite");
  const variances = names.map((name, i) => ({
    name,
    ratio: at(own, i, i) / at(exact, i, i),
    expected: 1 / (at(exact, i, i) * at(precision, i, i)),
  }));
  const correlation = (m: ArrayLike<number>, i: number, j: number): number => at(m, i, j) / Math.sqrt(at(m, i, i) * at(m, j, j));
  const pairs = names
    .flatMap((b, j) =>
      names.slice(0, j).map((a, i) => ({ names: [a, b] as const, correlation: correlation(exact, i, j), fitted: correlation(own, i, j) })),
    )
    .filter((pair) => Math.abs(pair.correlation) > worthAWord)
    .sort((a, b) => Math.abs(b.correlation - b.fitted) - Math.abs(a.correlation - a.fitted));
  const elboGap = (logDeterminant(exact, d) + names.reduce((sum, _, i) => sum + Math.log(at(precision, i, i)), 0)) / 2;
  return { variances, pairs, elboGap, sentences: sentencesOf(variances, pairs, elboGap) };
}

function sentencesOf(variances: readonly VarianceRatio[], pairs: LostCorrelation["pairs"], elboGap: number): string[] {
  const [worst] = [...variances].sort((a, b) => a.ratio - b.ratio);
  const [pair] = pairs;
  if (!pair) return ["The coordinates are nearly uncorrelated: the factorised form loses nothing that could be seen."];
  const { names, correlation, fitted } = pair;
  return [
    `The correlation of ${names[0]} and ${names[1]} is ${correlation.toFixed(2)}, and ${fitted.toFixed(2)} in the factorised fit.`,
    `The variance of ${worst!.name} is ${worst!.ratio.toPrecision(2)} of what it should be (closed form: ${worst!.expected.toPrecision(2)}), its sd ${Math.sqrt(worst!.ratio).toPrecision(2)}: the fit is too sure of it.`,
    `What is lost comes to ${elboGap.toPrecision(3)} nats of the ELBO; use "full-rank" or a flow to keep it.`,
  ];
}

function valuesOf(what: string, covariance: Covariance, d: number): Float64Array {
  const values = Float64Array.from(covariance instanceof NdArray ? covariance.data() : covariance.flat());
  if (values.length !== d * d)
    throw new RangeError(`lostCorrelation: ${what} must be [${d}, ${d}] for ${d} names, got ${values.length} numbers`);
  const bad = Array.from({ length: d }, (_, i) => i).find((i) => !(values[i * d + i]! > 0));
  if (bad !== undefined)
    throw new RangeError(`lostCorrelation: ${what} must have positive variances, got ${values[bad * d + bad]} at ${bad}`);
  return values;
}

/** log |m| of a positive definite matrix [d, d], by Cholesky's factor. */
function logDeterminant(m: Float64Array, d: number): number {
  const l = new Float64Array(d * d);
  let log = 0;
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) {
      let value = m[i * d + j]!;
      for (let k = 0; k < j; k++) value -= l[i * d + k]! * l[j * d + k]!;
      if (i === j) {
        l[i * d + i] = Math.sqrt(value);
        log += Math.log(value);
      } else l[i * d + j] = value / l[j * d + j]!;
    }
  return log;
}
