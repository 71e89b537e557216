import { type DonePhase, derivedSeed, effectiveSampleSize, phase, quantitiesOf, rHat } from "@credence/core";
import { maximumLikelihood } from "./maximum-likelihood.ts";
import { rateNames } from "./model.ts";
import { samplePosterior } from "./oracle.ts";
import type { Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

export type OracleFacts = {
  readonly chains: number;
  /** Mean over the chains. */
  readonly acceptance: number;
  /** By parameter. */
  readonly rHat: readonly number[];
  readonly essBulk: readonly number[];
  readonly essTail: readonly number[];
  readonly maximum: {
    readonly rates: readonly number[];
    readonly standardErrors: readonly (number | null)[];
    readonly logLikelihood: number;
  };
};

/** Long chains under the exact likelihood, arrays.draws [chains · draws, 3], and its maximum. */
export async function oraclePhase({ observation, settings, context, directory }: Run): Promise<DonePhase<OracleFacts>> {
  const { times, counts } = observation;
  const { parameters, priors, effort, seed } = settings;
  return phase({
    directory,
    format: phaseFormat,
    name: "oracle",
    inputs: {
      times: [...times],
      counts: [...counts],
      bounds: parameters.bounds.map(({ low, high }) => [low, high]),
      effort: { ...effort.oracle },
      seed,
    },
    compute: async () => {
      const { signal } = context;
      const onProgress = ({ done, total }: { done: number; total: number }): void => context.progress("oracle", done, total);
      const chains = await samplePosterior({ times, counts }, { priors, ...effort.oracle, seed: derivedSeed(seed, 3), signal, onProgress });
      const shares = chains.stats["acceptance_rate"]!.data() as Float64Array;
      const quantities = quantitiesOf(chains.draws);
      const { rates, standardErrors, logLikelihood } = await maximumLikelihood({ times, counts }, { signal });
      return {
        facts: {
          chains: effort.oracle.chains,
          acceptance: shares.reduce((sum: number, share) => sum + share, 0) / shares.length,
          rHat: quantities.map(rHat),
          essBulk: quantities.map((quantity) => effectiveSampleSize(quantity, "bulk")),
          essTail: quantities.map((quantity) => effectiveSampleSize(quantity, "tail")),
          maximum: {
            rates: rateNames.map((name) => rates[name]),
            standardErrors: rateNames.map((name) => standardErrors[name] ?? null),
            logLikelihood,
          },
        },
        arrays: { draws: Float64Array.from(chains.draws.data()) },
      };
    },
  });
}
