import type { DensityGrid } from "../oracle/density-grid.ts";
import { normalisedGrid } from "../oracle/normalised-grid.ts";
import { squareInterpolant, squareNodes } from "./chebyshev-square.ts";

/** Log densities, nats, at materials (lambda, mu), any number at once. */
export type LogDensityOfMaterial = (materials: readonly (readonly [number, number])[]) => Promise<readonly number[]>;

/** Where a density lies and how wide it is, in (log lambda, log mu). */
export interface Start {
  readonly centre: readonly [number, number];
  /** Lower triangular factor [[a, 0], [b, c]] of the covariance there. */
  readonly spread: readonly [number, number, number];
}

export interface MaterialDensity extends Start {
  readonly grid: DensityGrid;
  /** Largest error of the interpolant among twelve materials two to four sds away, nats. */
  readonly interpolationError: number;
  /** Materials whose density was evaluated. */
  readonly evaluations: number;
}

/** Sds about the mode that the interpolant spans. */
const reach = 7;
const order = 9;

/**
 * A density over lambda and mu > 0 that takes milliseconds to evaluate at one place: its mode from a start by Newton steps on squares of nine places in (log lambda, log mu), then Chebyshev's
 * interpolant of the log density, of degree 8 in each direction, over seven sds about it.
 * @throws {RangeError} where the density has no mode that is curved in every direction
 */
export async function densityOfMaterial(owner: string, logDensity: LogDensityOfMaterial, start: Start): Promise<MaterialDensity> {
  let evaluations = 0;
  const at = async (places: readonly (readonly [number, number])[]): Promise<readonly number[]> => {
    evaluations += places.length;
    const values = await logDensity(places.map(([l, m]) => [Math.exp(l), Math.exp(m)] as const));
    return values.map((v) => (Number.isNaN(v) ? -Infinity : v));
  };
  const { centre, spread } = await modeOf(owner, at, start);
  const [a, b, c] = spread;
  const placed = ([x, y]: readonly [number, number]): readonly [number, number] => [centre[0] + a * x, centre[1] + b * x + c * y];
  const interpolant = squareInterpolant(order, await at(squareNodes(order).map(([x, y]) => placed([reach * x, reach * y]))));
  const tested = Array.from({ length: 12 }, (_, k) => {
    const [radius, angle] = [2 + (k % 3), (Math.PI * (k + 0.3)) / 6];
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as const;
  });
  const exact = await at(tested.map(placed));
  const interpolationError = Math.max(...tested.map(([x, y], k) => Math.abs(interpolant.at(x / reach, y / reach) - exact[k]!)));
  const correlation = b / Math.hypot(b, c);
  const count = Math.min(1201, Math.max(161, Math.ceil((2 * reach) / (0.5 * Math.sqrt(1 - correlation ** 2)))));
  const axis = (k: 0 | 1): Float64Array => {
    const sd = k === 0 ? a : Math.hypot(b, c);
    const [low, high] = [Math.exp(centre[k] - reach * sd), Math.exp(centre[k] + reach * sd)];
    return Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
  };
  const [lambda, mu] = [axis(0), axis(1)];
  const values = new Float64Array(count * count);
  for (let k = 0; k < values.length; k++) {
    const x = (Math.log(lambda[Math.floor(k / count)]!) - centre[0]) / a;
    const y = (Math.log(mu[k % count]!) - centre[1] - b * x) / c;
    values[k] = Math.abs(x) > reach || Math.abs(y) > reach ? -Infinity : interpolant.at(x / reach, y / reach);
  }
  const warnings: string[] = [];
  if (interpolationError > 0.02)
    warnings.push(
      `${owner}: the log density is met to ${interpolationError.toPrecision(2)} nats only, it is far from a normal's; more sensors, or a prior, would make it one`,
    );
  for (const [name, sd] of [
    ["lambda", a],
    ["mu", Math.hypot(b, c)],
  ] as const)
    if (sd > 0.3) warnings.push(`${owner}: the readings say little of ${name}, its logarithm has an sd of ${sd.toPrecision(2)}`);
  return { grid: normalisedGrid(lambda, mu, values, warnings), centre, spread, interpolationError, evaluations };
}

type At = (places: readonly (readonly [number, number])[]) => Promise<readonly number[]>;

/** Newton's method where value, slope and curvature come from a square of nine places whose sides are the sds that the last square has found. */
async function modeOf(owner: string, at: At, start: Start): Promise<Start> {
  let [x, y] = start.centre;
  let [a, b, c] = start.spread;
  for (let turn = 0; turn < 60; turn++) {
    const f = await at([-1, 0, 1].flatMap((i) => [-1, 0, 1].map((j) => [x + a * i, y + b * i + c * j] as const)));
    const [gx, gy] = [(f[7]! - f[1]!) / 2, (f[5]! - f[3]!) / 2];
    const [xx, yy, xy] = [2 * f[4]! - f[7]! - f[1]!, 2 * f[4]! - f[5]! - f[3]!, -(f[8]! - f[6]! - f[2]! + f[0]!) / 4];
    const determinant = xx * yy - xy * xy;
    if (!(xx > 0 && yy > 0 && determinant > 1e-6 * xx * yy)) {
      // Not curved like a mode: the best of the nine, or a larger square where that is the middle one.
      const top = f.reduce((t, v, k) => (v > f[t]! ? k : t), 4);
      const [i, j] = [Math.floor(top / 3) - 1, (top % 3) - 1];
      [x, y] = [x + a * i, y + b * i + c * j];
      if (top === 4) [a, b, c] = [a * 1.7, b * 1.7, c * 1.7];
      if (a > 20 || c > 20) break;
      continue;
    }
    const step = [(yy * gx - xy * gy) / determinant, (xx * gy - xy * gx) / determinant] as const;
    const length = Math.hypot(...step);
    const shorter = Math.min(1, 2 / length);
    [x, y] = [x + a * step[0] * shorter, y + (b * step[0] + c * step[1]) * shorter];
    if (length > 2) continue;
    // Factor of the inverse of the curvature in units of the square, which shrinks to it by and by.
    const p = Math.max(Math.sqrt(yy / determinant), 0.15);
    const [q, r] = [-xy / determinant / p, Math.max(Math.sqrt(1 / yy), 0.15)];
    [a, b, c] = [a * p, b * p + c * q, c * r];
    if (length < 0.02 && Math.abs(p - 1) < 0.2 && Math.abs(r - 1) < 0.2) return { centre: [x, y], spread: [a, b, c] };
  }
  throw new RangeError(
    `${owner}: the readings do not determine lambda and mu: no mode is curved in both directions near (${Math.exp(x).toPrecision(3)}, ${Math.exp(y).toPrecision(3)}); give a prior, or place more sensors`,
  );
}
