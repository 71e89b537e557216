import { chainSampler, derivedSeed, nuts, phase, simulationBasedCalibration } from "@credence/core";
import { random, stack } from "@credence/tensor";
import type { DisplacementModel } from "../oracle/displacement-model.ts";
import { materialsOf, type NormalMaterial } from "./coordinates.ts";
import { targetOfReadings } from "./reduced-target.ts";
import { inputsOf, type Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

export type CalibrationFacts = {
  readonly replicates: number;
  readonly draws: number;
  readonly calibrated: boolean;
  readonly remarks: readonly string[];
  readonly pValues: readonly number[];
  readonly levels: readonly number[];
  /** Of central intervals, by quantity and level. */
  readonly coverage: readonly (readonly number[])[];
};

export interface Calibrated {
  readonly facts: CalibrationFacts;
  /** Row-major [replicates, 2]. */
  readonly ranks: Float64Array;
  readonly seconds: number;
}

/** Simulation-based calibration of the chains: materials from a normal prior, readings of each, and where the truth lies among the draws. */
export async function calibratePhase(
  run: Run,
  { model, noiseSd, prior }: { readonly model: DisplacementModel; readonly noiseSd: number; readonly prior: NormalMaterial },
): Promise<Calibrated> {
  const { directory, context, seed, effort } = run;
  const { replicates, replicateDraws: draws } = effort;
  const done = await phase<CalibrationFacts>({
    directory,
    format: phaseFormat,
    name: "calibrate",
    inputs: [inputsOf(run), noiseSd, [...prior.mean, ...prior.factor]],
    compute: async () => {
      const { signal } = context;
      const found = await simulationBasedCalibration({
        names: ["lambda", "mu"],
        simulate: (key, count) => {
          const { lambda, mu } = materialsOf(prior, random.normal(random.fold(key, 0), [count, 2], { dtype: "f64" }));
          const theta = stack([lambda, mu], 1);
          const u = model.predict(lambda, mu);
          const noise = random.normal(random.fold(key, 1), u.shape, { dtype: "f64" }).mul(noiseSd);
          return { theta, x: u.add(noise).reshape([count, -1]) };
        },
        sampler: chainSampler(targetOfReadings(model, noiseSd, prior), (target, options) =>
          nuts(target, { ...options, warmup: 300, draws: draws * thinning }),
        ),
        replicates,
        draws,
        seed: derivedSeed(seed, 40),
        signal,
        onProgress: ({ done: now, total }) => context.progress("calibrate", now, total),
      });
      const { sbc, verdict, coverage } = found;
      return {
        facts: {
          replicates,
          draws,
          calibrated: verdict.calibrated,
          remarks: verdict.remarks,
          pValues: sbc.parameters.map(({ pValue }) => pValue),
          levels: [...coverage.levels],
          coverage: coverage.parameters.map((parameter) => [...parameter.coverage]),
        },
        arrays: { ranks: Float64Array.from(sbc.ranks) },
      };
    },
  });
  return { facts: done.facts, ranks: done.arrays.ranks!, seconds: done.seconds };
}

/** Of the chains' draws one in so many is kept, so that they are independent. */
const thinning = 4;

/** Coverage of 90 % intervals, averaged over quantities. */
export function coverage90Of({ levels, coverage }: CalibrationFacts): number {
  const at = levels.findIndex((level) => Math.abs(level - 0.9) < 1e-9);
  if (at < 0) throw new RangeError(`the coverage curve has no level 0.9, only ${levels.join(", ")}`);
  return coverage.reduce((sum, curve) => sum + curve[at]!, 0) / coverage.length;
}
