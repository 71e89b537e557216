import type { NdArray } from "@credence/tensor";
import { pooled } from "./chains.ts";
import { effectiveSampleSize } from "./effective-sample-size.ts";
import { monteCarloError } from "./monte-carlo-error.ts";
import { mean, quantileOfSorted, variance } from "./quantile.ts";
import { rHat } from "./r-hat.ts";

/** Posterior summary of one quantity, with what its draws are worth. */
export interface ChainSummary {
  readonly name: string;
  readonly mean: number;
  readonly median: number;
  readonly sd: number;
  readonly q05: number;
  readonly q95: number;
  /** Below 1.01 the chains agree. */
  readonly rHat: number;
  /** Effective sample sizes of the bulk and the tails; want 100 per chain. */
  readonly essBulk: number;
  readonly essTail: number;
  /** Monte Carlo standard errors of mean and sd. */
  readonly mcseMean: number;
  readonly mcseSd: number;
}

/** Draws [chains, draws, D] as one array per chain of each of the D quantities. */
export function quantitiesOf(draws: NdArray): Float64Array[][] {
  const [chains, count, dimension] = draws.shape;
  if (draws.shape.length !== 3) throw new RangeError(`expected draws of shape [chains, draws, D], got [${draws.shape.join(", ")}]`);
  const values = draws.data();
  return Array.from({ length: dimension! }, (_, d) =>
    Array.from({ length: chains! }, (_, c) => {
      const chain = new Float64Array(count!);
      for (let i = 0; i < count!; i++) chain[i] = values[(c * count! + i) * dimension! + d]!;
      return chain;
    }),
  );
}

/** A summary of every quantity of draws [chains, draws, D]; `names` has D entries. */
export function summarizeChains({ names, draws }: { readonly names: readonly string[]; readonly draws: NdArray }): ChainSummary[] {
  const quantities = quantitiesOf(draws);
  if (quantities.length !== names.length)
    throw new RangeError(`summarizeChains: ${names.length} names for ${quantities.length} quantities`);
  return quantities.map((chains, d) => {
    const all = pooled(chains).sort();
    return {
      name: names[d]!,
      mean: mean(all),
      median: quantileOfSorted(all, 0.5),
      sd: Math.sqrt(variance(all)),
      q05: quantileOfSorted(all, 0.05),
      q95: quantileOfSorted(all, 0.95),
      rHat: rHat(chains),
      essBulk: effectiveSampleSize(chains, "bulk"),
      essTail: effectiveSampleSize(chains, "tail"),
      mcseMean: monteCarloError(chains, "mean"),
      mcseSd: monteCarloError(chains, "sd"),
    };
  });
}
