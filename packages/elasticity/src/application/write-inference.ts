import { inferenceFromDraws, writeInferenceData } from "@credence/report";
import { array } from "@credence/tensor";
import type { Analysis } from "./analysis.ts";
import type { Run } from "./run.ts";

/** `posterior.nc`: draws of posterior and prior, replicated and observed displacements. */
export async function writeInference(
  path: string,
  { observation, seed }: Run,
  { main, prior, replicated, observed }: Analysis,
): Promise<void> {
  const { facts, draws, fingerprint } = main;
  const names = ["lambda", "mu"];
  const chain = (values: Float64Array) => array(Float64Array.from(values), { shape: [1, values.length / 2, 2] });
  const [sensors, rows] = [observed.length / 2, replicated.length / observed.length];
  const axes = ["sensor", "component"];
  const data = inferenceFromDraws({
    posterior: { names, draws: chain(draws.data() as Float64Array), stats: {} },
    prior: { names, draws: chain(prior) },
    posteriorPredictive: { displacement: array(Float64Array.from(replicated), { shape: [1, rows, sensors, 2] }) },
    observedData: { displacement: array(Float64Array.from(observed), { shape: [sensors, 2] }) },
    dimensions: { displacement: axes },
    coordinates: { component: ["x", "y"] },
    units: { displacement: observation.lengthUnit, lambda: observation.stressUnit, mu: observation.stressUnit },
  });
  await writeInferenceData(path, data, {
    attributes: { application: "elasticity", dataset: observation.dataset, method: facts.label, seed, fingerprint },
  });
}
