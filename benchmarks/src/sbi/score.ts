import { c2st, type FlowOptions, type Posterior, type Simulations, simulate, type TrainingOptions, trainPosterior } from "@credence/core";
import { array, type NdArray } from "@credence/tensor";
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
  /** Processor time of training, over all threads: what it would take on an idle machine shows here when the machine is not. */
  readonly trainCpuSeconds: number;
  /** By observation, in the order given. */
  readonly c2st: readonly number[];
  /** Mean log q(theta | x) over fresh draws of prior and simulator, nats, and its standard error. */
  readonly heldOutLogProb: { readonly mean: number; readonly standardError: number };
  /** Share of the draws outside the prior's support. */
  readonly leakage: number;
  /** Observations of which some feature lies outside all simulations: there the networks extrapolate. */
  readonly outsideSimulations: readonly number[];
  /** Epochs of each network. */
  readonly epochs: readonly number[];
  /** The one that validation chose. */
  readonly weightDecay: number;
}

/** Draws of each posterior, as many as there are in its reference, and fresh simulations for the held-out log q. */
const draws = 10_000;

/** Simulates, trains one amortised posterior, draws from it for each observation, and judges the draws and the density. */
export async function score(task: Task, options: ScoreOptions): Promise<Score> {
  const { simulations, seed, threads } = options;
  const started = performance.now();
  const data = await simulateTask(task, simulations, seed, threads);
  const simulated = performance.now();
  const cpuBefore = process.cpuUsage();
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
  const cpu = process.cpuUsage(cpuBefore);
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
    trainCpuSeconds: (cpu.user + cpu.system) / 1e6,
    c2st: accuracies,
    heldOutLogProb: await heldOutLogProb(task, posterior, { seed: seed + 1, threads }),
    leakage: leakage(
      task,
      samples.map((sample) => sample.data() as Float64Array),
    ),
    outsideSimulations: [...options.observations].filter(([, { x }]) => !within(x, data.x)).map(([number]) => number),
    epochs: posterior.record.members.map(({ validationLogProb }) => validationLogProb.length),
    weightDecay: posterior.record.members[0]!.weightDecay,
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

/** Whether every feature of an observation lies between the least and the greatest simulated value. */
function within(observed: Float64Array, simulated: NdArray): boolean {
  const values = simulated.data();
  const width = observed.length;
  if (values.length % width !== 0)
    throw new RangeError(`the observation has ${width} features, a simulation ${simulated.shape.slice(1).join(" x ")}`);
  return observed.every((value, feature) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = feature; at < values.length; at += width) {
      low = Math.min(low, values[at]!);
      high = Math.max(high, values[at]!);
    }
    return value >= low && value <= high;
  });
}

function leakage({ parameters: { bounds, dimension } }: Task, samples: readonly Float64Array[]): number {
  let outside = 0;
  let total = 0;
  for (const values of samples)
    for (let row = 0; row < values.length; row += dimension, total++)
      if (bounds.some(({ low, high }, d) => values[row + d]! < low || values[row + d]! > high)) outside++;
  return total === 0 ? 0 : outside / total;
}
