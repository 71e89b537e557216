import { array, logSoftmax, logSumExp, type NdArray, program, type Tensor } from "@credence/tensor";
import { type Column, columnOf, keyOf, namesOf, requireCount, requirePositive, scalar, type Table, tableOf } from "../../exact/table.ts";
import { type Ascent, type AscentOptions, coordinateAscent } from "./ascend.ts";
import { describeRows, randomStart, sliceStart } from "./gaussian-mixture-start.ts";
import {
  expectations,
  logResponsibilities,
  logStudentRows,
  type MixtureData,
  type MixtureFactors,
  mixtureElbo,
  mixtureTerms,
  parametersGiven,
} from "./gaussian-mixture-terms.ts";

export interface GaussianMixtureOptions extends AscentOptions {
  /** Rows [n, d]. */
  readonly x: Table;
  readonly names?: readonly string[];
  /** Components at most, K; with a small concentration those that are not needed empty. */
  readonly components: number;
  readonly prior?: {
    /** Of the Dirichlet over weights; 1 if absent. */
    readonly concentration?: number;
    /** Of the component means, [d]; the mean of the rows if absent. */
    readonly mean?: Column;
    /** Rows that the prior mean is worth; 1 if absent. */
    readonly beta?: number;
    /** Degrees of freedom of the Wishart; d if absent. */
    readonly degrees?: number;
    /** Inverse of its scale matrix, [d, d]: a prior sum of squares. The variances of the columns on the diagonal if absent. */
    readonly scaleInverse?: Table;
  };
  /** Responsibilities to start from, [n, K]; equal slices along the first principal axis if absent. */
  readonly start?: Table;
  /** Further starts around rows drawn at random, of which the one with the highest ELBO is kept; 0 if absent. */
  readonly restarts?: number;
  /** Of those starts; 0 if absent. */
  readonly seed?: number;
}

export interface GaussianMixture {
  readonly names: readonly string[];
  /** E pi, f64 [K]. */
  readonly weights: NdArray;
  /** Rows that each component answers for, f64 [K]: their sum is n. */
  readonly counts: NdArray;
  /** E mu, f64 [K, d]. */
  readonly mean: NdArray;
  /** (E Lambda)^-1, f64 [K, d, d]. */
  readonly covariance: NdArray;
  /** f64 [n, K] */
  readonly responsibilities: NdArray;
  /** Components that answer for a row or more. */
  readonly active: number;
  /** The parameters of q: concentration [K], mean [K, d], beta [K], scaleInverse [K, d, d], degrees [K]. */
  readonly factors: { readonly [K in Exclude<keyof MixtureFactors, "responsibilities">]: NdArray };
  readonly ascent: Ascent;
  /** ELBO of every start, the slices (or the start given) first. */
  readonly elboOfStarts: readonly number[];
  readonly warnings: readonly string[];
  /** Responsibilities of new rows, f64 [N, K]. */
  assign(x: Table): Promise<NdArray>;
  /** log p(x | data) of new rows, f64 [N]: a mixture of Student t. */
  logPredictive(x: Table): Promise<NdArray>;
}

const method = {
  name: "gaussianMixture",
  terms: mixtureTerms,
  init: (data: MixtureData) => parametersGiven(data, data.start),
  sweep(data: MixtureData, q: MixtureFactors) {
    const r = logSoftmax(logResponsibilities(expectations(data, q)), 1).exp();
    return parametersGiven(data, r);
  },
  elbo: mixtureElbo,
};

/**
 * Variational Bayes for a mixture of normals with full covariances: q(z) q(pi) prod q(mu_k, Lambda_k), Dirichlet and normal-Wishart. Attias 2000; Bishop 2006,
 * section 10.2. The prior's defaults are those of columns scaled to mean 0 and variance 1, so the fit does not depend on units.
 * @throws RangeError for missing values and columns without variation, by name; AscentError
 */
export async function gaussianMixture(options: GaussianMixtureOptions): Promise<GaussianMixture> {
  const owner = method.name;
  const { components, prior = {}, restarts = 0, seed = 0 } = options;
  const x = tableOf(owner, "x", options.x, options.names, 2);
  const [rows, size] = x.shape as [number, number];
  const names = namesOf(owner, options.names, size, "x");
  requireCount(owner, "components", components);
  requireCount(owner, "restarts", restarts, 0);
  if (components > rows) throw new RangeError(`${owner}: components must be at most the number of rows, ${rows}, got ${components}`);
  const { mean, scatter, variance } = await describeRows.runAsync([x]);
  const flat = names.filter((_, i) => !(variance.data()[i]! > 1e-28 * mean.data()[i]! ** 2));
  if (flat.length > 0) throw new RangeError(`${owner}: ${flat.join(", ")} has the same value in every row; leave it out`);
  const { concentration = 1, beta = 1, degrees = size } = prior;
  requirePositive(owner, "prior.concentration", concentration);
  requirePositive(owner, "prior.beta", beta);
  if (!(degrees > size - 1))
    throw new RangeError(`${owner}: prior.degrees must be above the number of columns less 1, ${size - 1}, got ${degrees}`);
  const scaleInverse = prior.scaleInverse === undefined ? scatter : tableOf(owner, "prior.scaleInverse", prior.scaleInverse, names);
  if (scaleInverse.shape[0] !== size)
    throw new RangeError(`${owner}: prior.scaleInverse must have shape [${size}, ${size}], got [${scaleInverse.shape}]`);
  const data = {
    x,
    concentration: scalar(concentration),
    mean: prior.mean === undefined ? mean : columnOf(owner, "prior.mean", prior.mean, size),
    beta: scalar(beta),
    scaleInverse,
    degrees: scalar(degrees),
  };
  const first = options.start === undefined ? await sliceStart(x, components) : startOf(owner, options.start, rows, components);
  const starts = [first];
  for (let i = 0; i < restarts; i++) starts.push(await randomStart(x, components, keyOf(owner, seed), i));
  let best: { readonly q: unknown; readonly ascent: Ascent } | undefined;
  const elboOfStarts: number[] = [];
  for (const start of starts) {
    const fit = await coordinateAscent(method, { ...data, start }, options);
    elboOfStarts.push(fit.ascent.elbo);
    if (best === undefined || fit.ascent.elbo > best.ascent.elbo) best = fit;
  }
  const { responsibilities, ...factors } = best!.q as { readonly [K in keyof MixtureFactors]: NdArray };
  const { weights, counts, covariance } = await summary.runAsync([{ responsibilities, ...factors }]);
  const about = (other: Table) =>
    [
      { ...data, start: first, x: tableOf(owner, "x", other, names) },
      { responsibilities, ...factors },
    ] as const;
  return {
    names,
    weights,
    counts,
    mean: factors.mean,
    covariance,
    responsibilities,
    active: counts.data().filter((count: number) => count >= 1).length,
    factors,
    ascent: best!.ascent,
    elboOfStarts,
    warnings: best!.ascent.warnings,
    assign: (other) => assigned.runAsync([...about(other)]),
    logPredictive: (other) => predictive.runAsync([...about(other)]),
  };
}

function startOf(owner: string, start: Table, rows: number, components: number): NdArray {
  const table = tableOf(owner, "start", start);
  if (table.shape[0] !== rows || table.shape[1] !== components)
    throw new RangeError(`${owner}: start must have shape [${rows}, ${components}], got [${table.shape.join(", ")}]`);
  const values = Float64Array.from(table.data());
  for (let i = 0; i < rows; i++) {
    const row = values.subarray(i * components, (i + 1) * components);
    const total = row.reduce((a, b) => a + b, 0);
    if (row.some((v) => v < 0) || !(total > 0))
      throw new RangeError(`${owner}: start must be >= 0 with a positive sum in every row, see row ${i}`);
    for (let k = 0; k < components; k++) row[k]! /= total;
  }
  return array(values, { shape: [rows, components] });
}

const summary = program((q: MixtureFactors) => ({
  weights: q.concentration.div(q.concentration.sum()),
  counts: q.responsibilities.sum(0),
  covariance: q.scaleInverse.div(q.degrees.expandDims(1).expandDims(2)),
}));

const assigned = program((data: MixtureData, q: MixtureFactors): Tensor => logSoftmax(logResponsibilities(expectations(data, q)), 1).exp());

const predictive = program(
  (data: MixtureData, q: MixtureFactors): Tensor =>
    logSumExp(logStudentRows(data, q).add(q.concentration.log().sub(q.concentration.sum().log())), 1),
);
