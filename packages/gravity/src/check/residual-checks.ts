import { chiSquareTail, kolmogorovSmirnovUniform } from "@credence/core";
import { array, erf, type NdArray, program, type Tensor, take } from "@credence/tensor";
import type { GravityPosterior } from "../inference/gravity-posterior.ts";
import { nearestStations } from "./neighbours.ts";

export interface ResidualChecksOptions {
  readonly seed: number;
  /** Data sets that are simulated from the model and fitted as the observed one was; 499 if absent. */
  readonly replicates?: number;
  /** Stations that count as neighbours of one; 6 if absent, fewer where there are not as many. */
  readonly neighbours?: number;
  /** p-values below this are findings; 0.01 if absent, shared among the five checks. */
  readonly level?: number;
  readonly signal?: AbortSignal;
}

export interface Check {
  readonly value: number;
  /** Probability of a value as strange as this if the model is right. */
  readonly pValue: number;
}

export interface ResidualChecks {
  /**
   * Squared residuals over noise variance, by station, in the mean over the posterior: near 1 where model and noise are right. Two-sided: small p-values where residuals are
   * too large (noise sd too small, something missing) or too small (noise sd too large).
   */
  readonly chiSquarePerDatum: Check;
  /** The same at the posterior mean: below 1, since the fit follows the noise a little. */
  readonly chiSquareOfMean: number;
  /** Squared distance of the data from what prior and noise expect, over its degrees of freedom: large where the prior is too narrow or the regional missing. Two-sided. */
  readonly priorMisfit: Check;
  /** Moran's I of the residuals among nearest neighbours: large where neighbours err alike. One-sided. Undefined without stations. */
  readonly moran: Check | undefined;
  /** The largest reading's distance from its prediction by all others, in sds; Bonferroni over stations. */
  readonly outlier: Check & { readonly station: number };
  /** Kolmogorov-Smirnov distance of `pit` from uniform. */
  readonly calibration: Check;
  /** Probability that a reading is below the observed one, given all others, f64 [stations]: uniform if the model is right. */
  readonly pit: Float64Array;
  /** What was found, in plain sentences; empty if nothing. */
  readonly findings: readonly string[];
}

/** Moran's I of rows [m, stations] over neighbours i32 [stations, k]: sum over neighbours z_i z_j / k over sum z_i^2, z about its mean. */
const moransI = program(
  (rows: Tensor, neighbours: Tensor) => {
    const [n, k] = neighbours.shape as [number, number];
    const z = rows.sub(rows.mean(1).expandDims(1));
    const around = take(z, neighbours.reshape([n * k]), 1)
      .reshape([rows.shape[0]!, n, k])
      .mean(2);
    return z.mul(around).sum(1).div(z.square().sum(1));
  },
  { name: "Moran's I" },
);

const squares = program((rows: Tensor) => rows.square().sum(1), { name: "squared residuals" });

/** Standard normal distribution function of rows over their sds. */
const normalShares = program((rows: Tensor, sd: Tensor) => erf(rows.div(sd).mul(Math.SQRT1_2)).add(1).mul(0.5), {
  name: "probability integral transform",
});

/**
 * Do the residuals look like those of the model itself? Data sets are drawn from prior, regional and noise, fitted by the same posterior, and their residuals compared with
 * the observed ones: p-values are right whatever the fit has taken up of the noise, where those of textbooks suppose that it took up none. Residuals are in units of the
 * noise.
 * @throws RangeError for options that make no sense, or fewer than three stations
 */
export async function residualChecks(posterior: GravityPosterior, options: ResidualChecksOptions): Promise<ResidualChecks> {
  const { seed, replicates = 499, level = 0.01, signal } = options;
  const { model, predicted } = posterior;
  const count = model.operator.rows;
  if (count < 3)
    throw new RangeError(`residualChecks: residuals of ${count} station${count === 1 ? "" : "s"} show nothing; expected 3 or more`);
  if (!(Number.isInteger(replicates) && replicates >= 99))
    throw new RangeError(`residualChecks: replicates must be an integer >= 99, got ${replicates}`);
  if (!(level > 0 && level < 1)) throw new RangeError(`residualChecks: level must be in (0, 1), got ${level}`);
  const running = signal ? { signal } : {};
  const { observed, replicated, misfit, degrees } = await posterior.replicateResiduals(replicates, { seed, ...running });
  const pair = [observed, replicated] as const;

  const [own, others] = await both((rows) => squares.runAsync([rows], running), pair);
  // The mean over draws adds the variance of the fit, which is 1 - (residual sd)^2.
  const spread = count - Array.from(predicted.residualSd.data()).reduce((sum, sd) => sum + sd ** 2, 0);
  const chiSquarePerDatum = { value: (own[0]! + spread) / count, pValue: twoSided(own[0]!, others) };

  const upper = chiSquareTail(misfit, degrees);
  const priorMisfit = { value: misfit / degrees, pValue: Math.min(1, 2 * Math.min(upper, 1 - upper)) };

  let moran: Check | undefined;
  if (model.stations) {
    const k = Math.min(options.neighbours ?? 6, count - 1);
    if (!(Number.isInteger(k) && k >= 1))
      throw new RangeError(`residualChecks: neighbours must be an integer >= 1, got ${options.neighbours}`);
    using neighbours = array(nearestStations(model.stations, k), { shape: [count, k] });
    const [value, rest] = await both((rows) => moransI.runAsync([rows, neighbours], running), pair);
    moran = { value: value[0]!, pValue: oneSided(value[0]!, rest) };
  }

  const [pit, shares] = await both((rows) => normalShares.runAsync([rows, predicted.residualSd], running), pair);
  const distance = kolmogorovSmirnovUniform(pit).statistic;
  const distances = Float64Array.from(
    { length: replicates },
    (_, r) => kolmogorovSmirnovUniform(shares.subarray(r * count, (r + 1) * count)).statistic,
  );
  const leftOut = Float64Array.from(predicted.leftOut.data());
  const station = leftOut.reduce((most, value, i) => (Math.abs(value) > Math.abs(leftOut[most]!) ? i : most), 0);
  const checks = {
    chiSquarePerDatum,
    chiSquareOfMean: own[0]! / count,
    priorMisfit,
    moran,
    outlier: { station, value: leftOut[station]!, pValue: Math.min(1, count * chiSquareTail(leftOut[station]! ** 2, 1)) },
    calibration: { value: distance, pValue: oneSided(distance, distances) },
    pit,
  };
  return { ...checks, findings: findingsOf(checks, level / 5) };
}

/** Results for the observed rows and for the replicated ones. */
async function both(run: (rows: NdArray) => Promise<NdArray>, rows: readonly [NdArray, NdArray]): Promise<[Float64Array, Float64Array]> {
  const [a, b] = [await run(rows[0]), await run(rows[1])];
  return [Float64Array.from(a.data()), Float64Array.from(b.data())];
}

/** The observed value counts as one of the replicated: never 0, and right for any number of them. */
const oneSided = (value: number, others: Float64Array): number =>
  (1 + others.filter((other) => other >= value).length) / (1 + others.length);
const twoSided = (value: number, others: Float64Array): number => {
  const above = oneSided(value, others);
  const below = (1 + others.filter((other) => other <= value).length) / (1 + others.length);
  return Math.min(1, 2 * Math.min(above, below));
};

function findingsOf(checks: Omit<ResidualChecks, "findings">, level: number): string[] {
  const { chiSquarePerDatum: chi, priorMisfit, moran, outlier, calibration } = checks;
  const number = (value: number): string => value.toPrecision(3);
  const p = ({ pValue }: Check): string => `p = ${pValue.toPrecision(1)}`;
  const findings: string[] = [];
  if (chi.pValue < level)
    findings.push(
      chi.value > 1
        ? `residuals are larger than the noise allows: chi-square per datum is ${number(chi.value)} (${p(chi)}); noiseSd is too small, or something is missing that neither cells nor regional can follow`
        : `residuals are smaller than the noise should leave them: chi-square per datum is ${number(chi.value)} (${p(chi)}); noiseSd is too large`,
    );
  if (moran && moran.pValue < level)
    findings.push(
      `residuals of neighbouring stations are alike: Moran's I is ${number(moran.value)} (${p(moran)}); something smooth is missing, such as a regional, terrain or structure outside the mesh`,
    );
  if (priorMisfit.pValue < level)
    findings.push(
      priorMisfit.value > 1
        ? `the data lie farther from what the prior expects than prior and noise allow: ${number(priorMisfit.value)} times in square (${p(priorMisfit)}); the prior's sd or the noise is too small, or a regional is missing`
        : `the data lie nearer to what the prior expects than they should: ${number(priorMisfit.value)} times in square (${p(priorMisfit)}); the prior's sd or the noise is too large`,
    );
  if (outlier.pValue < level)
    findings.push(
      `station ${outlier.station} is ${number(outlier.value)} sd from what all others predict (${p(outlier)} among all stations); check the reading`,
    );
  if (calibration.pValue < level)
    findings.push(
      `readings do not spread about their predictions by the others as they should: the distance from uniform is ${number(calibration.value)} (${p(calibration)})`,
    );
  return findings;
}
