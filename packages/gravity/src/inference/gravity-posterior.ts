import type { NdArray } from "@credence/tensor";
import type { GravityModel } from "./gravity-model.ts";

/** What gravity says of the ground, by whatever method. */
export interface GravityPosterior {
  readonly model: GravityModel;
  /** E m, kg/m3, f64 [cells]. */
  readonly mean: NdArray;
  /** Posterior standard deviations, kg/m3, f64 [cells]. */
  readonly sd: NdArray;
  /** log p(d), nats. With a flat regional, of a density 1 for each mGal of its coefficients: comparable among models with the same regional. */
  readonly logEvidence: number;
  /**
   * Diagonal of the resolution matrix, d mean / d truth, f64 [cells]: the share of a cell's own contrast that its estimate shows; 1 is seen, 0 is the prior. The sum
   * is the number of parameters that the data resolve.
   */
  readonly resolution: NdArray;
  /** Information gained, nats: half the log of prior over posterior volume. */
  readonly informationGain: number;
  /** At the stations. */
  readonly predicted: Predicted;
  /** Coefficients of the regional, in mGal; undefined where there is none. */
  readonly regional: RegionalPosterior | undefined;
  /** Independent draws; a function of the seed. */
  sample(count: number, options: SampleOptions): Promise<GravityDraws>;
  /**
   * Draws given other data of the same survey, such as simulated ones: f64 [m, count, cells] for data [m, stations], mGal. What the data weigh does not depend on their
   * values, so that nothing is factorised again.
   */
  sampleFor(data: NdArray, count: number, options: SampleOptions): Promise<NdArray>;
  /** Posterior covariance, [cells, cells], where it fits into memory: by the products of the prior and the data's share. */
  covariance(): Promise<NdArray>;
  /** What would be left of data simulated from the model itself, for checks: see `residualChecks`. */
  replicateResiduals(count: number, options: SampleOptions): Promise<ReplicatedResiduals>;
  readonly warnings: readonly string[];
}

export interface SampleOptions {
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** Per station, f64 [stations] each. */
export interface Predicted {
  /** E of G m + B c, mGal. */
  readonly mean: NdArray;
  /** sd of G m + B c, mGal, without noise. */
  readonly sd: NdArray;
  /** The regional part of the mean, mGal. */
  readonly regional: NdArray;
  /** Data minus mean, over the sd of the noise (whitened by its factor where noise is correlated). */
  readonly standardisedResidual: NdArray;
  /** sd of the standardised residual if the model is right: 1 where the fit follows the station not at all, near 0 where it follows it closely. */
  readonly residualSd: NdArray;
  /** (d_i - its prediction from all other stations) over the sd of that prediction: standard normal if the model is right (independent noise; in whitened data else). */
  readonly leftOut: NdArray;
}

export interface RegionalPosterior {
  readonly names: readonly string[];
  /** mGal over coordinates from -1 to 1. */
  readonly mean: Float64Array;
  readonly sd: Float64Array;
  /** [p, p] */
  readonly covariance: NdArray;
}

export interface GravityDraws {
  /** kg/m3, f64 [count, cells]. */
  readonly cells: NdArray;
  /** mGal, f64 [count, p]; p is 0 without a regional. */
  readonly regional: NdArray | undefined;
  /** G m + B c of each draw, mGal, f64 [count, stations]. */
  readonly data: NdArray;
}

/** Of data drawn from prior and noise and fitted as the observed were: residuals, and what each data set weighs. */
export interface ReplicatedResiduals {
  /** Standardised residuals of the observed data, [1, stations], and of the replicated, [count, stations]. */
  readonly observed: NdArray;
  readonly replicated: NdArray;
  /** r^T K^-1 r of the observed data [1], chi-square with `degrees` degrees of freedom if the model is right. */
  readonly misfit: number;
  readonly degrees: number;
}
