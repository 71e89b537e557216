import { array, type NdArray, program, random, type Tensor } from "@credence/tensor";
import type { Model } from "../model/index.ts";
import { type CalibrationDraws, calibrationDraws, type PosteriorSampler } from "./calibration-draws.ts";
import { type ExpectedCoverage, expectedCoverage } from "./expected-coverage.ts";
import { type SbcResult, sbc } from "./sbc.ts";
import { type SbcVerdict, sbcVerdict } from "./sbc-verdict.ts";

export interface SimulationBasedCalibrationOptions {
  /** Of the D quantities that are ranked. */
  readonly names: readonly string[];
  /**
   * `count` draws from the prior, as quantities [count, D], and a data set [count, ...] simulated from each; traced. `simulateFrom` makes
   * it of a model.
   */
  readonly simulate: (key: Tensor, count: number) => { readonly theta: Tensor; readonly x: Tensor };
  /** The method under test: a trained posterior, or what `chainSampler`, `productSampler` or `eachSampler` make of any other. */
  readonly sampler: PosteriorSampler;
  /** R, data sets. */
  readonly replicates: number;
  /** L, independent draws for each; 99 if absent. */
  readonly draws?: number;
  readonly seed: number;
  /** Data sets given to the sampler at a time; all if absent. */
  readonly batch?: number;
  /** Chance of a false alarm in the whole check; 0.01 if absent. */
  readonly level?: number;
  readonly device?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly phase: string; readonly done: number; readonly total: number }) => void;
}

export interface SimulationBasedCalibration {
  readonly calibration: CalibrationDraws;
  readonly sbc: SbcResult;
  readonly coverage: ExpectedCoverage;
  readonly verdict: SbcVerdict;
}

/**
 * Simulation-based calibration of any method (Talts et al. 2018): draw parameters from the prior and data from the model, fit the data, and
 * see where among the draws the parameters lie. A right method gives every rank as often, whatever the model. It cannot see an error that
 * prior, simulator and method share.
 */
export async function simulationBasedCalibration(options: SimulationBasedCalibrationOptions): Promise<SimulationBasedCalibration> {
  const { names, simulate, sampler, replicates, draws = 99, seed, batch = replicates, level, device, signal, onProgress } = options;
  if (!(Number.isInteger(replicates) && replicates >= 20))
    throw new RangeError(`simulationBasedCalibration: replicates must be an integer >= 20, got ${replicates}`);
  const place = device === undefined ? {} : { device };
  const run = program((key: Tensor) => simulate(key, replicates), { ...place, name: "simulated data sets" });
  using key = array(Uint32Array.of(seed >>> 0, 0x73626300), place); // a stream of its own: "sbc"
  const simulated = await run.runAsync([key], signal ? { signal } : {});
  using theta: NdArray = simulated.theta;
  using x: NdArray = simulated.x;
  const calibration = await calibrationDraws({
    parameters: { names },
    theta,
    x,
    posterior: sampler,
    draws,
    seed,
    batch,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const ranked = sbc(calibration, { seed });
  return {
    calibration,
    sbc: ranked,
    coverage: expectedCoverage(calibration),
    verdict: sbcVerdict(ranked, calibration, level === undefined ? {} : { level }),
  };
}

/**
 * Prior draws of a model and data predicted from each, for {@link simulationBasedCalibration}; the quantities are `model.names`.
 * @throws RangeError where the model predicts none, or more than one, array of data
 */
export function simulateFrom(model: Model): SimulationBasedCalibrationOptions["simulate"] {
  return (key, count) => {
    const u = model.samplePrior(key, count);
    const predicted = Object.entries(model.predict(random.fold(key, 1), u));
    const [first] = predicted;
    if (!first || predicted.length > 1)
      throw new RangeError(
        `simulateFrom: expected a model of one array of data, got ${predicted.map(([name]) => name).join(", ") || "none"}; write simulate(key, count) and join them`,
      );
    return { theta: model.constrain(u), x: first[1] };
  };
}
