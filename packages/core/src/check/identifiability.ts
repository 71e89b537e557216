import { array, cholesky, eigenSymmetric, type NdArray, program, type Tensor, triangularSolve } from "@credence/tensor";
import type { Draws, Model } from "../model/index.ts";
import { listed } from "./elpd.ts";
import { linearExpression } from "./linear-expression.ts";
import { type DrawsOrMoments, momentsOf, scaleOf } from "./moments.ts";
import { varimax } from "./varimax.ts";

export interface ParameterContraction {
  readonly name: string;
  /** 1 - posterior variance / prior variance: 0 where the data say nothing, 1 where they leave nothing to the prior. */
  readonly contraction: number;
  /** Posterior mean less prior mean, in prior sds: beyond 3 the prior and the data disagree. */
  readonly shift: number;
}

/** A linear combination of parameters, each less its prior mean and in units of its prior sd. */
export interface Direction {
  /** Posterior over prior variance of the combination: the share that the data have left. */
  readonly share: number;
  /** By parameter; prior variance of the combination is 1. */
  readonly weights: readonly number[];
  /** Its large terms in words: `a - b`. */
  readonly expression: string;
}

export interface Identifiability {
  readonly parameters: readonly ParameterContraction[];
  /** All D directions that are uncorrelated under prior and posterior alike, best constrained first. */
  readonly directions: readonly Direction[];
  /** Those with a share below 0.1, and those above 0.5, each group turned within its span until its members name few parameters. */
  readonly constrained: readonly Direction[];
  readonly unconstrained: readonly Direction[];
  /** Plain sentences: which combinations the data constrain, which they do not, and which parameters conflict with their prior. */
  readonly remarks: readonly string[];
}

export interface IdentifiabilityOptions {
  /** Of the D quantities. Positive parameters are better given by their logarithms: a product is then a sum. */
  readonly names: readonly string[];
  readonly posterior: DrawsOrMoments;
  readonly prior: DrawsOrMoments;
}

const constrainedBelow = 0.1;
const unconstrainedAbove = 0.5;

/**
 * What the data have taught: contraction of each parameter, and of the linear combinations w that diagonalise prior and posterior
 * covariance together, C_posterior w = share C_prior w. A parameter may be hardly constrained alone and its sum with another one very well.
 * @throws RangeError where draws do not fit the names, are too few or constant, or the prior covariance is singular
 */
export function identifiability({ names, posterior, prior }: IdentifiabilityOptions): Identifiability {
  const before = momentsOf("identifiability", "prior", prior, names);
  const after = momentsOf("identifiability", "posterior", posterior, names);
  const { sd, correlation } = scaleOf(before);
  const scaled = after.covariance.map((row, d) => Array.from(row, (value, e) => value / (sd[d]! * sd[e]!)));
  const parameters = names.map((name, d) => ({
    name,
    contraction: 1 - scaled[d]![d]!,
    shift: (after.mean[d]! - before.mean[d]!) / sd[d]!,
  }));
  const weights = jointlyDiagonal(correlation, scaled);
  const direction = (w: readonly number[]): Direction => ({
    share: quadratic(scaled, w) / quadratic(correlation, w),
    weights: w,
    expression: linearExpression(names, w),
  });
  const directions = weights.map(direction);
  const turned = (keep: (share: number) => boolean) =>
    varimaxOf(
      directions.filter(({ share }) => keep(share)),
      correlation,
    ).map(direction);
  const constrained = turned((share) => share < constrainedBelow).sort((a, b) => a.share - b.share);
  const unconstrained = turned((share) => share > unconstrainedAbove).sort((a, b) => b.share - a.share);
  return {
    parameters,
    directions,
    constrained,
    unconstrained,
    remarks: remarksOf(names, { parameters, directions, constrained, unconstrained }),
  };
}

/**
 * What the data have taught of a model with a proper prior, in its unconstrained coordinates: of positive parameters the logarithms, so
 * that a known product is a known sum.
 * @param options.count draws from the prior to compare with; 4,000 if absent
 * @throws RangeError where the prior is improper, or has no finite variance along a coordinate
 */
export async function identifiabilityOfModel(
  model: Model,
  draws: Draws,
  options: { readonly seed: number; readonly count?: number; readonly device?: string },
): Promise<Identifiability> {
  const { seed, count = 4000, device } = options;
  const place = device === undefined ? {} : { device };
  const sample = program((key: Tensor) => model.samplePrior(key, count), { ...place, name: "prior draws" });
  using key = array(Uint32Array.of(seed >>> 0, 0x6964656e), place); // a stream of its own: "iden"
  using prior = await sample.runAsync([key]);
  return identifiability({ names: model.coordinates, posterior: draws.unconstrained, prior });
}

/** Vectors w with C_prior w' w = 1 that make both covariances diagonal, ascending in their posterior variance. */
function jointlyDiagonal(prior: readonly number[][], posterior: readonly number[][]): number[][] {
  const solve = program(
    (R: Tensor, S: Tensor) => {
      const L = cholesky(R);
      const [, vectors] = eigenSymmetric(triangularSolve(L, triangularSolve(L, S).T));
      return triangularSolve(L, vectors, { transpose: true }).T;
    },
    { name: "identifiability" },
  );
  using R = matrix(prior);
  using S = matrix(posterior);
  using rows = solve(R, S);
  const found = rows.tolist() as number[][];
  if (found.some((row) => row.some(Number.isNaN)))
    throw new RangeError("identifiability: the prior covariance is singular: a parameter is a linear combination of others; leave it out");
  return found;
}

const matrix = (rows: readonly (readonly number[])[]): NdArray =>
  array(Float64Array.from(rows.flat()), { shape: [rows.length, rows.length] });

const quadratic = (matrix: readonly (readonly number[])[], w: readonly number[]): number =>
  matrix.reduce((sum, row, d) => sum + w[d]! * row.reduce((inner, value, e) => inner + value * w[e]!, 0), 0);

/** The directions turned among themselves. They are orthonormal in the metric of the prior; rotations keep that. */
function varimaxOf(directions: readonly Direction[], correlation: readonly number[][]): number[][] {
  return varimax(directions.map(({ weights }) => weights)).map((w) => {
    const length = Math.sqrt(quadratic(correlation, w));
    return w.map((value) => value / length);
  });
}

/** Combinations that get a sentence of their own. */
const namedMost = 4;

const percent = (share: number): string => (share < 0.001 ? "less than 0.1 %" : `${Number((100 * share).toPrecision(2))} %`);

/** The parameter that makes up nearly all of a direction. */
function alone(names: readonly string[], { weights }: Direction): string | undefined {
  const sizes = weights.map(Math.abs);
  const largest = Math.max(...sizes);
  return sizes.filter((size) => size >= 0.2 * largest).length === 1 ? names[sizes.indexOf(largest)] : undefined;
}

/** How much two directions speak of the same parameters, 0 to 1. */
function overlap(a: Direction, b: Direction): number {
  const norm = Math.sqrt(a.weights.reduce((sum, w) => sum + w * w, 0) * b.weights.reduce((sum, w) => sum + w * w, 0));
  return a.weights.reduce((sum, w, d) => sum + Math.abs(w * b.weights[d]!), 0) / norm;
}

function remarksOf(names: readonly string[], found: Omit<Identifiability, "remarks">): string[] {
  const { parameters, directions, constrained, unconstrained } = found;
  const remarks = unconstrained.slice(0, namedMost).map((direction) => {
    const left = `${percent(direction.share)} of its prior variance is left`;
    const single = alone(names, direction);
    if (single !== undefined)
      return `The data say little about ${single}: ${left}. Its posterior is its prior; measure it otherwise, or fix it.`;
    const partner = constrained
      .filter((other) => alone(names, other) === undefined)
      .map((other) => ({ other, common: overlap(direction, other) }))
      .sort((a, b) => b.common - a.common)[0];
    const known =
      partner && partner.common > 0.5
        ? `constrain ${partner.other.expression} (${percent(partner.other.share)}) but not`
        : "do not constrain";
    return (
      `The data ${known} ${direction.expression}: ${left}. (Parameters in units of their prior sd.) ` +
      "Report the combination that is known, or bring data or a prior that tell the parameters apart."
    );
  });
  if (unconstrained.length > namedMost)
    remarks.push(
      `So it is with ${unconstrained.length - namedMost} more combinations of the ${names.length} parameters: ${listed(unconstrained.slice(namedMost).map(({ expression }) => expression))}.`,
    );
  if (remarks.length === 0) {
    const least = directions.at(-1)!;
    remarks.push(
      `The data constrain every combination of the parameters; the least so ${least.expression}, of whose prior variance ${percent(least.share)} is left.`,
    );
  }
  for (const { name, shift } of parameters)
    if (Math.abs(shift) > 3)
      remarks.push(
        `${name} ended ${Math.abs(shift).toFixed(1)} prior sds ${shift > 0 ? "above" : "below"} its prior mean: prior and data disagree. Look at the prior's units, or widen it.`,
      );
  return remarks;
}
