import type { Target } from "../model/index.ts";
import { type ChainCheckpoint, chainCheckpointIn, identityOf, type Stopped } from "./checkpoint.ts";
import type { KeptDraws } from "./kept-draws.ts";
import type { ChainOptions } from "./options.ts";
import type { Arrays, Drawn, Standing } from "./standing.ts";

/** Milliseconds between two notes. */
const noteEvery = 5000;

/** The checkpoint of a run as the runner sees it: opened at the beginning, noted in as the run goes on, closed when it stops or ends. */
export interface Book<S, T> {
  /** Where to go on: the start, or where the run that is kept was stopped. Fills in the draws and the work that it had. */
  open(): Promise<Standing<S, T>>;
  note(at: Standing<S, T>): Promise<void>;
  close(at: Standing<S, T>): Promise<void>;
}

/** The book in `options.checkpoint`; one without pages if none is given. */
export function bookOf<S, T>(
  name: string,
  target: Target,
  options: ChainOptions,
  start: Standing<S, T>,
  kept: KeptDraws,
  work: { warmup: number; draws: number },
  drawn: (state: Arrays<S>) => Drawn,
): Book<S, T> {
  // How and where it runs does not change the bits; the starting points and the densities there stand for the model and its data.
  const { threads: _, device, signal, onProgress, checkpoint: directory, init, ...fixed } = options;
  if (directory === undefined) return { open: async () => start, note: async () => {}, close: async () => {} };
  const { position, force, logDensity } = drawn(start.running.state);
  const numbers = [position, force, logDensity].map((numbers) => numbers.data() as Float64Array);
  for (const numbers of [position, force, logDensity]) numbers.dispose();
  const book: ChainCheckpoint<Pages<S, T>> = chainCheckpointIn(directory, identityOf([name, target.names, fixed], numbers), device);
  const page = (at: Standing<S, T>): Stopped<Pages<S, T>> => ({
    arrays: { running: at.running, metric: at.metric, reference: at.reference },
    numbers: { ...at.moments, position: kept.position, ...kept.stats, filled: Float64Array.from(kept.filled) },
    counts: { phase: at.phase, number: at.number, ...work },
  });
  let noted = Date.now();
  return {
    async open() {
      const stopped = await book.read(page(start));
      if (!stopped) return start;
      const { count, first, second, position, filled, ...stats } = stopped.numbers as Record<string, Float64Array>;
      kept.position.set(position!);
      kept.filled.set(filled!);
      for (const [stat, values] of Object.entries(stats)) kept.stats[stat as keyof KeptDraws["stats"]].set(values);
      const { phase, number, ...done } = stopped.counts;
      Object.assign(work, done);
      return { ...stopped.arrays, phase: phase!, number: number!, moments: { count: count!, first: first!, second: second! } };
    },
    async note(at) {
      if (Date.now() - noted < noteEvery) return;
      await book.write(page(at));
      noted = Date.now();
    },
    close: (at) => book.write(page(at)),
  };
}

type Pages<S, T> = Pick<Standing<S, T>, "running" | "metric" | "reference">;
