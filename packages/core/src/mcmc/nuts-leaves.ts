import { array, type NdArray } from "@credence/tensor";

/**
 * What is due at each leaf of a trajectory that doubles, for the iterative form of the No-U-Turn sampler. Leaves are numbered in the order in which they
 * are made: 0 is the start, leaf N is made by leapfrog step N, and doubling j makes the leaves 2^j ... 2^(j + 1) - 1. Whatever the directions of the
 * doublings, the leaves up to N with t trailing ones in binary close t balanced subtrees, which begin at N with its last 1, 2, ... t ones cleared.
 *
 * Momenta at even leaves are kept in slots: leaf N in slot popcount(N / 2), where later leaves of the subtrees that it begins find it, and nobody
 * later than that needs what was there before (Phan, Pradhan and Jankowiak 2019, algorithm 2). Slot 0 is the far edge of the trajectory.
 */
export interface Leaves {
  /** Slots 1 ... K. */
  readonly slots: number;
  /** bool [2^depth, 3 K + 4]: for each leaf the columns below. */
  readonly table: NdArray;
}

/** Columns of the table behind the three groups of K: whether leaf N ... */
export const column = {
  /** is the first of its doubling, */
  first: 0,
  /** is the last one, */
  last: 1,
  /** ends a stretch from the far edge that must be checked, */
  far: 2,
  /** ends a stretch from the near edge of the trajectory before this doubling, which must be checked. */
  near: 3,
} as const;

const trailingOnes = (n: number): number => (n % 2 === 0 ? 0 : 1 + trailingOnes((n - 1) / 2));
const ones = (n: number): number => (n === 0 ? 0 : (n % 2) + ones(Math.floor(n / 2)));
const isPowerOfTwo = (n: number): boolean => n > 0 && 2 ** Math.round(Math.log2(n)) === n;

/**
 * Of the columns, K each: `begin`, slots from whose leaf to N the trajectory may not turn; `before`, the same from the leaf before that of the slot;
 * `store`, the slot that leaf N goes to. A subtree is checked from end to end, and in Stan's way also from either end to the first leaf of the
 * other half (https://discourse.mc-stan.org/t/nuts-misses-u-turns-runs-in-circles-until-max-treedepth/9727).
 */
export function leavesOf(treeDepthMax: number): Leaves {
  const slots = Math.max(1, treeDepthMax - 1);
  const count = 2 ** treeDepthMax;
  const width = 3 * slots + 4;
  const cells = new Uint8Array(count * width);
  for (let leaf = 1; leaf < count; leaf++) {
    const row = cells.subarray(leaf * width, (leaf + 1) * width);
    const begin = (slot: number) => void (row[slot - 1] = 1);
    const before = (slot: number) => void (row[slots + slot - 1] = 1);
    const own = ones(Math.floor(leaf / 2));
    const flag = (name: keyof typeof column) => void (row[3 * slots + column[name]] = 1);
    if (isPowerOfTwo(leaf)) flag("first");
    if (isPowerOfTwo(leaf + 1)) flag("last");
    if (leaf % 2 === 0) {
      row[2 * slots + own - 1] = 1;
      // The half before this leaf and this leaf, the first of the other half.
      if (own === 1) flag("far");
      else begin(own - 1);
    } else {
      const lowest = own - trailingOnes(leaf) + 1;
      for (let slot = lowest; slot <= own; slot++) if (slot > 0) begin(slot);
      if (lowest === 0) flag("far");
      // The last leaf of the first half and the other half, which begins one slot further on.
      for (let slot = lowest + 1; slot <= own; slot++) if (slot > 1 || lowest > 0) before(slot);
      if (lowest === 0 && own > 0) flag("near");
    }
  }
  return { slots, table: array(cells.map(Number), { shape: [count, width], dtype: "bool" }) };
}
