import {
  c2st,
  calibrationDraws,
  type DonePhase,
  derivedSeed,
  expectedCoverage,
  type PosteriorPredictive,
  phase,
  posteriorPredictive,
  type Simulations,
  type Statistic,
  sbc,
  simulate,
} from "@credence/core";
import { array, type NdArray } from "@credence/tensor";
import { rateNames } from "./model.ts";
import type { CensusPosterior } from "./posterior.ts";
import type { Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";
import { censusSimulator } from "./simulator.ts";

export type CheckFacts = {
  /** Accuracy of a classifier between these draws and the oracle's; null without an oracle. */
  readonly c2st: number | null;
  readonly sbc: readonly { readonly name: string; readonly pValue: number }[];
  readonly replicates: number;
  readonly replicateDraws: number;
  readonly levels: readonly number[];
  /** Of central intervals, by parameter and level. */
  readonly coverage: readonly (readonly number[])[];
  readonly predictive: {
    /** Share of observed counts within the central 90 % band. */
    readonly coverage90: number;
    readonly statistics: PosteriorPredictive["statistics"];
  };
};

/** Levels of the coverage curves. */
const levels = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

/** What the model should reproduce of a series beside its counts. */
const statistics: Readonly<Record<string, Statistic>> = {
  "last count": (n) => n.at(-1)!,
  "largest count": (n) => n.reduce((a, b) => Math.max(a, b)),
  "steps down": (n) => n.reduce((sum, count, l) => sum + (l > 0 && count < n[l - 1]! ? 1 : 0), 0),
  "largest fall (log)": (n) => n.reduce((most, count, l) => (l > 0 ? Math.max(most, Math.log1p(n[l - 1]!) - Math.log1p(count)) : most), 0),
  "sd of log growth": (n) => {
    const growth = Array.from(n.subarray(1), (count, l) => Math.log1p(count) - Math.log1p(n[l]!));
    const mean = growth.reduce((a, b) => a + b) / growth.length;
    return Math.sqrt(growth.reduce((sum, g) => sum + (g - mean) ** 2, 0) / growth.length);
  },
};

/** Classifier against the oracle, calibration on fresh prior draws, and replicated series: arrays.ranks, arrays.replicated. */
export async function checkPhase(
  run: Run,
  posterior: CensusPosterior,
  inferred: DonePhase,
  oracle: DonePhase | undefined,
): Promise<DonePhase<CheckFacts>> {
  const { observation, settings, context, directory } = run;
  const { effort, seed } = settings;
  const { replicates, replicateDraws, classifierDraws, predictiveDraws } = effort;
  return phase<CheckFacts>({
    directory,
    format: phaseFormat,
    name: "check",
    inputs: {
      inferred: inferred.fingerprint,
      oracle: oracle?.fingerprint ?? null,
      replicates,
      replicateDraws,
      classifierDraws,
      predictiveDraws,
    },
    compute: async () => {
      const { signal } = context;
      const draws = rows(inferred.arrays.draws!);
      const accuracy =
        oracle &&
        (await c2st(spread(rows(oracle.arrays.draws!), classifierDraws), spread(draws, classifierDraws), {
          seed,
          signal,
          onProgress: report,
        }));

      const held = await heldOut(run);
      const calibration = await calibrationDraws({
        parameters: settings.parameters,
        theta: held.theta,
        x: held.x,
        posterior,
        draws: replicateDraws,
        seed: derivedSeed(seed, 5),
        signal,
        onProgress: report,
      });
      const ranked = sbc(calibration, { seed });
      const covered = expectedCoverage(calibration, { levels });

      using replicated = await replicate(run, spread(draws, predictiveDraws));
      const predictive = posteriorPredictive({ replicated, observed: observation.counts, statistics, levels: [0.9], seed });
      return {
        facts: {
          c2st: accuracy ?? null,
          sbc: ranked.parameters.map(({ name, pValue }) => ({ name, pValue })),
          replicates,
          replicateDraws,
          levels,
          coverage: covered.parameters.map(({ coverage }) => coverage),
          predictive: { coverage90: predictive.bands[0]!.coverage, statistics: predictive.statistics },
        },
        arrays: { ranks: Float64Array.from(ranked.ranks), replicated: Float64Array.from(replicated.data()) },
      };
    },
  });

  function report({ done, total }: { done: number; total: number }): void {
    context.progress("check", done, total);
  }
}

/** Series that the posterior was not trained on, with the rates that they came from. */
function heldOut({ settings, context }: Run): Promise<Simulations> {
  const { parameters, design, effort, seed } = settings;
  return simulate({
    parameters,
    simulator: censusSimulator(design),
    count: effort.replicates,
    seed: derivedSeed(seed, 4),
    signal: context.signal,
  });
}

/** Series [draws, times] simulated at posterior draws. */
async function replicate({ settings, context }: Run, draws: number[][]): Promise<NdArray> {
  const { parameters, design, seed } = settings;
  using theta = array(Float32Array.from(draws.flat()), { shape: [draws.length, rateNames.length] });
  const { x } = await simulate({
    parameters,
    simulator: censusSimulator(design),
    theta,
    count: draws.length,
    seed: derivedSeed(seed, 6),
    signal: context.signal,
  });
  return x;
}

function rows(draws: Float64Array): number[][] {
  const width = rateNames.length;
  return Array.from({ length: draws.length / width }, (_, i) => [...draws.subarray(i * width, (i + 1) * width)]);
}

/** `count` of the draws at even distances: neighbours in a chain resemble one another. */
function spread(draws: number[][], count: number): number[][] {
  const kept = Math.min(count, draws.length);
  return Array.from({ length: kept }, (_, i) => draws[Math.floor((i * draws.length) / kept)]!);
}
