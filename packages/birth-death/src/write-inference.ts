import { type InferenceGroup, writeInferenceData } from "@credence/report";
import { rateNames } from "./model.ts";
import type { Phases, Run } from "./run.ts";
import { column } from "./summary-json.ts";

/** `posterior.nc`: the draws, replicated series and the counts. */
export async function writeInference(
  path: string,
  { observation, settings }: Run,
  { inferred, checked, simulated }: Phases,
): Promise<void> {
  const draws = inferred.arrays.draws!;
  const count = draws.length / rateNames.length;
  const { times, counts, unit } = observation;
  const replicated = checked.arrays.replicated!;
  const year = Float64Array.from(times);
  const posterior: InferenceGroup = {
    variables: Object.fromEntries(
      rateNames.map((name, d) => [
        name,
        {
          dimensions: ["chain", "draw"],
          shape: [1, count],
          values: column(draws, d),
          unit: settings.parameters.units[d]!,
          description: settings.parameters.descriptions[d]!,
        },
      ]),
    ),
  };
  await writeInferenceData(
    path,
    {
      posterior,
      posterior_predictive: {
        variables: {
          counts: {
            dimensions: ["chain", "draw", "year"],
            shape: [1, replicated.length / times.length, times.length],
            values: replicated,
            unit,
          },
        },
        coordinates: { year },
      },
      observed_data: {
        variables: { counts: { dimensions: ["year"], shape: [times.length], values: counts, unit } },
        coordinates: { year },
      },
    },
    {
      attributes: {
        application: "birth-death",
        dataset: observation.dataset,
        seed: settings.seed,
        simulations: settings.effort.simulations,
        fingerprint: simulated.fingerprint,
      },
    },
  );
}
