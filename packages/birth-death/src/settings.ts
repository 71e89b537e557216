import { type ApplicationOptions, type FlowOptions, type Parameters, type TrainingOptions, uniform } from "@credence/core";
import { type CensusDesign, countMaxFor } from "./design.ts";
import { type CensusEmbedding, censusEmbedding, type EmbeddingName, embeddingNames } from "./embedding.ts";
import { defaultFlow, defaultSimulations, defaultTraining } from "./infer.ts";
import { birthDeathParameters, type RatePriors } from "./model.ts";
import type { Observation } from "./observation.ts";

/** Bumped where a phase comes to mean something else. */
export const phaseFormat = "birth-death 1";

/** Numbers of everything, by how long a run may take. */
export interface Effort {
  readonly simulations: number;
  readonly training: TrainingOptions;
  readonly flow: FlowOptions;
  /** Posterior draws. */
  readonly draws: number;
  /** Replicates of the calibration, and posterior draws of each. */
  readonly replicates: number;
  readonly replicateDraws: number;
  /** Draws on each side of the classifier test. */
  readonly classifierDraws: number;
  readonly oracle: { readonly chains: number; readonly draws: number; readonly thin: number; readonly warmup: number };
  readonly predictiveDraws: number;
}

/** Everything that fixes the result of a run, apart from the observation. */
export interface Settings {
  readonly effort: Effort;
  readonly seed: number;
  readonly device: string;
  readonly detection: number;
  readonly priors: RatePriors;
  readonly parameters: Parameters;
  readonly design: CensusDesign;
  readonly census: CensusEmbedding;
}

const thorough: Effort = {
  simulations: defaultSimulations,
  training: defaultTraining,
  flow: defaultFlow,
  draws: 10_000,
  replicates: 1000,
  replicateDraws: 199,
  classifierDraws: 5000,
  oracle: { chains: 64, draws: 250, thin: 20, warmup: 600 },
  predictiveDraws: 2000,
};

const quick: Effort = {
  ...thorough,
  simulations: 20_000,
  training: { ...thorough.training, ensembleSize: 1, averageDecay: 0.99 },
  draws: 4000,
  replicates: 200,
  classifierDraws: 1000,
  oracle: { chains: 32, draws: 125, thin: 10, warmup: 400 },
  predictiveDraws: 500,
};

/** Own options of the application, as the command line gives them. */
export function settingsOf(options: ApplicationOptions, observation: Observation): Settings {
  const { own, seed, device } = options;
  const effort = options.quick ? quick : thorough;
  const priors: RatePriors = {
    birthRate: uniform(0, positive(own, "birthRateMax", 1)),
    deathRate: uniform(0, positive(own, "deathRateMax", 1)),
    immigrationRate: uniform(0, positive(own, "immigrationRateMax", 5)),
  };
  const detection = Number(own.detection ?? 1);
  const parameters = birthDeathParameters(priors);
  const design: CensusDesign = {
    times: observation.times,
    firstCount: observation.counts[0]!,
    countMax: countMaxFor(observation.counts),
    detection,
  };
  return {
    effort: { ...effort, simulations: options.simulations ?? effort.simulations },
    seed,
    device,
    detection,
    priors,
    parameters,
    design,
    census: censusEmbedding(embeddingOf(own.embedding), design, parameters.bounds),
  };
}

function positive(own: ApplicationOptions["own"], name: string, fallback: number): number {
  const value = Number(own[name] ?? fallback);
  if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be positive and finite, got ${own[name]}`);
  return value;
}

function embeddingOf(value: unknown): EmbeddingName {
  const name = embeddingNames.find((known) => known === (value ?? "summary"));
  if (name === undefined) throw new RangeError(`embedding must be one of ${embeddingNames.join(", ")}, got ${String(value)}`);
  return name;
}
