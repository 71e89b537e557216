import type { NdArray } from "@credence/tensor";
import { listed, logLikelihoodColumns, logMeanExp, type SumOverData, sumOverData } from "./elpd.ts";
import type { LooOptions } from "./loo.ts";
import { variance } from "./quantile.ts";

export interface Waic {
  readonly names: readonly string[];
  /** Expected log predictive density of N new data, nats. Twice its negative is the information criterion. */
  readonly elpd: SumOverData;
  /** Effective number of parameters. */
  readonly p: SumOverData;
  readonly pointwise: { readonly elpd: Float64Array; readonly p: Float64Array };
  readonly warnings: readonly string[];
}

/**
 * Above this posterior variance of a datum's log-likelihood the expansion behind the criterion fails (Vehtari, Gelman and Gabry 2017,
 * section 2.2).
 */
const varianceMax = 0.4;

/**
 * The widely applicable information criterion (Watanabe 2010): log predictive density of the data, less the posterior variance of their
 * log-likelihood. {@link loo} estimates the same and can tell when it fails; prefer it.
 * @param logLikelihood log p(y_i | theta_s), [chains, draws, N]
 * @throws RangeError for another shape, fewer than 4 draws a chain, or log-likelihoods that are not finite
 */
export function waic(logLikelihood: NdArray, options: LooOptions = {}): Waic {
  const data = logLikelihoodColumns("waic", logLikelihood, options.names);
  const { names } = data;
  const p = new Float64Array(names.length);
  const elpd = new Float64Array(names.length);
  for (let i = 0; i < names.length; i++) {
    const column = data.column(i);
    p[i] = variance(column);
    elpd[i] = logMeanExp(column) - p[i]!;
  }
  const above = names.filter((_, i) => p[i]! > varianceMax);
  const warnings =
    above.length === 0
      ? []
      : [
          `WAIC is unreliable for ${above.length} of ${names.length} data (${listed(above)}), whose log-likelihood has a posterior variance above ${varianceMax}: ` +
            "use leave-one-out (`loo`), which says by k-hat whether it can be trusted.",
        ];
  return { names, elpd: sumOverData(elpd), p: sumOverData(p), pointwise: { elpd, p }, warnings };
}
