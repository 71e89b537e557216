// Lueckmann et al. 2021, "Benchmarking simulation-based inference": eight tasks, amortised posterior estimation, beside sbi.
import type { FlowOptions, TrainingOptions } from "@credence/core";
import { defaultThreads } from "@credence/tensor";
import type { Benchmark, Measurement, OptionValues } from "../measurement.ts";
import { numbers, words } from "../options.ts";
import { bars, bestHeldOutLogProb, type PeerFigures, sbiFigures, type TaskName } from "./figures.ts";
import { readObservation } from "./observations.ts";
import { type Score, score } from "./score.ts";
import { tasks } from "./task.ts";

export const sbi: Benchmark = {
  summary: "simulation-based inference: C2ST and held-out log q of eight tasks, against sbi",
  options: {
    data: { type: "string" },
    tasks: { type: "string", default: Object.keys(tasks).join(",") },
    simulations: { type: "string", default: "10000" },
    observations: { type: "string", default: "1,2,3" },
    seed: { type: "string", default: "1" },
    threads: { type: "string" },
    flow: { type: "string", default: "{}" },
    training: { type: "string", default: "{}" },
  },
  async run(options, emit) {
    const data = options["data"];
    if (typeof data !== "string")
      throw new RangeError("--data must name the folder of the tasks' observations: TASK/num_observation_N/*.csv");
    const simulations = wholeNumber(options, "simulations");
    const seed = wholeNumber(options, "seed");
    const threads = options["threads"] === undefined ? defaultThreads() : wholeNumber(options, "threads");
    const chosen = numbers(options, "observations");
    const flow = json<FlowOptions>(options, "flow");
    const training = json<TrainingOptions>(options, "training");
    for (const name of words(options, "tasks", tasks)) {
      const observations = new Map(
        await Promise.all(chosen.map(async (number) => [number, await readObservation(data, name, number)] as const)),
      );
      const result = await score(await tasks[name](data), { simulations, seed, threads, observations, flow, training });
      const measured = measurement(name, result, { simulations, threads, observations: chosen });
      emit(measured);
      console.log(comparison(name, result, chosen));
    }
  },
};

/** A score as a row of the record: seconds to simulate, train and draw, beside the seconds sbi takes to train alone. */
export function measurement(
  name: TaskName,
  { seconds, trainCpuSeconds, c2st, heldOutLogProb, leakage, outsideSimulations, epochs, weightDecay }: Score,
  run: { readonly simulations: number; readonly threads: number; readonly observations: readonly number[] },
): Measurement {
  const peer = sbiFigures[name];
  const total = seconds.simulate + seconds.train + seconds.sample;
  const best = bestHeldOutLogProb[name];
  const comparable = run.simulations === 10_000;
  return {
    name: `sbi ${name}`,
    size: `${run.simulations} simulations`,
    device: "cpu",
    threads: run.threads,
    seconds: { min: total, median: total, max: total },
    peer: comparable
      ? { peer: "sbi 0.27.0, recorded", threads: 2, seconds: { min: peer.trainSeconds, median: peer.trainSeconds, max: peer.trainSeconds } }
      : { peer: "sbi 0.27.0, recorded", threads: 2, note: "recorded for 10,000 simulations only" },
    ...(comparable && { bar: bars.speed }),
    figures: {
      secondsSimulate: seconds.simulate,
      secondsTrain: seconds.train,
      secondsSample: seconds.sample,
      cpuSecondsTrain: trainCpuSeconds,
      ...Object.fromEntries(run.observations.map((number, i) => [`c2stObservation${number}`, c2st[i]!])),
      ...(c2st.length > 0 && { c2stMean: mean(c2st) }),
      heldOutLogProb: heldOutLogProb.mean,
      heldOutLogProbStandardError: heldOutLogProb.standardError,
      leakage,
      observationsOutsideSimulations: outsideSimulations.join(" "),
      epochs: epochs.join(" "),
      weightDecay,
      ...(comparable && {
        peerC2stMean: mean(peer.c2st),
        peerHeldOutLogProb: peer.heldOutLogProb,
        ...verdict(c2st, heldOutLogProb.mean, peer),
      }),
      ...(best !== undefined && { bestHeldOutLogProb: best }),
    },
  };
}

/** The bars on accuracy: what sbi reaches, within the slack. C2ST is compared where the same observations, 1 to 3, were asked for. */
function verdict(c2st: readonly number[], logProb: number, peer: PeerFigures): Record<string, string> {
  const say = (met: boolean): string => (met ? "met" : "missed");
  return {
    barLogProb: say(logProb >= peer.heldOutLogProb - bars.logProbSlack),
    ...(c2st.length === peer.c2st.length && { barC2st: say(mean(c2st) <= mean(peer.c2st) + bars.c2stSlack) }),
  };
}

function comparison(name: TaskName, { c2st, heldOutLogProb, seconds, epochs }: Score, observations: readonly number[]): string {
  const peer = sbiFigures[name];
  const best = bestHeldOutLogProb[name];
  const ours = c2st.map((accuracy, i) => `${observations[i]}: ${accuracy.toFixed(3)}`).join("  ");
  return [
    `  C2ST            ${ours || "not asked for"}   (sbi ${peer.c2st.map((accuracy) => accuracy.toFixed(3)).join(" ")})`,
    `  held-out log q  ${heldOutLogProb.mean.toFixed(3)} +- ${heldOutLogProb.standardError.toFixed(3)}   (sbi ${peer.heldOutLogProb}${best === undefined ? "" : `, best possible ${best}`})`,
    `  seconds         ${seconds.simulate.toFixed(2)} simulate, ${seconds.train.toFixed(2)} train (epochs ${epochs.join(" ")}), ${seconds.sample.toFixed(2)} sample   (sbi trains ${peer.trainSeconds})`,
  ].join("\n");
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function wholeNumber(options: OptionValues, name: string): number {
  const value = Number(options[name]);
  if (!(Number.isInteger(value) && value > 0))
    throw new RangeError(`--${name} must be a positive whole number, got "${String(options[name])}"`);
  return value;
}

function json<T>(options: OptionValues, name: string): T {
  const text = String(options[name]);
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new RangeError(`--${name} must be a JSON object of trainPosterior's ${name} options, got ${text}`);
  }
}
