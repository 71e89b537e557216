import { c2st, type FlowOptions, type Posterior, type Simulations, simulate, type TrainingOptions, trainPosterior } from "@credence/core";
import { array } from "@credence/tensor";
import type { Observation } from "./observations.ts";
import type { Task } from "./task.ts";

export interface ScoreOptions {
  readonly simulations: number;
  readonly seed: number;
  readonly threads: number;
  /** By number, from 1. */
  readonly observations: ReadonlyMap<number, Observation>;
  readonly flow?: FlowOptions;
  readonly training?: TrainingOptions;
}

export interface Score {
  readonly seconds: { readonly simulate: number; readonly train: number; readonly sample: number };
  /** By observation, in the order given. */
  readonly c2st: readonly number[];
  /** Mean log q(theta | x) over fresh draws of prior and simulator, nats, and its standard error. */
  readonly heldOutLogProb: { readonly mean: number; readonly standardError: number };
  /** Share of the draws outside the prior's support. */
  readonly leakage: number;
  /** Epochs of each network. */
  readonly epochs: readonly number[];
  readonly weights: readonly number[];
}

/** Draws of each posterior, as many as there are in its reference, and fresh simulations for the held-out log q. */
const draws = 10_000;

/** Simulates, trains one amortised posterior, draws from it for each observation, and judges the draws and the density. */
export async function score(task: Task, options: ScoreOptions): Promise<Score> {
  const { simulations, seed, threads } = options;
  const started = performance.now();
  const data = await simulateTask(task, simulations, seed, threads);
  const simulated = performance.now();
  using posterior = await trainPosterior({
    parameters: task.parameters,
    theta: data.theta,
    x: data.x,
    seed,
    threads,
    ...(options.flow && { flow: options.flow }),
    ...(options.training && { training: options.training }),
  });
  const trained = performance.now();
  const samples = [];
  for (const { x } of options.observations.values()) samples.push(await posterior.sample(x, draws, { seed, threads }));
  const sampled = performance.now();

  const accuracies: number[] = [];
  for (const [i, { reference }] of [...options.observations.values()].entries()) {
    const exact = array(reference.values, { shape: [reference.rows, reference.columns] });
    accuracies.push(await c2st(exact, samples[i]!, { seed: 1, threads }));
  }
  return {
    seconds: { simulate: (simulated - started) / 1e3, train: (trained - simulated) / 1e3, sample: (sampled - trained) / 1e3 },
    c2st: accuracies,
    heldOutLogProb: await heldOutLogProb(task, posterior, { seed: seed + 1, threads }),
    leakage: leakage(
      task,
      samples.map((sample) => sample.data() as Float64Array),
    ),
    epochs: posterior.record.members.map(({ validationLogProb }) => validationLogProb.length),
    weights: posterior.weights,
  };
}

const simulateTask = ({ parameters, simulate: run }: Task, count: number, seed: number, threads: number): Promise<Simulations> =>
  simulate({ parameters, simulator: { kind: "program", run }, count, seed, threads });

async function heldOutLogProb(task: Task, posterior: Posterior, { seed, threads }: { seed: number; threads: number }) {
  const { theta, x } = await simulateTask(task, draws, seed, threads);
  const logProb = (await posterior.logProbPairs(theta, x)).data() as Float64Array;
  const mean = logProb.reduce((sum, value) => sum + value, 0) / draws;
  const variance = logProb.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (draws - 1);
  return { mean, standardError: Math.sqrt(variance / draws) };
}

function leakage({ parameters: { bounds, dimension } }: Task, samples: readonly Float64Array[]): number {
  let outside = 0;
  let total = 0;
  for (const values of samples)
    for (let row = 0; row < values.length; row += dimension, total++)
      if (bounds.some(({ low, high }, d) => values[row + d]! < low || values[row + d]! > high)) outside++;
  return total === 0 ? 0 : outside / total;
}
