import { type FlowOptions, type ParameterSummary, type Progress, summarizeDraws, type TrainingOptions } from "@credence/core";
import { array, type NdArray } from "@credence/tensor";
import { type CensusDesign, countMaxFor } from "./design.ts";
import { censusEmbedding, type EmbeddingName } from "./embedding.ts";
import { birthDeathParameters, type RateName, type RatePriors, rateNames } from "./model.ts";
import { type CountSeries, requireSeries } from "./oracle.ts";
import { type CensusPosterior, censusPosterior, simulateCensus, trainCensusPosterior } from "./posterior.ts";
import { column } from "./summary-json.ts";

/** What a posterior is trained with unless told otherwise: measured to agree with the exact posterior of the whooping crane. */
export const defaultSimulations = 400_000;

export const defaultFlow: FlowOptions = { kind: "nsf", transforms: 4, hidden: 50, blocks: 2, bins: 8 };

export const defaultTraining: TrainingOptions = {
  batchSize: 200,
  learningRate: 2e-3,
  schedule: "cosine",
  weightDecay: 0,
  maxEpochs: 8,
  patience: 8,
  validationFraction: 0.02,
  averageDecay: 0.999,
  ensembleSize: 2,
};

export interface InferOptions {
  /** An integer in [0, 2^32). The same seed gives the same draws. */
  readonly seed: number;
  /** Uniform over (0, 1) per year, twice, and (0, 5) individuals per year unless given. */
  readonly priors?: RatePriors;
  /** Probability that an individual is counted; 1 unless given. */
  readonly detection?: number;
  /** Posterior draws; 10,000 unless given. */
  readonly draws?: number;
  readonly simulations?: number;
  readonly embedding?: EmbeddingName;
  readonly flow?: FlowOptions;
  readonly training?: TrainingOptions;
  readonly device?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: Progress;
}

export interface RateInference {
  readonly rates: Readonly<Record<RateName, ParameterSummary>>;
  /** f64 [draws, 3], columns in the order of {@link rateNames}. */
  readonly draws: NdArray;
  /** For any other counts at the same times that start from the same first count, at no further training. */
  readonly posterior: CensusPosterior;
}

/**
 * Birth, death and immigration rates of a counted population: simulates, trains and draws, in a minute or so.
 *
 * @throws {RangeError} if times and counts do not fit each other, or an option is out of range.
 */
export async function inferRates(series: CountSeries, options: InferOptions): Promise<RateInference> {
  const { seed, priors, detection = 1, draws = 10_000, simulations = defaultSimulations, embedding = "summary", ...rest } = options;
  const { flow = defaultFlow, training = defaultTraining, device, signal, onProgress } = rest;
  requireSeries(series);
  const parameters = birthDeathParameters(priors);
  const { times, counts } = series;
  const design: CensusDesign = { times, firstCount: counts[0]!, countMax: countMaxFor(counts), detection };
  const census = censusEmbedding(embedding, design, parameters.bounds);
  const common = { census, seed, ...(device && { device }), ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const simulated = await simulateCensus({ ...common, parameters, design, count: simulations });
  const posterior = censusPosterior(await trainCensusPosterior(simulated, { ...common, flow, training }), census);
  simulated.standard.dispose();
  simulated.features.dispose();
  using given = array(Float64Array.from(counts));
  const drawn = await posterior.sample(given, draws, { seed, ...(signal && { signal }) });
  const values = Float64Array.from(drawn.data());
  const summaries = rateNames.map((name, d) => [name, summarizeDraws(column(values, d), parameters.units[d]!)] as const);
  return { rates: Object.fromEntries(summaries) as Record<RateName, ParameterSummary>, draws: drawn, posterior };
}
