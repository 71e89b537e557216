import { gamma } from "../../distribution/gamma.ts";
import { type Column, columnOf, requirePositive } from "../table.ts";
import { type GammaParameters, logNormalization } from "./gamma-poisson.ts";
import { type ConjugatePosterior, moments, scalarDraws } from "./pair.ts";

/**
 * Waiting times ~ exponential(lambda), lambda ~ gamma(shape, rate): posterior gamma(shape + n, rate + sum of times). New times are Lomax (Pareto of the second
 * kind): their mean is infinite for a shape of 1 or less, their variance for 2 or less.
 */
export function gammaExponential(data: { readonly prior: GammaParameters; readonly x: Column }): ConjugatePosterior<GammaParameters, []> {
  const owner = "gammaExponential";
  const { prior } = data;
  requirePositive(owner, "prior.shape", prior.shape);
  requirePositive(owner, "prior.rate", prior.rate);
  const x = columnOf(owner, "x", data.x).data();
  let rate = prior.rate;
  for (let i = 0; i < x.length; i++) {
    if (x[i]! < 0) throw new RangeError(`${owner}: x must be >= 0, got ${x[i]} at place ${i}`);
    rate += x[i]!;
  }
  const shape = prior.shape + x.length;
  const square = shape > 2 ? rate ** 2 / ((shape - 1) * (shape - 2)) : Infinity; // E lambda^-2
  return {
    posterior: { shape, rate },
    logEvidence: logNormalization(prior) - logNormalization({ shape, rate }),
    mean: shape / rate,
    variance: shape / rate ** 2,
    predict: () => moments(shape > 1 ? rate / (shape - 1) : Infinity, square, square / (shape - 1)),
    logPredictive: (value) => (value < 0 ? -Infinity : Math.log(shape / rate) - (shape + 1) * Math.log1p(value / rate)),
    sample: (count, { seed }) => scalarDraws("lambda", gamma(shape, rate, { dtype: "f64" }), "log", count, seed),
  };
}
