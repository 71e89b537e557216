import { c2st, compareWithOracle, derivedSeed, type JsonValue, phase } from "@credence/core";
import { correlationOf, type Fit, thinned } from "./fit.ts";
import { inputsOf, type Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

/** How a method's draws differ from the oracle's. */
export type Difference = {
  readonly key: string;
  readonly label: string;
  /** Differences of means, in the oracle's sds, and ratios of sds: of lambda and of mu. */
  readonly shifts: readonly number[];
  readonly sdRatios: readonly number[];
  readonly correlation: number;
  readonly remarks: readonly string[];
  /** Accuracy of a classifier; null where none was trained. */
  readonly c2st: number | null;
};

/** Holds each method against the oracle, and trains a classifier for those in `classified`. */
export async function comparePhase(
  run: Run,
  { fits, oracle, classified }: { readonly fits: readonly Fit[]; readonly oracle: Fit; readonly classified: readonly string[] },
): Promise<{ readonly differences: readonly Difference[]; readonly seconds: number }> {
  const { directory, context, seed, effort } = run;
  const done = await phase<{ differences: Difference[] }>({
    directory,
    format: phaseFormat,
    name: "compare",
    inputs: [inputsOf(run), oracle.fingerprint, fits.map(({ fingerprint }) => fingerprint), [...classified]] as JsonValue,
    compute: async () => {
      const differences: Difference[] = [];
      for (const [i, fit] of fits.entries()) {
        context.signal.throwIfAborted();
        context.progress("compare", i, fits.length);
        const found = await compareWithOracle({ names: ["lambda", "mu"], approximation: fit.draws, oracle: oracle.draws });
        const accuracy = classified.includes(fit.key)
          ? await c2st(thinned(fit, effort.classifierDraws), thinned(oracle, effort.classifierDraws), {
              seed: derivedSeed(seed, 30 + i),
              signal: context.signal,
            })
          : null;
        differences.push({
          key: fit.key,
          label: fit.facts.label,
          shifts: found.parameters.map(({ meanShift }) => meanShift),
          sdRatios: found.parameters.map(({ sdRatio }) => sdRatio),
          correlation: correlationOf(fit),
          remarks: found.remarks,
          c2st: accuracy,
        });
      }
      context.progress("compare", fits.length, fits.length);
      return { facts: { differences } };
    },
  });
  return { differences: done.facts.differences, seconds: done.seconds };
}
