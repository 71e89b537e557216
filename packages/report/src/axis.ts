import { quantiles } from "./quantile.ts";

/** A range of a parameter, and which of its ends are hard bounds: mass that a kernel smears beyond those is folded back. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly reflect: { readonly low: boolean; readonly high: boolean };
}

/** The range that shows all sets but their outermost 0.4 % on either side, a margin around them, and markers nearby; never beyond hard bounds. */
export function axisOf(sets: readonly Float64Array[], marked: readonly number[], low = -Infinity, high = Infinity): Axis {
  const ends = sets.map((draws) => quantiles(draws, [0.004, 0.996]) as [number, number]);
  let from = Math.min(...ends.map((end) => end[0]));
  let to = Math.max(...ends.map((end) => end[1]));
  const width = to - from || Math.abs(from) || 1;
  // A marker within a range's width of the draws is worth the room; one farther off would squash them.
  for (const value of marked) {
    if (value < from && value > from - width) from = value;
    if (value > to && value < to + width) to = value;
  }
  const margin = 0.06 * (to - from || width);
  from = Math.max(from - margin, low);
  to = Math.min(to + margin, high);
  return { low: from, high: to, reflect: { low: from === low, high: to === high } };
}

/** Index of the cell of a grid that holds `x`, which lies on the axis. */
export const cellOf = (x: number, { low, high }: Axis, cells: number): number =>
  Math.min(Math.floor(((x - low) / (high - low)) * cells), cells - 1);

/** Where mass at cell `i` of a padded axis ends up: inside, folded back at a hard bound, or lost (-1). */
export function fold(i: number, cells: number, { reflect: { low, high } }: Axis): number {
  if (i < 0) return low && -1 - i < cells ? -1 - i : -1;
  if (i >= cells) return high && 2 * cells - 1 - i >= 0 ? 2 * cells - 1 - i : -1;
  return i;
}
