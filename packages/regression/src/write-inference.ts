import { inferenceFromDraws, writeInferenceData } from "@credence/report";
import { array } from "@credence/tensor";
import type { Analysis } from "./analysis.ts";
import type { Run } from "./run.ts";

/** `posterior.nc`: draws of posterior and prior, what the sampler says of each, log-likelihood, replicated and observed data. */
export async function writeInference(path: string, run: Run, { main, groups }: Analysis): Promise<void> {
  const { facts, draws, stats, fingerprint } = main;
  const { prior, logLikelihood, replicated, observed, variable, unit, dimensions, coordinates } = groups;
  const axes = dimensions[variable]!;
  // Data of several columns have one term a row.
  const terms = axes.length > 1 ? `${variable}_row` : variable;
  const shape = [...observed.shape];
  const width = facts.names.length;
  const data = inferenceFromDraws({
    posterior: { names: facts.names, draws, stats },
    prior: { names: facts.names, draws: array(Float64Array.from(prior.data()), { shape: [1, prior.size / width, width] }) },
    // f32: half the file, and digits enough for any score of a model.
    logLikelihood: { [terms]: { shape: logLikelihood.shape, data: () => Float32Array.from(logLikelihood.data()) } },
    posteriorPredictive: { [variable]: array(Float64Array.from(replicated.data()), { shape: [1, replicated.shape[0]!, ...shape] }) },
    observedData: { [variable]: observed },
    dimensions: { ...dimensions, [terms]: axes.slice(0, 1), [variable]: axes },
    coordinates,
    units: { [variable]: unit },
  });
  await writeInferenceData(path, data, {
    attributes: { application: "regression", dataset: run.observation.dataset, method: facts.label, seed: run.seed, fingerprint },
  });
}
