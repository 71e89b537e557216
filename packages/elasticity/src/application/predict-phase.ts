import { derivedSeed, phase, posteriorPredictive } from "@credence/core";
import { array, type NdArray, program, random, type Tensor } from "@credence/tensor";
import type { DisplacementModel } from "../oracle/displacement-model.ts";
import { type Fit, thinned } from "./fit.ts";
import { inputsOf, type Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

export type PredictFacts = {
  /** Share of readings within the central 90 % band of their replicates. */
  readonly coverage90: number;
  /** Of the posterior's mean: squared residuals over squared noise, for each reading. */
  readonly chiSquarePerDatum: number;
  /** Share of replicated data sets that fit worse, at the draw that they were made from. */
  readonly chiSquarePValue: number;
};

export interface Predicted {
  readonly facts: PredictFacts;
  /** [R, S d] */
  readonly replicated: NdArray;
  /** Displacements at the posterior's mean, S d. */
  readonly fitted: Float64Array;
  readonly seconds: number;
}

/** Readings replicated from a posterior, beside those that there are. */
export async function predictPhase(run: Run, model: DisplacementModel, fit: Fit, noiseSd: number): Promise<Predicted> {
  const { directory, context, seed, effort, observation } = run;
  const { readings } = observation;
  const size = readings.length;
  const done = await phase<PredictFacts>({
    directory,
    format: phaseFormat,
    name: "predict",
    inputs: [inputsOf(run), fit.fingerprint, noiseSd],
    compute: async () => {
      context.signal.throwIfAborted();
      context.progress("predict", 0, 1);
      const draws = thinned(fit, effort.replicated);
      const simulate = program((theta: Tensor, key: Tensor) => {
        const u = model.predict(theta.index(0, 1), theta.index(1, 1)).reshape([theta.shape[0]!, size]);
        return { u, y: u.add(random.normal(key, u.shape, { dtype: "f64" }).mul(noiseSd)) };
      });
      const { u, y } = await simulate.runAsync([draws, program(() => random.key(derivedSeed(seed, 20)))()]);
      const rows = draws.shape[0]!;
      const [predicted, replicated] = [u.data() as Float64Array, y.data() as Float64Array];
      const fitted = new Float64Array(size);
      predicted.forEach((value, k) => {
        fitted[k % size]! += value / rows;
      });
      const found = posteriorPredictive({
        replicated: y,
        observed: readings,
        levels: [0.9],
        seed,
        discrepancies: {
          "chi-square": (x, draw) => {
            let sum = 0;
            for (let k = 0; k < size; k++) sum += ((x[k]! - predicted[draw * size + k]!) / noiseSd) ** 2;
            return sum;
          },
        },
      });
      const chi = readings.reduce((sum, value, k) => sum + ((value - fitted[k]!) / noiseSd) ** 2, 0);
      context.progress("predict", 1, 1);
      return {
        facts: {
          coverage90: found.bands[0]!.coverage,
          chiSquarePerDatum: chi / size,
          chiSquarePValue: found.discrepancies[0]!.pValue,
        },
        arrays: { replicated: Float64Array.from(replicated), fitted },
      };
    },
  });
  const { replicated, fitted } = done.arrays as { replicated: Float64Array; fitted: Float64Array };
  return { facts: done.facts, replicated: array(replicated, { shape: [replicated.length / size, size] }), fitted, seconds: done.seconds };
}
