import { type InferenceGroup, writeInferenceData } from "@credence/report";
import { array, program, random, type Tensor } from "@credence/tensor";
import { rateNames } from "./model.ts";
import { logLikelihood } from "./oracle.ts";
import type { Phases, Run } from "./run.ts";
import { column } from "./summary-json.ts";

/** Key of the prior's draws, apart from those that the posterior was made with. */
const priorKey = 7;

/** Draws of the prior, as many as of the posterior, and for each draw of the latter its log densities (lp: unnormalised, where the likelihood is known). */
function densities(
  { observation, settings }: Run,
  draws: Float64Array,
): { readonly prior: Float64Array; readonly stats: Readonly<Record<string, Float64Array>> } {
  const count = draws.length / rateNames.length;
  const { parameters } = settings;
  using theta = array(draws, { shape: [count, rateNames.length] });
  const run = program((rates: Tensor) => {
    const logPrior = parameters.logProb(rates);
    const sampled = parameters.sample(random.fold(random.key(settings.seed), priorKey), [count]);
    return { sampled, logPrior, ...(settings.detection === 1 && { lp: logPrior.add(logLikelihood(rates, observation)) }) };
  });
  const { sampled, logPrior, lp } = run(theta);
  const numbers = (values: { data(): ArrayLike<number> }): Float64Array => Float64Array.from(values.data());
  return { prior: numbers(sampled), stats: { log_prior: numbers(logPrior), ...(lp && { lp: numbers(lp) }) } };
}

/** `posterior.nc`: draws of posterior and prior, their densities, replicated series and the counts. */
export async function writeInference(path: string, run: Run, { inferred, checked, simulated }: Phases): Promise<void> {
  const { observation, settings } = run;
  const draws = inferred.arrays.draws!;
  const count = draws.length / rateNames.length;
  const { times, counts, unit } = observation;
  const replicated = checked.arrays.replicated!;
  const year = Float64Array.from(times);
  const { prior, stats } = densities(run, draws as Float64Array);
  const rates = (values: Float64Array): InferenceGroup => ({
    variables: Object.fromEntries(
      rateNames.map((name, d) => [
        name,
        {
          dimensions: ["chain", "draw"],
          shape: [1, count],
          values: column(values, d),
          unit: settings.parameters.units[d]!,
          description: settings.parameters.descriptions[d]!,
        },
      ]),
    ),
  });
  await writeInferenceData(
    path,
    {
      posterior: rates(draws as Float64Array),
      prior: rates(prior),
      sample_stats: {
        variables: Object.fromEntries(
          Object.entries(stats).map(([name, values]) => [name, { dimensions: ["chain", "draw"], shape: [1, count], values }]),
        ),
      },
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
