import type { NdArray } from "@credence/tensor";
import { type C2stOptions, c2st } from "./c2st.ts";
import { type DrawsOrMoments, momentsOf, scaleOf } from "./moments.ts";

export interface OracleParameter {
  readonly name: string;
  /** Mean of the approximation less that of the oracle, in the oracle's sd. */
  readonly meanShift: number;
  /** Sd of the approximation over that of the oracle: below 1 it is too sure of itself. */
  readonly sdRatio: number;
}

export interface OracleCorrelation {
  readonly names: readonly [string, string];
  readonly approximation: number;
  readonly oracle: number;
}

export interface OracleComparison {
  readonly parameters: readonly OracleParameter[];
  /** Of all pairs, largest difference first. */
  readonly correlations: readonly OracleCorrelation[];
  /** Largest |difference| of two correlations; 0 for one parameter. */
  readonly correlationDifference: number;
  /** Classifier two-sample accuracy, where it was asked for: 0.5 is indistinguishable, 1 disjoint. */
  readonly c2st?: number;
  /** Plain sentences about what differs; empty where nothing does beyond `tolerance` and the noise of the draws. */
  readonly remarks: readonly string[];
}

export interface OracleComparisonOptions {
  readonly names: readonly string[];
  readonly approximation: DrawsOrMoments;
  /** An independent answer: a closed form, or draws of a method that is trusted. */
  readonly oracle: DrawsOrMoments;
  /** Differences of means in sd, of sds in parts, and of correlations, that deserve a remark; 0.1 if absent. */
  readonly tolerance?: number;
  /** Train the classifier too, on the draws as they are; both sides must be draws. */
  readonly c2st?: C2stOptions;
}

/**
 * Holds an approximate posterior against an oracle: means, sds, correlations, and a classifier if asked.
 * @throws RangeError where draws or moments do not fit the names or do not vary; TypeError where a classifier is asked for without draws
 */
export async function compareWithOracle(options: OracleComparisonOptions): Promise<OracleComparison> {
  const { names, tolerance = 0.1 } = options;
  if (!(tolerance > 0)) throw new RangeError(`compareWithOracle: tolerance must be > 0, got ${tolerance}`);
  const ours = momentsOf("compareWithOracle", "approximation", options.approximation, names);
  const theirs = momentsOf("compareWithOracle", "oracle", options.oracle, names);
  const [scale, exact] = [scaleOf(ours), scaleOf(theirs)];
  const parameters = names.map((name, d) => ({
    name,
    meanShift: (ours.mean[d]! - theirs.mean[d]!) / exact.sd[d]!,
    sdRatio: scale.sd[d]! / exact.sd[d]!,
  }));
  const correlations = names
    .flatMap((a, d) =>
      names
        .slice(0, d)
        .map((b, e): OracleCorrelation => ({ names: [b, a], approximation: scale.correlation[d]![e]!, oracle: exact.correlation[d]![e]! })),
    )
    .sort((a, b) => difference(b) - difference(a));
  // Four standard errors of a mean, in sd, from as many independent draws; those of an sd and of a correlation are smaller.
  const noise = 4 * Math.sqrt(1 / ours.count + 1 / theirs.count);
  const found = { parameters, correlations, correlationDifference: correlations.length > 0 ? difference(correlations[0]!) : 0 };
  const remarks = remarksOf(found, Math.max(tolerance, noise));
  if (options.c2st === undefined) return { ...found, remarks };
  const accuracy = await c2st(rowsOf("oracle", options.oracle, names), rowsOf("approximation", options.approximation, names), options.c2st);
  return { ...found, c2st: accuracy, remarks };
}

const difference = ({ approximation, oracle }: OracleCorrelation): number => Math.abs(approximation - oracle);

/** Draws as a list of rows, whatever axes they had. */
function rowsOf(which: string, given: DrawsOrMoments, { length: dimension }: readonly string[]): number[][] {
  if (!("shape" in given))
    throw new TypeError(`compareWithOracle: a classifier needs draws of both sides; ${which} is given by its moments`);
  const values = (given as NdArray).data();
  return Array.from({ length: values.length / dimension }, (_, i) => [...values.subarray(i * dimension, (i + 1) * dimension)]);
}

function remarksOf({ parameters, correlations }: Pick<OracleComparison, "parameters" | "correlations">, tolerance: number): string[] {
  const remarks: string[] = [];
  for (const { name, meanShift, sdRatio } of parameters) {
    if (Math.abs(meanShift) > tolerance)
      remarks.push(`The mean of ${name} is ${Math.abs(meanShift).toFixed(2)} sd too ${meanShift > 0 ? "high" : "low"}.`);
    if (sdRatio < 1 - tolerance) remarks.push(`${name} is overconfident: its sd is ${sdRatio.toFixed(2)} of the oracle's.`);
    if (sdRatio > 1 + tolerance) remarks.push(`${name} is underconfident: its sd is ${sdRatio.toFixed(2)} of the oracle's.`);
  }
  const lost = correlations.filter((pair) => difference(pair) > tolerance);
  for (const { names, approximation, oracle } of lost.slice(0, 3))
    remarks.push(`The correlation of ${names[0]} and ${names[1]} is ${signed(approximation)}, the oracle's ${signed(oracle)}.`);
  if (lost.length > 3) remarks.push(`So are ${lost.length - 3} more correlations off by more than ${tolerance.toFixed(2)}.`);
  return remarks;
}

const signed = (value: number): string => (Math.abs(value) < 0.005 ? "0" : value.toFixed(2));
