import { NdArray } from "@credence/tensor";
import { requireSeed } from "../simulate/streams.ts";

/** What every sampler that uses gradients is told. */
export interface ChainOptions {
  /** As many as `init` has rows, or 4, if absent. */
  readonly chains?: number;
  /** Transitions of each chain that tune the sampler, and are thrown away; 1,000 if absent. */
  readonly warmup?: number;
  /** Draws kept of each chain; 1,000 if absent. */
  readonly draws?: number;
  /** Transitions per draw kept; 1 if absent. */
  readonly thin?: number;
  /** An integer in [0, 2^32). */
  readonly seed: number;
  /** CPU threads; if absent, all where that proves faster than 1 in the first steps. Results do not depend on it. */
  readonly threads?: number;
  readonly device?: string;
  /** Where the chains start, unconstrained, [chains, D]; by default draws of `target.initial`. */
  readonly init?: NdArray | readonly (readonly number[])[];
  /** Mean acceptance that the step size is tuned to; 0.8 if absent, 0.9 for `nuts`. Nearer to 1 means smaller steps and fewer divergences. */
  readonly targetAcceptance?: number;
  /** "diagonal" if absent. "dense" for strong correlations in up to a few hundred dimensions. */
  readonly massMatrix?: "diagonal" | "dense";
  /**
   * A directory in which the run is kept every few seconds, and when `signal` stops it. A call with the same model, data and options goes on from there, with
   * the same bits as one that was never stopped; once it has ended, it gives its draws at once.
   */
  readonly checkpoint?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly phase: "warmup" | "draws"; readonly done: number; readonly total: number }) => void;
}

/** Options with their defaults, checked. */
export interface Checked {
  readonly chains: number;
  readonly warmup: number;
  readonly draws: number;
  readonly thin: number;
  readonly seed: number;
  /** Undefined where it is to be found out. */
  readonly threads: number | undefined;
  readonly acceptance: number;
  readonly dense: boolean;
  /** Of arrays, for the device asked for. */
  readonly place: { readonly device?: string };
}

/** Refuses counts that are no integers of at least so much. */
export function checkCounts(name: string, counts: Readonly<Record<string, readonly [number, number]>>): void {
  for (const [key, [value, least]] of Object.entries(counts))
    if (!(Number.isInteger(value) && value >= least)) throw new RangeError(`${name}: ${key} must be an integer >= ${least}, got ${value}`);
}

/** @throws RangeError for a count, seed or acceptance that makes no sense */
export function checkedOptions(name: string, options: ChainOptions): Checked {
  const {
    chains = rowsOf(options.init) ?? 4,
    warmup = 1000,
    draws = 1000,
    thin = 1,
    seed,
    threads,
    massMatrix = "diagonal",
    device,
  } = options;
  checkCounts(name, {
    chains: [chains, 1],
    warmup: [warmup, 0],
    draws: [draws, 1],
    thin: [thin, 1],
    ...(threads !== undefined && { threads: [threads, 1] as const }),
  });
  requireSeed(seed);
  const acceptance = options.targetAcceptance ?? 0.8;
  if (!(acceptance > 0 && acceptance < 1)) throw new RangeError(`${name}: targetAcceptance must be in (0, 1), got ${acceptance}`);
  if (massMatrix !== "diagonal" && massMatrix !== "dense")
    throw new RangeError(`${name}: massMatrix must be "diagonal" or "dense", got ${String(massMatrix)}`);
  return {
    chains,
    warmup,
    draws,
    thin,
    seed,
    threads,
    acceptance,
    dense: massMatrix === "dense",
    place: device === undefined ? {} : { device },
  };
}

/** Chains that starting points [chains, D] are for. */
export const rowsOf = (init: ChainOptions["init"]): number | undefined => (init instanceof NdArray ? init.shape[0] : init?.length);
