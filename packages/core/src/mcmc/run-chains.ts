import { array, eye, NdArray, ones, program, type Tensor } from "@credence/tensor";
import type { Target } from "../model/index.ts";
import { bookOf } from "./book.ts";
import { drawsChunk, warmupChunk } from "./chunk.ts";
import { estimateMetric, type Moments } from "./estimate-metric.ts";
import { addDraws, emptyDraws, type KeptDraws } from "./kept-draws.ts";
import { gradientOfTarget } from "./leapfrog.ts";
import { type ChainOptions, type Checked, checkedOptions } from "./options.ts";
import { quicker } from "./quicker.ts";
import { type Arrays, type Drawn, type Held, least, type Standing } from "./standing.ts";
import { startingPoints } from "./start.ts";
import { searchStepSize } from "./step-size-search.ts";
import type { Kernel, TransitionInfo } from "./transition.ts";
import { warmupWindows } from "./windows.ts";

/** What the chains brought, before it is put in words. */
export interface Walked {
  readonly draws: KeptDraws;
  /** Standard deviations [D] or lower factor [D, D]. */
  readonly metric: Float64Array;
  /** Leapfrog steps of all chains together, in the warm-up and after it. */
  readonly work: { readonly warmup: number; readonly draws: number };
}

/**
 * Bytes of draws and statistics that one run of the program hands over, about; and how many steps it makes at least and at most. Where many draws are
 * asked for it makes more, since JavaScript takes some 0.3 ms between two runs; chains that have made their draws rest until the end of one.
 */
const chunkBytes = 4 << 20;
const [chunkLeast, chunkMost, chunkLong] = [8, 256, 4096];
/** Steps at most for a target with rows of data. */
const chunkOfData = 64;

const streams = { start: 0x73746172, search: 0x73656172, steps: 0x73746570 };

/**
 * Takes chains of `kernel` through warm-up and draws: for each window of the warm-up a few runs of one program, which JavaScript sees a chunk of steps of
 * at a time, then as many runs as the draws take.
 */
export async function runChains<S, T, I extends TransitionInfo>(
  name: string,
  target: Target,
  kernel: Kernel<S, T, I>,
  options: ChainOptions,
): Promise<Walked> {
  const checked = checkedOptions(name, options);
  const { chains, warmup, draws, thin, dense, place } = checked;
  const { dimension } = target;
  const { signal, onProgress } = options;
  const control = signal ? { signal } : {};
  const windows = warmupWindows(warmup);
  const machine = machineOf(name, target, kernel, checked);
  const work = { warmup: 0, draws: 0 };
  const kept = emptyDraws(chains, draws, dimension);

  /** The beginning of a phase: forces and step sizes anew, since the metric may be another one. */
  const enter = async (phase: number, reference: NdArray, metric: NdArray, before: Arrays<T>): Promise<Standing<S, T>> => {
    using key = keyOf(checked, streams.search + phase);
    const begun = (await machine.begin.runAsync([reference, metric, key, before, phase === 0], control)) as unknown as Held<S, T>;
    const moments = {
      count: new Float64Array(chains),
      first: new Float64Array(chains * dimension),
      second: new Float64Array(dense ? dimension ** 2 : dimension),
    };
    const last = phase === windows.length;
    const tuned = last ? (machine.fix(warmup > 0 ? before : begun.tuned) as unknown as Arrays<T>) : begun.tuned;
    disposeAll(last ? [before, begun.tuned] : before);
    return { phase, number: 0, running: { ...begun, tuned }, metric, reference, moments };
  };

  /** The next phase, with what this one has taught. */
  const leave = async ({ running, metric, reference, moments, phase }: Standing<S, T>): Promise<Standing<S, T>> => {
    const { position, force, logDensity } = machine.drawn(running.state);
    disposeAll([force, logDensity]);
    const next = windows[phase]!.metric
      ? estimateMetric(moments, reference.data(), { dimension, dense, pooling: kernel.pooling, ...place })
      : metric;
    disposeAll([running.state, reference, next === metric ? [] : metric]);
    return enter(phase + 1, position, next, running.tuned);
  };

  using startKey = keyOf(checked, streams.start);
  const start = await startingPoints({ target, chains, key: startKey, ...place, ...(options.init && { init: options.init }) });
  let at = await enter(0, start, unitMetric(dimension, dense, place), machine.seedTuning() as unknown as Arrays<T>);
  const book = bookOf(name, target, options, at, kept, work, machine.drawn);
  at = await book.open();
  const goalOf = (phase: number): number => (phase < windows.length ? windows[phase]!.transitions : draws * thin);
  /** A run of the program that takes the chains further, and its steps. */
  const further = ({ phase, number, running, metric, reference }: Standing<S, T>) => {
    const [warming, goal] = [phase < windows.length, goalOf(phase)];
    const orders = machine.orders({ phase, number, goal, thin: warming ? 1 : thin });
    const { steps, run } = warming ? machine.warmup : machine.draws(goal * turnsOfTransition);
    const out = run([running, metric, reference, orders], control);
    out.catch(() => {}); // who awaits it hears of it
    return { steps, out };
  };
  let next: ReturnType<typeof further> | undefined;
  let turnsOfTransition = 0;
  for (;;) {
    const warming = at.phase < windows.length;
    const goal = goalOf(at.phase);
    if (least(at) >= goal) {
      if (!warming) break;
      at = await leave(at);
      continue;
    }
    const stopped = async (error: unknown): Promise<never> => {
      await book.close(at);
      throw error;
    };
    const { steps, out: run } = next ?? further(at);
    const out = await run.catch(stopped);
    disposeAll(at.running);
    at.moments.count.set(out.count.data());
    at = { ...at, number: at.number + steps, running: out.running as unknown as Held<S, T> };
    if (least(at) > 0) turnsOfTransition = at.number / least(at);
    // The next run begins before this one's draws are copied.
    next = least(at) < goal ? further(at) : undefined;
    if ("kept" in out) addDraws(kept, out);
    else addMoments(at.moments, out.firstMoment.data(), out.secondMoment.data());
    work[warming ? "warmup" : "draws"] += out.work.item();
    disposeAll({ ...out, running: [] });
    const behind = windows.slice(0, at.phase).reduce((sum, window) => sum + window.transitions, 0);
    onProgress?.(
      warming
        ? { phase: "warmup", done: behind + least(at), total: warmup }
        : { phase: "draws", done: Math.floor(least(at) / thin), total: draws },
    );
    await book.note(at);
  }
  await book.close(at);
  const metric = at.metric.data() as Float64Array;
  disposeAll([at.running, at.metric, at.reference]);
  return { draws: kept, metric, work };
}

/** Chains of a group at least, and at most: few enough that what a step works on stays in the first cache, many enough to fill vectors. */
const [groupLeast, groupMost] = [64, 256];

/** Groups of equally many chains, each a thread's own; 1 where they would be fewer than four. */
function groupsOf(chains: number): number {
  for (let size = groupLeast; size <= Math.min(groupMost, chains / 4); size++) if (chains % size === 0) return chains / size;
  return 1;
}

/** The programs of a run, and what they are told. */
function machineOf<S, T, I extends TransitionInfo>(name: string, target: Target, kernel: Kernel<S, T, I>, checked: Checked) {
  const { chains, threads, place } = checked;
  const placement = { threads: threads ?? 1, ...place };
  const gradient = gradientOfTarget(target);
  const room = Math.max(chunkLeast, Math.floor(chunkBytes / (8 * chains * (target.dimension + 8))));
  const groups = place.device === undefined && target.rowsAlike && kernel.pooling === "within" ? groupsOf(chains) : 1;
  // Where each step goes through many rows of data it is chains at rest that cost, and nothing that JavaScript does.
  const [short, long] = (target.rowsAlike === false ? [chunkOfData, chunkOfData] : [chunkMost, chunkLong]).map((most) =>
    Math.min(most, room),
  ) as [number, number];
  let drawing: { readonly steps: number; readonly run: ReturnType<typeof drawsChunk<S, T, I>>["runAsync"] } | undefined;
  const key = keyOf(checked, streams.steps);
  const scalar = (value: number): NdArray => array(Int32Array.of(value), { shape: [], ...place });
  return {
    begin: program(
      (position: Tensor, metric: Tensor, searchKey: Tensor, before: T, first: Tensor) => {
        const stepSize = searchStepSize(gradient, searchKey, position, metric, kernel.settled(before));
        return { state: kernel.init(gradient, position, metric), tuned: kernel.tune(stepSize, before, first) };
      },
      { ...placement, name: `${name}: start` },
    ),
    /** The points that the chains have drawn last. */
    drawn: program(
      (state: S) => {
        const { position, force, logDensity } = kernel.chains(state).proposal;
        return { position, force, logDensity };
      },
      { ...placement, name: `${name}: draws` },
    ) as unknown as (state: Arrays<S>) => Drawn,
    fix: program((tuned: T) => kernel.fix(tuned), { ...placement, name: `${name}: tuning for the draws` }),
    seedTuning: program(() => kernel.tune(ones([chains], "f64")), { ...placement, name: `${name}: no tuning` }),
    warmup: {
      steps: short,
      run: quicker(threads, (team) => warmupChunk(gradient, kernel, { steps: short, groups, threads: team, ...place })),
    },
    /** @param turns that all draws take, about: where they are many, there are more to a run. Asked once. */
    draws: (turns: number) => {
      const steps = turns >= 4 * long ? long : short;
      drawing ??= { steps, run: quicker(threads, (team) => drawsChunk(gradient, kernel, { steps, groups, threads: team, ...place })) };
      return drawing;
    },
    orders: (o: { phase: number; number: number; goal: number; thin: number }) => ({
      key,
      phase: scalar(o.phase),
      number: scalar(o.number),
      goal: scalar(o.goal),
      thin: scalar(o.thin),
    }),
  };
}

const keyOf = ({ seed, place }: Checked, stream: number): NdArray => array(Uint32Array.of(seed, stream), place);

/** The metric before anything is known: 1 in every direction. */
const unitMetric = (dimension: number, dense: boolean, place: { device?: string }): NdArray =>
  dense ? program(() => eye(dimension, "f64"), place)() : array(new Float64Array(dimension).fill(1), place);

function addMoments(moments: Moments, first: ArrayLike<number>, second: ArrayLike<number>): void {
  for (let i = 0; i < first.length; i++) moments.first[i]! += first[i]!;
  for (let i = 0; i < second.length; i++) moments.second[i]! += second[i]!;
}

function disposeAll(tree: unknown): void {
  if (tree instanceof NdArray) tree.dispose();
  else if (typeof tree === "object" && tree !== null) Object.values(tree).forEach(disposeAll);
}
