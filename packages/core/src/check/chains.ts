import { normalScores } from "./normal-scores.ts";
import { mean, quantileOfSorted } from "./quantile.ts";
import { sortedOrder } from "./sorted-order.ts";

/** Draws of one quantity, one array per chain, all of one length. */
export type ChainDraws = readonly ArrayLike<number>[];

/** Checks `chains` and copies them to f64. At least 4 draws per chain, all finite. */
export function checkedChains(what: string, chains: ChainDraws): Float64Array[] {
  const first = chains[0];
  if (!first) throw new RangeError(`${what}: expected at least one chain, got none`);
  if (first.length < 4) throw new RangeError(`${what}: expected at least 4 draws per chain, got ${first.length}`);
  return chains.map((chain, c) => {
    if (chain.length !== first.length)
      throw new RangeError(`${what}: chains must have one length, got ${first.length} and ${chain.length}`);
    const bad = Array.prototype.findIndex.call(chain, (value: number) => !Number.isFinite(value));
    if (bad >= 0) throw new RangeError(`${what}: draws must be finite, got ${chain[bad]} at draw ${bad + 1} of chain ${c + 1}`);
    return Float64Array.from(chain);
  });
}

/** Halves of every chain; of an odd number of draws the middle one is left out. */
export const split = (chains: readonly Float64Array[]): Float64Array[] => {
  const half = Math.floor(chains[0]!.length / 2);
  return chains.flatMap((chain) => [chain.subarray(0, half), chain.subarray(chain.length - half)]);
};

export function pooled(chains: readonly Float64Array[]): Float64Array {
  const length = chains[0]!.length;
  const all = new Float64Array(chains.length * length);
  chains.forEach((chain, c) => {
    all.set(chain, c * length);
  });
  return all;
}

/** `f` of the pooled draws, handed back in the shape of the chains. */
export function acrossChains(chains: readonly Float64Array[], f: (all: Float64Array) => Float64Array): Float64Array[] {
  const length = chains[0]!.length;
  const result = f(pooled(chains));
  return chains.map((_, c) => result.subarray(c * length, (c + 1) * length));
}

/** Ranks from 1, ties sharing their average. */
export function averageRanks(values: Float64Array): Float64Array {
  const order = sortedOrder(values);
  const ranks = new Float64Array(values.length);
  for (let begin = 0, end = 0; begin < order.length; begin = end) {
    while (end < order.length && values[order[end]!] === values[order[begin]!]) end++;
    for (let i = begin; i < end; i++) ranks[order[i]!] = (begin + end + 1) / 2;
  }
  return ranks;
}

/** Normal scores z = Phi^-1((rank - 3/8) / (S + 1/4)) of S pooled draws (Vehtari et al. 2021, eq. 14). */
export const rankNormalized = (chains: readonly Float64Array[]): Float64Array[] =>
  acrossChains(chains, (all) => {
    const table = normalScores(all.length);
    return averageRanks(all).map((rank) => table[2 * (rank - 1)]!);
  });

/**
 * Distances |x - median| from the pooled median (Vehtari et al. 2021, eq. 11). With an even number of draws the two in the middle are
 * equally far from it; rounding would order them, and as the two smallest values of all their ranks weigh: they are tied here.
 */
export const folded = (chains: readonly Float64Array[]): Float64Array[] =>
  acrossChains(chains, (all) => {
    const sorted = all.slice().sort();
    const centre = quantileOfSorted(sorted, 0.5);
    const distances = all.map((value) => Math.abs(value - centre));
    if (all.length % 2 === 0) {
      const [low, high] = [sorted[all.length / 2 - 1]!, sorted[all.length / 2]!];
      all.forEach((value, i) => {
        if (value === low || value === high) distances[i] = (high - low) / 2;
      });
    }
    return distances;
  });

/** Distances |x - mean| from the pooled mean. */
export const deviations = (chains: readonly Float64Array[]): Float64Array[] =>
  acrossChains(chains, (all) => {
    const centre = mean(all);
    return all.map((value) => Math.abs(value - centre));
  });

/** True where there is nothing to estimate: every draw of every chain is the same. */
export const isConstant = (chains: readonly Float64Array[]): boolean =>
  chains.every((chain) => chain.every((value) => value === chains[0]![0]));
