import { logGamma } from "../../check/gamma-function.ts";
import { gamma } from "../../distribution/gamma.ts";
import { type Column, columnOf, requirePositive } from "../table.ts";
import { type ConjugatePosterior, moments, requireWhole, scalarDraws } from "./pair.ts";

export interface GammaParameters {
  readonly shape: number;
  readonly rate: number;
}

/**
 * Counts ~ Poisson(exposure lambda), lambda ~ gamma(shape, rate): posterior gamma(shape + sum of counts, rate + sum of exposures). New counts are negative
 * binomial.
 * @param data.exposure one number for all, or one each; 1 if absent
 */
export function gammaPoisson(data: {
  readonly prior: GammaParameters;
  readonly counts: Column;
  readonly exposure?: number | Column;
}): ConjugatePosterior<GammaParameters, [exposure?: number]> {
  const owner = "gammaPoisson";
  const { prior, exposure = 1 } = data;
  requirePositive(owner, "prior.shape", prior.shape);
  requirePositive(owner, "prior.rate", prior.rate);
  const counts = columnOf(owner, "counts", data.counts).data();
  const exposures =
    typeof exposure === "number"
      ? new Float64Array(counts.length).fill(exposure)
      : columnOf(owner, "exposure", exposure, counts.length).data();
  let { shape, rate } = prior;
  let logEvidence = 0;
  for (let i = 0; i < counts.length; i++) {
    requireWhole(owner, "counts", counts[i]!);
    requirePositive(owner, "exposure", exposures[i]!);
    shape += counts[i]!;
    rate += exposures[i]!;
    logEvidence += counts[i]! * Math.log(exposures[i]!) - logGamma(counts[i]! + 1);
  }
  logEvidence += logNormalization(prior) - logNormalization({ shape, rate });
  return {
    posterior: { shape, rate },
    logEvidence,
    mean: shape / rate,
    variance: shape / rate ** 2,
    predict: (e = 1) => moments((e * shape) / rate, (e * shape) / rate, (e * e * shape) / rate ** 2),
    logPredictive(k, e = 1) {
      requirePositive(owner, "exposure", e);
      if (!(Number.isInteger(k) && k >= 0)) return -Infinity;
      return k * Math.log(e) - logGamma(k + 1) + logNormalization({ shape, rate }) - logNormalization({ shape: shape + k, rate: rate + e });
    },
    sample: (count, { seed }) => scalarDraws("lambda", gamma(shape, rate, { dtype: "f64" }), "log", count, seed),
  };
}

/** shape log rate - log Gamma(shape): what normalises a gamma density. */
export const logNormalization = ({ shape, rate }: GammaParameters): number => shape * Math.log(rate) - logGamma(shape);
