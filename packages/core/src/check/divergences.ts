import type { Draws } from "../model/draws.ts";
import { averageRanks, pooled } from "./chains.ts";
import { median } from "./quantile.ts";
import { quantitiesOf } from "./summarize-chains.ts";

/** Where divergent transitions are, along one quantity. */
export interface DivergencePlace {
  readonly name: string;
  /** Median where transitions diverged, and elsewhere. */
  readonly divergent: number;
  readonly others: number;
  /** P(a divergent draw is above another one) - P(it is below), -1 to 1: negative where divergences are at low values. */
  readonly shift: number;
  /** `shift` in units of its standard error under no relation, for independent draws (Mann and Whitney 1947): beyond 3 it is a finding. */
  readonly z: number;
}

/**
 * Transitions of Hamiltonian chains that left their energy: the integrator cannot follow the density there, and draws from there are
 * missing.
 */
export interface Divergences {
  readonly count: number;
  readonly total: number;
  readonly byChain: readonly number[];
  /** Farthest apart first; empty where nothing, or everything, diverged. Quantities with draws that are not finite are left out. */
  readonly places: readonly DivergencePlace[];
}

/**
 * Counts divergent transitions, and says along which quantities they gather.
 * @throws TypeError where the draws have no `diverging`
 */
export function divergences({ names, draws, stats }: Pick<Draws, "names" | "draws" | "stats">): Divergences {
  const { diverging } = stats;
  if (!diverging)
    throw new TypeError(`divergences: the draws have no statistic "diverging"; they have ${Object.keys(stats).join(", ") || "none"}`);
  const flags = diverging.data();
  const [chains, length] = diverging.shape as [number, number];
  const byChain = Array.from({ length: chains }, (_, c) => {
    let count = 0;
    for (let t = 0; t < length; t++) if (flags[c * length + t]) count++;
    return count;
  });
  const count = byChain.reduce((sum, n) => sum + n, 0);
  const total = flags.length;
  if (count === 0 || count === total) return { count, total, byChain, places: [] };
  const places = quantitiesOf(draws).flatMap((quantity, d): DivergencePlace[] => {
    const all = pooled(quantity);
    if (!all.every(Number.isFinite)) return [];
    const ranks = averageRanks(all);
    const rest = total - count;
    let sum = 0;
    for (let s = 0; s < total; s++) if (flags[s]) sum += ranks[s]!;
    const shift = (2 * (sum - (count * (count + 1)) / 2)) / (count * rest) - 1;
    return [
      {
        name: names[d]!,
        divergent: median(all.filter((_, s) => flags[s])),
        others: median(all.filter((_, s) => !flags[s])),
        shift,
        z: shift / Math.sqrt((total + 1) / (3 * count * rest)),
      },
    ];
  });
  return { count, total, byChain, places: places.sort((a, b) => Math.abs(b.shift) - Math.abs(a.shift)) };
}
