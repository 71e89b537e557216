import type { NdArray } from "@credence/tensor";
import { type StatName, statNames } from "./chunk.ts";

/** Draws as they come in, chain by chain. */
export interface KeptDraws {
  /** f64 [chains, draws, D] */
  readonly position: Float64Array;
  /** Each [chains, draws]. */
  readonly stats: Readonly<Record<StatName, Float64Array>>;
  /** Draws so far of each chain. */
  readonly filled: Int32Array;
}

export const emptyDraws = (chains: number, draws: number, dimension: number): KeptDraws => ({
  position: new Float64Array(chains * draws * dimension),
  stats: Object.fromEntries(statNames.map((name) => [name, new Float64Array(chains * draws)])) as Record<StatName, Float64Array>,
  filled: new Int32Array(chains),
});

/** What a run hands over, [chains, steps, ...], of which each chain has filled `kept`. */
export interface Arrived {
  readonly position: NdArray;
  readonly stats: Readonly<Record<StatName, NdArray>>;
  readonly kept: NdArray;
}

/** Adds what has arrived behind what is there. */
export function addDraws(draws: KeptDraws, { position, stats, kept }: Arrived): void {
  const [chains, steps, dimension] = position.shape as [number, number, number];
  const room = draws.stats.energy.length / chains;
  const counts = kept.data();
  const move = (from: ArrayLike<number> & { subarray(a: number, b: number): ArrayLike<number> }, to: Float64Array, width: number): void => {
    for (let c = 0; c < chains; c++) {
      const [start, target, length] = [c * steps * width, (c * room + draws.filled[c]!) * width, counts[c]! * width];
      // A view costs as much as copying about a hundred numbers one by one.
      if (length > 100) to.set(from.subarray(start, start + length), target);
      else for (let i = 0; i < length; i++) to[target + i] = from[start + i]!;
    }
  };
  move(position.data(), draws.position, dimension);
  for (const name of statNames) move(stats[name].data(), draws.stats[name], 1);
  counts.forEach((count, c) => void (draws.filled[c]! += count));
}
