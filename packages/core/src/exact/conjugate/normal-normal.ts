import { normal } from "../../distribution/normal.ts";
import { type Column, columnOf, requirePositive } from "../table.ts";
import { type ConjugatePosterior, moments, scalarDraws } from "./pair.ts";

export interface NormalParameters {
  readonly mean: number;
  readonly sd: number;
}

/** x ~ N(mu, sd^2) with sd known, mu ~ N(mean, sd^2): posterior normal, its precision the sum of that of the prior and of the data. */
export function normalNormal(data: {
  readonly prior: NormalParameters;
  readonly x: Column;
  readonly sd: number;
}): ConjugatePosterior<NormalParameters, []> {
  const owner = "normalNormal";
  const { prior, sd } = data;
  requirePositive(owner, "prior.sd", prior.sd);
  requirePositive(owner, "sd", sd);
  if (!Number.isFinite(prior.mean)) throw new RangeError(`${owner}: prior.mean must be finite, got ${prior.mean}`);
  const x = columnOf(owner, "x", data.x).data();
  const { mean: centre, scatter } = meanAndScatter(x);
  const noise = sd ** 2;
  const [before, n] = [prior.sd ** 2, x.length];
  const variance = 1 / (1 / before + n / noise);
  const mean = variance * (prior.mean / before + (n * centre) / noise);
  // The mean of the data is N(prior mean, before + noise / n); their scatter about it does not depend on mu.
  const total = noise + n * before;
  const logEvidence =
    -0.5 * (n * Math.log(2 * Math.PI * noise) + Math.log(total / noise) + scatter / noise + (n * (centre - prior.mean) ** 2) / total);
  return {
    posterior: { mean, sd: Math.sqrt(variance) },
    logEvidence,
    mean,
    variance,
    predict: () => moments(mean, noise, variance),
    logPredictive: (value) => -0.5 * (Math.log(2 * Math.PI * (noise + variance)) + (value - mean) ** 2 / (noise + variance)),
    sample: (count, { seed }) => scalarDraws("mu", normal(mean, Math.sqrt(variance), { dtype: "f64" }), "identity", count, seed),
  };
}

/** Mean, and sum of squares about it, in one pass (Welford 1962). */
export function meanAndScatter(x: ArrayLike<number>): { readonly mean: number; readonly scatter: number } {
  let [mean, scatter] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const away = x[i]! - mean;
    mean += away / (i + 1);
    scatter += away * (x[i]! - mean);
  }
  return { mean, scatter };
}
