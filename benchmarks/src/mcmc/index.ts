// Gradient evaluations and effective draws a second of few and of many chains, beside rstan on the same data; and how soon a first draw is there.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { chees, effectiveSampleSize, hmc, nuts } from "@credence/core";
import { defaultThreads } from "@credence/tensor";
import { leastEss, type Timed, timeChains, total } from "../chains.ts";
import { type Benchmark, type Measurement, type PeerTiming, type Seconds, spread } from "../measurement.ts";
import { words } from "../options.ts";
import { eightSchools, logistic, type Problem } from "./problems.ts";
import { rstan, type StanRun } from "./rstan.ts";

/** A sampler, how many chains of it, and the gradients a second of all of them together that the project promises. */
interface Case {
  readonly sampler: "nuts" | "chees" | "hmc";
  readonly chains: number;
  readonly warmup: number;
  readonly draws: number;
  readonly targetAcceptance?: number;
  readonly threads: number;
  /** Runs, each with a seed of its own. */
  readonly runs: number;
  readonly gradientsPerSecond?: number;
}

interface Group {
  readonly size: string;
  readonly problem: () => Problem;
  readonly stan: "logistic" | "eight_schools";
  readonly stanDraws: number;
  readonly cases: readonly Case[];
}

const all = defaultThreads();
const nutsOf = (chains: number, rest: Omit<Case, "sampler" | "chains">): Case => ({ sampler: "nuts", chains, ...rest });

/** Few chains of a small model are faster in one thread: a step is shorter than a meeting of two. */
const groups: Readonly<Record<string, Group>> = {
  logistic: {
    size: "10,000 x 100",
    problem: () => logistic(10_000, 100),
    stan: "logistic",
    stanDraws: 1000,
    cases: [
      nutsOf(4, { warmup: 1000, draws: 1000, threads: all, runs: 1, gradientsPerSecond: 10_000 }),
      nutsOf(64, { warmup: 300, draws: 150, threads: all, runs: 1, gradientsPerSecond: 20_000 }),
      { sampler: "chees", chains: 64, warmup: 300, draws: 150, threads: all, runs: 1, gradientsPerSecond: 20_000 },
    ],
  },
  schools: {
    size: "eight schools",
    problem: eightSchools,
    stan: "eight_schools",
    stanDraws: 20_000,
    cases: [
      nutsOf(4, { warmup: 1000, draws: 10_000, threads: 1, runs: 3, gradientsPerSecond: 1e6 }),
      { sampler: "hmc", chains: 4, warmup: 1000, draws: 10_000, targetAcceptance: 0.99, threads: 1, runs: 3, gradientsPerSecond: 1e6 },
      { sampler: "chees", chains: 1024, warmup: 500, draws: 250, threads: all, runs: 3 },
      { sampler: "hmc", chains: 1024, warmup: 500, draws: 500, targetAcceptance: 0.99, threads: all, runs: 3, gradientsPerSecond: 20e6 },
    ],
  },
};

/** The most seconds from the start of a process to the first draw of eight schools, warm-up of 1,000 transitions included. */
const firstDrawSecondsMax = 1;

export const mcmc: Benchmark = {
  summary: "gradients and effective draws a second of NUTS, HMC and ChEES, against rstan; time to the first draw",
  options: { groups: { type: "string", default: [...Object.keys(groups), "first-draw"].join(",") } },
  async run(options, emit) {
    for (const name of words(options, "groups", { ...groups, "first-draw": undefined })) {
      const group = groups[name];
      if (!group) emit(firstDraw());
      else for (const row of await measure(name, group)) emit(row);
    }
  },
};

async function measure(name: string, { size, problem, stan, stanDraws, cases }: Group): Promise<Measurement[]> {
  const { target, data, compared } = problem();
  const peer = await rstan(stan, data, { chains: 4, cores: all, warmup: 1000, draws: stanDraws });
  const rows: Measurement[] = [];
  for (const one of cases) {
    const runs: Timed[] = [];
    for (let seed = 1; seed <= one.runs; seed++) runs.push(await run(one, target, seed));
    rows.push(...rowsOf(`${name} ${one.sampler}`, size, one, runs, compared, peer));
  }
  return rows;
}

const samplers = { nuts, chees, hmc } as const;

const run = ({ sampler, runs: _, gradientsPerSecond: __, ...options }: Case, target: Problem["target"], seed: number): Promise<Timed> =>
  timeChains(samplers[sampler], target, { ...options, seed });

/** Two rows: seconds of a gradient, and of an effective draw. rstan's are those of its 4 chains, shared out over all cores. */
function rowsOf(name: string, size: string, one: Case, runs: readonly Timed[], compared: number, stan: StanRun | string): Measurement[] {
  const ess = runs.map(({ draws }) => leastEss(draws, compared));
  const peerEss =
    typeof stan === "string" ? 0 : Math.min(...stan.draws.slice(0, compared).map((chains) => effectiveSampleSize(chains, "bulk")));
  const secondsOf = ({ seconds }: Pick<Timed, "seconds"> | StanRun): number => seconds.warmup + seconds.draws;
  const peer = (unit: (run: StanRun) => number): PeerTiming => {
    if (typeof stan === "string") return { peer: "rstan", threads: all, note: stan };
    const seconds = unit(stan);
    return { peer: `${stan.version}, 4 chains`, threads: all, seconds: { min: seconds, median: seconds, max: seconds } };
  };
  const { chains, threads, gradientsPerSecond } = one;
  const common = { size: `${size}, ${chains} chains`, device: "cpu", threads };
  const perGradient = spread(runs.map(({ seconds, gradients }) => seconds.draws / gradients));
  const perDraw = spread(runs.map((timed, i) => secondsOf(timed) / ess[i]!));
  const divergences = runs.reduce((sum, { draws }) => sum + total(draws, "diverging"), 0);
  return [
    {
      ...common,
      name: name,
      seconds: perGradient,
      peer: peer(({ seconds, gradients }) => seconds.draws / gradients),
      ...(gradientsPerSecond && { secondsMax: 1 / gradientsPerSecond }),
      figures: { gradientsPerSecond: 1 / perGradient.median, gradientsPerDraw: runs[0]!.gradients / (chains * one.draws), divergences },
    },
    {
      ...common,
      name: `${name}, ESS`,
      seconds: perDraw,
      peer: peer((run) => secondsOf(run) / peerEss),
      ...(one.sampler === "nuts" && { bar: 1 }),
      figures: {
        essPerSecond: 1 / perDraw.median,
        essPerSecondWithoutWarmup: 1 / spread(runs.map(({ seconds }, i) => seconds.draws / ess[i]!)).median,
        secondsWarmup: runs[0]!.seconds.warmup,
        secondsDraws: runs[0]!.seconds.draws,
        ...(typeof stan !== "string" && {
          peerEssPerSecond: peerEss / secondsOf(stan),
          peerEssPerSecondWithoutWarmup: peerEss / stan.seconds.draws,
        }),
      },
    },
  ];
}

/** Processes one after the other; the median is judged, since the first of them also reads files that are not in memory yet. */
function firstDraw(): Measurement {
  const script = fileURLToPath(new URL("./first-draw.js", import.meta.url));
  const seconds: Seconds = spread(
    Array.from({ length: 5 }, () => {
      const begin = performance.now();
      execFileSync(process.execPath, [script], { stdio: "ignore" });
      return (performance.now() - begin) / 1e3;
    }),
  );
  return { name: "first draw", size: "eight schools, 4 chains", device: "cpu", threads: 1, seconds, secondsMax: firstDrawSecondsMax };
}
