import type { ParseArgsConfig } from "node:util";

/** Wall-clock seconds of one unit of work (one training step, one batch of draws), over repeated measurements. */
export interface Seconds {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** What a peer took for the same work in the same run; `seconds` is absent where it could not run, and `note` says why. */
export interface PeerTiming {
  readonly peer: string;
  readonly threads: number;
  readonly seconds?: Seconds;
  readonly note?: string;
}

/** One line of a benchmark: Credence's time for one unit of work beside a peer's. */
export interface Measurement {
  readonly name: string;
  readonly size: string;
  readonly device: string;
  readonly threads: number;
  readonly seconds: Seconds;
  /** Absent where nothing else does the same work. */
  readonly peer?: PeerTiming;
  /** The ratio, peer's median over ours, that the project promises; absent where it promises none. */
  readonly bar?: number;
  /** The most seconds for one unit that the project promises; absent where it promises none. */
  readonly secondsMax?: number;
  /** Whether the benchmark's own promises, which are among its figures, were kept; absent where it makes none. */
  readonly kept?: boolean;
  /** What the machine itself would need at least for the same bytes or the same arithmetic, measured in the same run. */
  readonly limit?: { readonly of: "copy" | "arithmetic"; readonly seconds: number };
  /** The benchmark's own figures, with their unit in the name. */
  readonly figures?: Readonly<Record<string, number | string>>;
}

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** How measurements are printed. */
export interface Table {
  readonly head: string;
  line(measurement: Measurement): string;
}

/** One `npm run bench -- NAME`: hands each measurement to `emit` as soon as it has it. */
export interface Benchmark {
  readonly summary: string;
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /** Absent where the table of times beside a peer's serves. */
  readonly table?: Table;
  run(options: OptionValues, emit: (measurement: Measurement) => void): Promise<void>;
}

/** Median and extremes of a sample of seconds. */
export function spread(sample: readonly number[]): Seconds {
  if (sample.length === 0) throw new RangeError("spread: expected at least one time, got none");
  const sorted = [...sample].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { min: sorted[0]!, median, max: sorted.at(-1)! };
}
