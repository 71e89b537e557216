import {
  type ChainDraws,
  type ChainSummary,
  type Draws,
  monteCarloError,
  nuts,
  quantitiesOf,
  summarizeChains,
  type Target,
} from "@credence/core";
import { timeChains, total } from "../chains.ts";
import { type Comparison, compare } from "./agreement.ts";
import type { Reference } from "./folder.ts";

/** What a run of the sampler with default settings is worth. */
export interface Score {
  readonly dimension: number;
  readonly chains: number;
  readonly drawsPerChain: number;
  readonly seconds: { readonly warmup: number; readonly draws: number };
  /** Gradient evaluations of all chains together, after the warm-up. */
  readonly gradients: number;
  /** The smallest over all quantities, and the one that has it. */
  readonly ess: { readonly bulk: number; readonly tail: number; readonly of: string };
  readonly rHatMax: number;
  readonly divergences: number;
  /** Parameters that the sampler drew in their non-centred form by its own choice. */
  readonly noncentred: readonly string[];
  readonly warnings: readonly string[];
  /** One for each quantity of the reference; absent without one. */
  readonly comparisons?: readonly Comparison[];
}

/**
 * Runs NUTS on `target` and compares it with the reference. Time of tracing is the warm-up's.
 * @param logarithms names of quantities whose logarithms are compared
 */
export async function score(
  target: Target,
  reference: Reference | undefined,
  { logarithms = [], ...options }: { readonly seed: number; readonly threads?: number; readonly logarithms?: readonly string[] },
): Promise<Score> {
  const { draws: result, seconds, gradients } = await timeChains(nuts, target, options);
  const summary = summarizeChains(result).filter(({ rHat }) => !Number.isNaN(rHat)); // a quantity that never varies has none
  const weakest = summary.reduce((least, s) => (s.essBulk < least.essBulk ? s : least));
  const [chains, drawsPerChain] = result.draws.shape as [number, number];
  return {
    dimension: target.dimension,
    chains,
    drawsPerChain,
    seconds,
    gradients,
    ess: { bulk: weakest.essBulk, tail: Math.min(...summary.map(({ essTail }) => essTail)), of: weakest.name },
    rHatMax: Math.max(...summary.map(({ rHat }) => rHat)),
    divergences: total(result, "diverging"),
    noncentred: result.noncentred ?? [],
    warnings: result.warnings,
    ...(reference && { comparisons: compareAll(result, summary, reference, logarithms) }),
  };
}

function compareAll(
  { names, draws }: Draws,
  summary: readonly ChainSummary[],
  { draws: reference }: Reference,
  logarithms: readonly string[],
): Comparison[] {
  const ours = new Map(summary.map((s) => [nameInStan(s.name), s]));
  return [...reference].map(([name, theirs]) => {
    const of = ours.get(name);
    if (!of) throw new RangeError(`the model gives no ${name}; it gives ${[...ours.keys()].join(", ")}`);
    if (!logarithms.includes(name)) return compare(of, theirs);
    return compare(moments(`log ${name}`, logarithmsOf(quantitiesOf(draws)[names.indexOf(of.name)]!)), logarithmsOf(theirs));
  });
}

const logarithmsOf = (chains: ChainDraws): ChainDraws => chains.map((chain) => Float64Array.from(chain, Math.log));

function moments(name: string, chains: ChainDraws) {
  const all = chains.flatMap((chain) => Array.from(chain));
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const sd = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (all.length - 1));
  return { name, mean, sd, mcseMean: monteCarloError(chains, "mean") };
}

/** `theta[0]` is Stan's `theta[1]`. */
export const nameInStan = (name: string): string =>
  name.replace(/\[(.*)\]$/, (_, places: string) => `[${places.split(",").map((i) => Number(i) + 1)}]`);
