import type { Draws } from "@credence/core";
import { array, program, random } from "@credence/tensor";
import type { DensityGrid } from "./density-grid.ts";

/**
 * Independent draws from a density on a grid: a place by its mass, then a shift by less than a step with a triangular density on each axis, which makes the
 * draws those of the bilinear interpolant. That adds step^2 / 6 to a variance.
 */
export function drawsOnGrid({ lambda, mu, mass, density }: DensityGrid, count: number, seed: number): Draws {
  if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`count must be a whole number >= 1, got ${count}`);
  const uniform = program(() => random.uniform(random.key(seed), [count, 5], { dtype: "f64" }))().data();
  const below = new Float64Array(mass.length);
  let sum = 0;
  mass.forEach((v, k) => {
    sum += v;
    below[k] = sum;
  });
  const steps = [lambda[1]! - lambda[0]!, mu[1]! - mu[0]!] as const;
  const draws = new Float64Array(count * 2);
  const logDensity = new Float64Array(count);
  for (let s = 0; s < count; s++) {
    const [share, ...shift] = uniform.slice(5 * s, 5 * s + 5) as unknown as [number, number, number, number, number];
    const k = firstAtLeast(below, share * sum);
    const [i, j] = [Math.floor(k / mu.length), k % mu.length];
    draws[2 * s] = within(lambda, lambda[i]! + steps[0] * (shift[0]! - shift[1]!));
    draws[2 * s + 1] = within(mu, mu[j]! + steps[1] * (shift[2]! - shift[3]!));
    logDensity[s] = Math.log(density[k]!);
  }
  const values = array(draws, { shape: [1, count, 2] });
  return {
    names: ["lambda", "mu"],
    draws: values,
    unconstrained: values,
    logDensity: array(logDensity, { shape: [1, count] }),
    stats: {},
    warnings: [],
  };
}

/** A shift beyond the grid is turned back into it. */
function within(places: Float64Array, x: number): number {
  const [low, high] = [places[0]!, places.at(-1)!];
  return x < low ? 2 * low - x : x > high ? 2 * high - x : x;
}

function firstAtLeast(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}
