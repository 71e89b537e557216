import { array, lgamma, log, logSumExp, program, random, sliceAxis, type Tensor } from "@credence/tensor";
import { logGamma } from "../../check/gamma-function.ts";
import type { Draws } from "../../model/draws.ts";
import { exactDraws } from "../exact-draws.ts";
import { type Column, columnOf, keyOf, namesOf, requireCount, requirePositive, type Table, tableOf } from "../table.ts";
import { requireWhole } from "./pair.ts";

export interface DirichletMultinomial {
  readonly names: readonly string[];
  /** Concentrations of the posterior, one for each category. */
  readonly posterior: Float64Array;
  /** log p(counts), nats, with the multinomial coefficients. */
  readonly logEvidence: number;
  /** Posterior mean and variance of the probabilities. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** log p(new counts | data), nats. */
  logPredictive(counts: Column): number;
  /** Draws of the probabilities; `unconstrained` holds log(p_k / p_last), one fewer. */
  sample(count: number, options: { readonly seed: number }): Promise<Draws>;
}

/**
 * Counts of K categories ~ multinomial(n, p), p ~ Dirichlet(concentration): posterior Dirichlet(concentration + sums of counts).
 * @param data.concentration of the prior, one for each category
 * @param data.counts [rows, K], every row a draw of its own number of trials
 */
export function dirichletMultinomial(data: {
  readonly concentration: Column;
  readonly counts: Table;
  readonly names?: readonly string[];
}): DirichletMultinomial {
  const owner = "dirichletMultinomial";
  const prior = columnOf(owner, "concentration", data.concentration).data();
  const size = prior.length;
  if (size < 2) throw new RangeError(`${owner}: concentration must have 2 or more numbers, one for each category, got ${size}`);
  for (const value of prior) requirePositive(owner, "concentration", value);
  const names = namesOf(owner, data.names, size, "p");
  const counts = tableOf(owner, "counts", data.counts, names);
  const values = counts.data();
  const posterior = Float64Array.from(prior);
  let logEvidence = 0;
  for (let i = 0; i < values.length; i += size) {
    for (let k = 0; k < size; k++) {
      requireWhole(owner, "counts", values[i + k]!);
      posterior[k]! += values[i + k]!;
    }
    logEvidence += logMultinomial(values.slice(i, i + size));
  }
  const total = posterior.reduce((a, b) => a + b, 0);
  const mean = posterior.map((a) => a / total);
  return {
    names,
    posterior,
    logEvidence: logEvidence + logNormalization(prior) - logNormalization(posterior),
    mean,
    variance: mean.map((p) => (p * (1 - p)) / (total + 1)),
    logPredictive(next) {
      const n = columnOf(owner, "counts", next, size).data();
      for (const value of n) requireWhole(owner, "counts", value);
      return logMultinomial(n) + logNormalization(posterior) - logNormalization(posterior.map((a, k) => a + n[k]!));
    },
    async sample(count, { seed }) {
      requireCount(owner, "count", count);
      const draw = program((key: Tensor, alpha: Tensor) => {
        const logGammas = log(random.gamma(key, alpha.broadcastTo([count, size])));
        const logP = logGammas.sub(logSumExp(logGammas, 1, true));
        const last = sliceAxis(logP, 1, size - 1, size);
        // |dp/du| for u = log(p_k / p_last) is the product of all p, so the density there is prod p^alpha over B(alpha).
        const logDensity = logP.mul(alpha).sum(1).add(lgamma(alpha.sum())).sub(lgamma(alpha).sum());
        return {
          draws: logP.exp().expandDims(0),
          unconstrained: sliceAxis(logP, 1, 0, size - 1)
            .sub(last)
            .expandDims(0),
          logDensity: logDensity.expandDims(0),
        };
      });
      return exactDraws(names, await draw.runAsync([keyOf(owner, seed), array(posterior)]));
    },
  };
}

const sumOf = (values: ArrayLike<number>, f: (value: number) => number): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += f(values[i]!);
  return total;
};

/** log of n! / prod n_k!. */
const logMultinomial = (n: ArrayLike<number>): number => logGamma(sumOf(n, (v) => v) + 1) - sumOf(n, (v) => logGamma(v + 1));

/** log of the Dirichlet's normalisation, log Gamma(sum) - sum log Gamma. */
const logNormalization = (alpha: ArrayLike<number>): number => logGamma(sumOf(alpha, (v) => v)) - sumOf(alpha, logGamma);
