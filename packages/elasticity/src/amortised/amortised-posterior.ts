import { type Posterior, type Progress, simulate, type TrainingOptions, trainPosterior } from "@credence/core";
import { array, type NdArray, program, type Tensor } from "@credence/tensor";
import type { RandomLoads } from "./random-loads.ts";

export interface AmortisedOptions {
  /** 100,000 if absent. */
  readonly simulations?: number;
  readonly training?: TrainingOptions;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: Progress;
}

/** A network's posterior of lambda and mu for any readings under any loads of the family that it was trained on. */
export interface AmortisedPosterior {
  readonly posterior: Posterior;
  /** Draws [count, 2] for readings, S d, under K loads: a millisecond or so. */
  sample(readings: ArrayLike<number>, loads: ArrayLike<number>, count: number, options: { readonly seed: number }): Promise<NdArray>;
}

/** Of a flow that two parameters and five features need. */
const flow = { kind: "nsf", transforms: 3, hidden: 50, bins: 8 } as const;

const training: TrainingOptions = {
  batchSize: 200,
  learningRate: 4e-3,
  schedule: "cosine",
  weightDecay: 0,
  maxEpochs: 20,
  patience: 20,
  validationFraction: 0.05,
  averageDecay: 0.99,
  ensembleSize: 1,
};

/** Simulates readings of random materials under random loads and trains a flow on them (neural posterior estimation). */
export async function amortisedPosterior(loads: RandomLoads, options: AmortisedOptions): Promise<AmortisedPosterior> {
  const { simulations = 100_000, seed, signal, onProgress } = options;
  const common = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const { parameters, simulator } = loads;
  const { theta, x } = await simulate({ parameters, simulator, count: simulations, seed, ...common });
  const posterior = await trainPosterior({ parameters, theta, x, flow, training: { ...training, ...options.training }, seed, ...common });
  const summary = program((y: Tensor, a: Tensor) => loads.summary(y.expandDims(0), a.expandDims(0)).squeeze(0), {
    name: "summary of readings",
  });
  return {
    posterior,
    async sample(readings, amplitudes, count, given) {
      const seen = await summary.runAsync([array(Float64Array.from(readings)), array(Float64Array.from(amplitudes))]);
      return posterior.sample(array(Float32Array.from(seen.data())), count, given);
    },
  };
}
