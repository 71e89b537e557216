import { logGamma } from "../../check/gamma-function.ts";
import { beta } from "../../distribution/beta.ts";
import { type Column, columnOf, requirePositive } from "../table.ts";
import { type ConjugatePosterior, moments, requireWhole, scalarDraws } from "./pair.ts";

export interface BetaParameters {
  readonly a: number;
  readonly b: number;
}

/**
 * Successes ~ binomial(trials, p), p ~ beta(a, b): posterior beta(a + successes, b + failures). New observations are beta-binomial.
 * @param data.trials one number for all, or one each
 */
export function betaBinomial(data: {
  readonly prior: BetaParameters;
  readonly successes: Column;
  readonly trials: number | Column;
}): ConjugatePosterior<BetaParameters, [trials: number]> {
  const owner = "betaBinomial";
  const { prior } = data;
  requirePositive(owner, "prior.a", prior.a);
  requirePositive(owner, "prior.b", prior.b);
  const successes = columnOf(owner, "successes", data.successes).data();
  const trials =
    typeof data.trials === "number"
      ? new Float64Array(successes.length).fill(data.trials)
      : columnOf(owner, "trials", data.trials, successes.length).data();
  let [a, b] = [prior.a, prior.b];
  let logEvidence = 0;
  for (let i = 0; i < successes.length; i++) {
    requireWhole(owner, "successes", successes[i]!);
    requireWhole(owner, "trials", trials[i]!);
    if (successes[i]! > trials[i]!)
      throw new RangeError(`${owner}: successes must be at most trials, got ${successes[i]} of ${trials[i]} at place ${i}`);
    a += successes[i]!;
    b += trials[i]! - successes[i]!;
    logEvidence += logChoose(trials[i]!, successes[i]!);
  }
  logEvidence += logBeta(a, b) - logBeta(prior.a, prior.b);
  const variance = (a * b) / ((a + b) ** 2 * (a + b + 1));
  return {
    posterior: { a, b },
    logEvidence,
    mean: a / (a + b),
    variance,
    predict: (n) => moments((n * a) / (a + b), (n * a * b) / ((a + b) * (a + b + 1)), n * n * variance),
    logPredictive(k, n) {
      requireWhole(owner, "trials", n);
      if (!(Number.isInteger(k) && k >= 0 && k <= n)) return -Infinity;
      return logChoose(n, k) + logBeta(a + k, b + n - k) - logBeta(a, b);
    },
    sample: (count, { seed }) => scalarDraws("p", beta(a, b, { dtype: "f64" }), "logit", count, seed),
  };
}

const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);
const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
