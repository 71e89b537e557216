import { type DonePhase, type Draws, type JsonValue, phase } from "@credence/core";
import { array, type NdArray } from "@credence/tensor";
import type { Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

/** The evidence lower bound of an approximation, nats; standardError is 0 where it is known in closed form. */
export type ElboFacts = {
  readonly value: number;
  readonly standardError: number;
  readonly reconstruction: number;
  readonly regularisation: number;
};

/** What a method says of its answer, beside its draws. */
export type FitFacts = {
  /** As reports call it. */
  readonly label: string;
  readonly names: readonly string[];
  readonly chains: number;
  readonly dimension: number;
  /** Exact log evidence, nats. */
  readonly logEvidence: number | null;
  readonly elbo: ElboFacts | null;
  /** Of the importance weights that would correct it; null of chains and closed forms, and where weights have no tail or no end. */
  readonly kHat: number | null;
  readonly warnings: readonly string[];
};

/** A posterior by one method. */
export interface Fit {
  readonly key: string;
  readonly facts: FitFacts;
  /** f64 [chains, draws, K]: the quantities of the model. */
  readonly draws: NdArray;
  /** f64 [chains, draws, D] */
  readonly unconstrained: NdArray;
  /** f64 [chains, draws] each, by ArviZ's names. */
  readonly stats: Readonly<Record<string, NdArray>>;
  /** The bound by step or sweep, where the method climbs one. */
  readonly trace: Float64Array | undefined;
  readonly seconds: number;
  readonly fingerprint: string;
}

export interface Method {
  /** Names its phase: `nuts`, `full-rank`. */
  readonly key: string;
  readonly label: string;
  /** What fixes the answer, beside data, seed and effort. */
  readonly inputs?: JsonValue;
  run(): Promise<MethodResult>;
}

export interface MethodResult {
  readonly draws: Draws;
  readonly logEvidence?: number;
  readonly elbo?: ElboFacts;
  readonly kHat?: number;
  readonly warnings?: readonly string[];
  readonly trace?: Float64Array;
}

/** All that fixes what any method of this run gives. */
export const inputsOf = ({ observation: { dataset, checksum, problem }, seed, effort }: Run): JsonValue => [
  dataset,
  checksum ?? null,
  // Of simulated data and of chosen columns: the numbers themselves.
  JSON.stringify(problem, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value)),
  seed,
  { ...effort } as unknown as JsonValue,
];

/** Runs a method as a phase, or reads what it left. */
export async function fitPhase(run: Run, { key, label, inputs = null, run: compute }: Method): Promise<Fit> {
  const { directory, context } = run;
  const done = await phase<FitFacts>({
    directory,
    format: phaseFormat,
    name: `fit-${key}`,
    inputs: [inputsOf(run), inputs],
    compute: async () => {
      context.signal.throwIfAborted();
      context.progress(label, 0, 1);
      const { draws, logEvidence, elbo, kHat, warnings = [], trace } = await compute();
      context.signal.throwIfAborted();
      context.progress(label, 1, 1);
      const [chains, , width] = draws.draws.shape as [number, number, number];
      if (width !== draws.names.length) throw new RangeError(`${key} gave draws of ${width} quantities and ${draws.names.length} names`);
      return {
        facts: {
          label,
          names: draws.names,
          chains,
          dimension: draws.unconstrained.shape[2]!,
          logEvidence: logEvidence ?? null,
          elbo: elbo ?? null,
          kHat: kHat !== undefined && Number.isFinite(kHat) ? kHat : null,
          warnings: [...draws.warnings, ...warnings.filter((warning) => !draws.warnings.includes(warning))],
        },
        arrays: {
          draws: numbers(draws.draws),
          unconstrained: numbers(draws.unconstrained),
          ...(trace && { trace }),
          ...Object.fromEntries(Object.entries(draws.stats).map(([name, values]) => [`stats.${name}`, numbers(values)])),
        },
      };
    },
  });
  return fitOf(key, done);
}

const numbers = (values: NdArray): Float64Array => Float64Array.from(values.data());

function fitOf(key: string, { facts, arrays, seconds, fingerprint }: DonePhase<FitFacts>): Fit {
  const { chains, names, dimension } = facts;
  const count = arrays.draws!.length / (chains * names.length);
  const stats = Object.entries(arrays).filter(([name]) => name.startsWith("stats."));
  return {
    key,
    facts,
    draws: array(arrays.draws!, { shape: [chains, count, names.length] }),
    unconstrained: array(arrays.unconstrained!, { shape: [chains, count, dimension] }),
    stats: Object.fromEntries(stats.map(([name, values]) => [name.slice(6), array(values, { shape: [chains, count] })])),
    trace: arrays.trace,
    seconds,
    fingerprint,
  };
}

/** Draws of one quantity, all chains after one another. */
export function quantity(fit: Fit, name: string): Float64Array {
  const place = fit.facts.names.indexOf(name);
  if (place < 0) throw new RangeError(`${fit.key} has no quantity ${name}; it has ${fit.facts.names.join(", ")}`);
  const width = fit.facts.names.length;
  const values = fit.draws.data();
  return Float64Array.from({ length: values.length / width }, (_, i) => values[i * width + place]!);
}
