import { array, concat, exp, lgamma, log, matmul, matrixTranspose, type NdArray, program, random, type Tensor } from "@credence/tensor";
import { collinearWarnings } from "../../exact/collinear.ts";
import { exactDraws } from "../../exact/exact-draws.ts";
import type { RegressionNoise } from "../../exact/linear-regression.ts";
import { alongNormal, covarianceOfNormal, drawNormal, type PrecisionNormal, sdOfNormal } from "../../exact/precision-normal.ts";
import { type Column, columnOf, keyOf, namesOf, requireCount, requirePositive, scalar, type Table, tableOf } from "../../exact/table.ts";
import type { Draws } from "../../model/draws.ts";
import type { PredictiveMoments } from "../../predictive/predictive.ts";
import { type Ascent, type AscentOptions, coordinateAscent } from "./ascend.ts";
import { type LinearFactors, linearMethod } from "./variational-linear-terms.ts";

export interface VariationalLinearOptions extends AscentOptions {
  /** Features [rows, columns]; a column of ones gives an intercept. */
  readonly x: Table;
  readonly y: Column;
  readonly names?: readonly string[];
  /** Gamma prior, by shape and rate, of the precision of the coefficients: w ~ N(0, 1 / alpha). */
  readonly precision: { readonly shape: number; readonly rate: number };
  /** `"shared"` by all coefficients, or one for `"each"`, which takes those that are not needed to 0 (relevance determination). `"shared"` if absent. */
  readonly relevance?: "shared" | "each";
  /** Known sd, or the gamma prior of the noise's precision. */
  readonly noise: RegressionNoise;
}

export interface VariationalLinear {
  readonly names: readonly string[];
  /** Mean and sd of q(w), f64 [columns]. */
  readonly mean: NdArray;
  readonly sd: NdArray;
  /** q(alpha): gamma, one or one for each coefficient. */
  readonly precision: { readonly shape: number; readonly rate: Float64Array };
  /** As given, or q of the noise's precision: gamma. */
  readonly noise: RegressionNoise;
  readonly ascent: Ascent;
  readonly warnings: readonly string[];
  covariance(): Promise<NdArray>;
  predict(x: Table): Promise<PredictiveMoments>;
  /** Independent draws of the coefficients from q, and of `sigma` where it is not known. */
  sample(count: number, options: { readonly seed: number }): Promise<Draws>;
}

/**
 * Linear regression whose scales are learnt: y ~ N(x w, 1 / tau), w ~ N(0, 1 / alpha), alpha and tau gamma; q(w) q(alpha) q(tau). Bishop 2006, section 10.3;
 * Drugowitsch 2013, arXiv:1310.5438.
 * @throws RangeError for shapes that do not fit and missing values, with row and column; AscentError
 */
export async function variationalLinear(options: VariationalLinearOptions): Promise<VariationalLinear> {
  const owner = "variationalLinear";
  const { precision, relevance = "shared", noise } = options;
  const x = tableOf(owner, "x", options.x, options.names);
  const [rows, columns] = x.shape as [number, number];
  const names = namesOf(owner, options.names, columns, "x");
  const y = columnOf(owner, "y", options.y, rows);
  if (relevance !== "shared" && relevance !== "each")
    throw new RangeError(`${owner}: relevance must be "shared" or "each", got ${relevance}`);
  requirePositive(owner, "precision.shape", precision.shape);
  requirePositive(owner, "precision.rate", precision.rate);
  const known = "sd" in noise;
  for (const [name, value] of Object.entries(noise)) requirePositive(owner, `noise.${name}`, value);
  const { gram, cross } = await products.runAsync([x, y]);
  const data = {
    x,
    y,
    gram,
    cross,
    shape: scalar(precision.shape),
    rate: scalar(precision.rate),
    noiseShape: scalar(known ? 1 : noise.shape),
    noiseRate: scalar(known ? noise.sd ** 2 : noise.rate),
  };
  const { q, ascent } = await coordinateAscent(linearMethod(owner, relevance, known), data, options);
  const fit = q as { readonly [K in keyof LinearFactors]: NdArray };
  const normal = { mean: fit.mean, lower: fit.lower, prior: array(new Float64Array(columns).fill(1)) };
  const shape = precision.shape + (relevance === "each" ? 0.5 : columns / 2);
  const noiseAfter = known ? noise : { shape: noise.shape + rows / 2, rate: fit.noiseRate.item() };
  const variance = "sd" in noiseAfter ? noiseAfter.sd ** 2 : noiseAfter.shape > 1 ? noiseAfter.rate / (noiseAfter.shape - 1) : Infinity;
  const warnings = [...(await collinearWarnings(x, names)), ...ascent.warnings];
  return {
    names,
    mean: fit.mean,
    sd: await sdOfNormal.runAsync([normal]),
    precision: { shape, rate: Float64Array.from(fit.rate.data()) },
    noise: noiseAfter,
    ascent,
    warnings,
    covariance: () => covarianceOfNormal.runAsync([normal]),
    async predict(other) {
      const { mean, variance: epistemic } = await alongNormal.runAsync([tableOf(owner, "x", other, names), normal]);
      return { mean, ...(await withNoise.runAsync([epistemic, scalar(variance)])) };
    },
    async sample(count, { seed }) {
      requireCount(owner, "count", count);
      const key = keyOf(owner, seed);
      if ("sd" in noiseAfter) return exactDraws(names, await drawn(count).runAsync([key, normal]), warnings);
      if (names.includes("sigma"))
        throw new RangeError(`${owner}: a column is named sigma, which is the name of the noise; give it another`);
      const both = drawnWithNoise(count).runAsync([key, normal, scalar(noiseAfter.shape), scalar(noiseAfter.rate)]);
      return exactDraws([...names, "sigma"], await both, warnings);
    },
  };
}

const products = program((x: Tensor, y: Tensor) => ({ gram: matmul(matrixTranspose(x), x), cross: matmul(matrixTranspose(x), y) }));
const withNoise = program((epistemic: Tensor, noise: Tensor) => {
  const aleatoric = noise.broadcastTo(epistemic.shape);
  return { variance: epistemic.add(aleatoric), aleatoric, epistemic };
});

const drawn = (count: number) =>
  program((key: Tensor, q: PrecisionNormal<Tensor>) => {
    const { w, logDensity } = drawNormal(key, q, count);
    return { draws: w.expandDims(0), unconstrained: w.expandDims(0), logDensity: logDensity.expandDims(0) };
  });

const drawnWithNoise = (count: number) =>
  program((key: Tensor, q: PrecisionNormal<Tensor>, a: Tensor, b: Tensor) => {
    const { w, logDensity } = drawNormal(random.fold(key, 0), q, count);
    const tau = random.gamma(random.fold(key, 1), a.broadcastTo([count]));
    const logSigma = log(b).sub(log(tau)).mul(0.5); // precision tau / b
    // log q(precision) + log |d precision / d log sigma| = a log b - log Gamma(a) + a log precision - b precision + log 2.
    const ofSigma = a.mul(log(tau)).sub(lgamma(a)).sub(tau).add(Math.LN2);
    const beside = (column: Tensor) => concat([w, column.expandDims(1)], 1).expandDims(0);
    return { draws: beside(exp(logSigma)), unconstrained: beside(logSigma), logDensity: logDensity.add(ofSigma).expandDims(0) };
  });
