import { compareModels, derivedSeed, type JsonValue, loo, type Model, phase, posteriorPredictive, type Statistic } from "@credence/core";
import { array, type NdArray } from "@credence/tensor";
import { pointwiseOf, replicatedOf } from "./evaluate.ts";
import { type Fit, inputsOf } from "./fit.ts";
import type { Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

/** A model whose predictions are scored. */
export interface Candidate {
  readonly label: string;
  readonly model: Model;
  readonly fit: Fit;
}

export type PredictFacts = {
  readonly statistics: readonly {
    readonly name: string;
    readonly observed: number;
    readonly mean: number;
    readonly sd: number;
    readonly pValue: number;
  }[];
  /** Share of the data within the central 90 % band of their replicates. */
  readonly coverage90: number;
  readonly scores: readonly {
    readonly label: string;
    readonly elpd: number;
    readonly standardError: number;
    readonly p: number;
    /** null where it is beyond all numbers: too few draws have any weight. */
    readonly kHatMax: number | null;
    readonly difference: number;
    readonly differenceError: number;
    readonly warnings: readonly string[];
  }[];
};

export interface Predicted {
  readonly facts: PredictFacts;
  /** [R, N] of the first candidate. */
  readonly replicated: NdArray;
  readonly seconds: number;
}

/** Replicated data of the first candidate against the observed, and leave-one-out scores of all. */
export async function predictPhase(
  run: Run,
  options: {
    readonly candidates: readonly Candidate[];
    readonly observed: Float64Array;
    readonly statistics: Readonly<Record<string, Statistic>>;
    readonly part?: string;
  },
): Promise<Predicted> {
  const { candidates, observed, statistics, part } = options;
  const { directory, context, seed, effort } = run;
  const [first] = candidates as [Candidate];
  const done = await phase<PredictFacts>({
    directory,
    format: phaseFormat,
    name: "predict",
    inputs: [inputsOf(run), candidates.map(({ fit }) => fit.fingerprint), Object.keys(statistics)] as JsonValue,
    compute: async () => {
      const total = candidates.length + 1;
      context.progress("predict", 0, total);
      using replicated = await replicatedOf(first.model, first.fit, {
        ...(part === undefined ? {} : { part }),
        count: effort.replicated,
        seed: derivedSeed(seed, 20),
      });
      const predictive = posteriorPredictive({ replicated, observed, statistics, levels: [0.9], seed });
      const scored: Record<string, ReturnType<typeof loo>> = {};
      for (const [i, { label, model, fit }] of candidates.entries()) {
        context.signal.throwIfAborted();
        context.progress("predict", i + 1, total);
        using terms = await pointwiseOf(model, fit);
        scored[label] = loo(terms);
      }
      context.progress("predict", total, total);
      const compared = candidates.length > 1 ? compareModels(scored).models : [];
      return {
        facts: {
          statistics: predictive.statistics.map((statistic) => ({ ...statistic })),
          coverage90: predictive.bands[0]!.coverage,
          scores: candidates.map(({ label }) => {
            const { elpd, p, pointwise, warnings } = scored[label]!;
            const against = compared.find(({ name }) => name === label);
            return {
              label,
              elpd: elpd.estimate,
              standardError: elpd.se,
              p: p.estimate,
              kHatMax: finite(pointwise.kHat.reduce((a, b) => Math.max(a, b))),
              difference: against?.difference.estimate ?? 0,
              differenceError: against?.difference.se ?? 0,
              warnings,
            };
          }),
        },
        arrays: { replicated: Float64Array.from(replicated.data()) },
      };
    },
  });
  const values = done.arrays.replicated!;
  return {
    facts: done.facts,
    replicated: array(values, { shape: [values.length / observed.length, observed.length] }),
    seconds: done.seconds,
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
