import { type ChainSummary, nuts, summarizeChains, type Target } from "@credence/core";
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
  readonly warnings: readonly string[];
  /** One for each quantity of the reference; absent without one. */
  readonly comparisons?: readonly Comparison[];
}

/** Runs NUTS on `target` and compares it with the reference. Time of tracing is the warm-up's. */
export async function score(target: Target, reference: Reference | undefined, options: { seed: number; threads?: number }): Promise<Score> {
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
    warnings: result.warnings,
    ...(reference && { comparisons: compareAll(summary, reference) }),
  };
}

function compareAll(summary: readonly ChainSummary[], reference: Reference): Comparison[] {
  const ours = new Map(summary.map((s) => [nameInStan(s.name), s]));
  return [...reference.draws].map(([name, draws]) => {
    const of = ours.get(name);
    if (!of) throw new RangeError(`the model gives no ${name}; it gives ${[...ours.keys()].join(", ")}`);
    return compare(of, draws);
  });
}

/** `theta[0]` is Stan's `theta[1]`. */
export const nameInStan = (name: string): string =>
  name.replace(/\[(.*)\]$/, (_, places: string) => `[${places.split(",").map((i) => Number(i) + 1)}]`);
