import { derivedSeed, nuts, phase, summarizeChains } from "@credence/core";
import { array } from "@credence/tensor";
import { calibratePlate, type MaterialEstimate } from "../plate/calibrate-plate.ts";
import { normalOfDraws } from "./coordinates.ts";
import type { Fit } from "./fit.ts";
import type { PlateObservation } from "./observation.ts";
import { reducedTarget } from "./reduced-target.ts";
import { inputsOf, type Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

export type Estimate = {
  readonly young: Interval;
  readonly poisson: Interval;
};

export type Interval = {
  readonly mean: number;
  readonly sd: number;
  readonly q025: number;
  readonly q05: number;
  readonly q95: number;
  readonly q975: number;
};

export type PlateFacts = {
  readonly independent: Estimate;
  /** Independent noise, and a camera whose scale is not known. */
  readonly freeScale: Estimate;
  readonly withDiscrepancy: Estimate;
  readonly byLengthScale: readonly (Estimate & { readonly lengthScale: number; readonly amplitude: number })[];
  readonly discrepancy: readonly { readonly amplitude: number; readonly lengthScale: number; readonly noise: number }[];
  readonly inflation: readonly number[];
  readonly noise: readonly number[];
  readonly inside: number;
  readonly kept: number;
  readonly motion: readonly number[];
  readonly rHatMax: number;
  readonly essMin: number;
  readonly warnings: readonly string[];
};

export interface PlateRun {
  readonly facts: PlateFacts;
  /** With discrepancy, by chains; the same by quadrature; and with independent noise, by quadrature. */
  readonly chains: Fit;
  readonly quadrature: Fit;
  readonly independent: Fit;
  /** Places in the data of the readings kept, what the independent fit leaves of them and the mean of the process, mm. */
  readonly kept: Float64Array;
  readonly residuals: Float64Array;
  readonly discrepancyAt: Float64Array;
  readonly seconds: number;
}

/** The calibration of the plate and draws of its posteriors. */
export async function platePhase(run: Run<PlateObservation>): Promise<PlateRun> {
  const { directory, context, effort, seed, observation } = run;
  const { places, readings } = observation;
  const done = await phase<PlateFacts>({
    directory,
    format: phaseFormat,
    name: "plate",
    inputs: inputsOf(run),
    compute: async () => {
      context.progress("calibrate the plate", 0, 2);
      const found = await calibratePlate(
        { points: places, displacements: places.map((_, i) => [readings[2 * i]!, readings[2 * i + 1]!]) },
        { signal: context.signal },
      );
      context.progress("calibrate the plate", 1, 2);
      const { posterior } = found.withDiscrepancy;
      const drawsOf = ({ posterior: of }: MaterialEstimate, k: number): Float64Array =>
        Float64Array.from(of.sample(effort.draws, { seed: derivedSeed(seed, k) }).draws.data());
      const sampled = await nuts(reducedTarget(posterior.misfit, normalOfDraws(drawsOf(found.withDiscrepancy, 1))), {
        chains: 4,
        draws: Math.ceil(effort.draws / 4),
        warmup: 500,
        seed: derivedSeed(seed, 2),
        signal: context.signal,
      });
      context.progress("calibrate the plate", 2, 2);
      const summaries = summarizeChains(sampled);
      return {
        facts: {
          independent: estimateOf(found.independent),
          freeScale: estimateOf(found.freeScale),
          withDiscrepancy: estimateOf(found.withDiscrepancy),
          byLengthScale: found.byLengthScale.map(({ lengthScale, amplitude, ...estimate }) => ({
            lengthScale,
            amplitude,
            ...estimateOf(estimate),
          })),
          discrepancy: found.discrepancy.map(({ amplitude, lengthScale, noise }) => ({ amplitude, lengthScale, noise })),
          inflation: [...found.inflation],
          noise: [...found.noise],
          inside: found.inside.length,
          kept: found.kept.length,
          motion: [...found.motion],
          rHatMax: Math.max(...summaries.map(({ rHat }) => rHat)),
          essMin: Math.min(...summaries.map(({ essBulk, essTail }) => Math.min(essBulk, essTail))),
          warnings: [...posterior.warnings, ...sampled.warnings],
        },
        arrays: {
          chains: Float64Array.from(sampled.draws.data()),
          quadrature: drawsOf(found.withDiscrepancy, 1),
          independent: drawsOf(found.independent, 4),
          kept: Float64Array.from(found.kept),
          residuals: Float64Array.from(found.residuals),
          discrepancyAt: Float64Array.from(found.discrepancyAt),
        },
      };
    },
  });
  const { facts, arrays, fingerprint, seconds } = done;
  const fit = (key: "chains" | "quadrature" | "independent", label: string): Fit => ({
    key,
    facts: { label, logEvidence: null, warnings: facts.warnings, numbers: {} },
    draws: array(arrays[key]!, { shape: [arrays[key]!.length / 2, 2] }),
    seconds,
    fingerprint,
  });
  return {
    facts,
    chains: fit("chains", "NUTS, with discrepancy"),
    quadrature: fit("quadrature", "quadrature, with discrepancy"),
    independent: fit("independent", "quadrature, independent noise"),
    kept: arrays.kept!,
    residuals: arrays.residuals!,
    discrepancyAt: arrays.discrepancyAt!,
    seconds,
  };
}

const estimateOf = ({ young, poisson }: MaterialEstimate): Estimate => ({ young: intervalOf(young), poisson: intervalOf(poisson) });

const intervalOf = ({ mean, sd, q05, q95, quantile }: MaterialEstimate["young"]): Interval => ({
  mean,
  sd,
  q05,
  q95,
  q025: quantile(0.025),
  q975: quantile(0.975),
});
