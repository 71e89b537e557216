import * as vega from "vega";
import { textWidth } from "./text-width.ts";
import { tickSize } from "./theme.ts";

/** Labels as the linear scale of an axis writes them. */
interface LinearScale {
  domain(ends: readonly number[]): LinearScale;
  ticks(count: number): number[];
  tickFormat(count: number): (value: number) => string;
}

const linear = (domain: readonly number[]): LinearScale => (vega.scale("linear") as () => LinearScale)().domain(domain);

/**
 * Ticks of an axis of `pixels`, without those so near its ends that their labels would meet those of the panel beside it: two or
 * more where their labels fit.
 */
export function innerTicks(domain: readonly [number, number], pixels: number): number[] {
  const [low, high] = domain;
  const perPixel = (high - low) / pixels;
  const scale = linear(domain);
  const inner = (count: number): number[] =>
    // An end at 0 is a hard bound worth its label.
    scale.ticks(count).filter((value) => (value >= low + 14 * perPixel || value === 0) && value <= high - 14 * perPixel);
  const fewest = Math.max(2, Math.round(pixels / 62));
  for (let count = fewest; count <= fewest + 4; count++) {
    const ticks = inner(count);
    if (ticks.length >= 2 && tickLabelWidth(domain, count) + 8 <= (ticks[1]! - ticks[0]!) / perPixel) return ticks;
  }
  return inner(fewest);
}

/** Width in pixels of the widest tick label that a linear axis will show. */
export function tickLabelWidth(domain: readonly [number, number], tickCount: number): number {
  const scale = linear(domain);
  const format = scale.tickFormat(tickCount);
  return Math.max(0, ...scale.ticks(tickCount).map((value) => textWidth(format(value), tickSize)));
}

/** Powers of ten inside a positive range, with 2 and 5 times each where there are fewer than three. */
export function logTicks([low, high]: readonly [number, number]): number[] {
  const ticks = (multiples: readonly number[]): number[] => {
    const found: number[] = [];
    for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.log10(high); exponent++) {
      for (const multiple of multiples) {
        // 10 ** -3 is not 0.001 to the last bit; reading the digits gives the nearest double.
        const value = Number(`${multiple}e${exponent}`);
        if (value >= low && value <= high) found.push(value);
      }
    }
    return found;
  };
  const decades = ticks([1]);
  return decades.length >= 3 ? decades : ticks([1, 2, 5]);
}
