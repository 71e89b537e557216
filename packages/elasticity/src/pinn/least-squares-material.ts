import type { Start } from "./density-of-material.ts";

/** What a model leaves of the readings, in units of their noise, at materials (lambda, mu); a row for each. */
export type MisfitOfMaterial = (materials: readonly (readonly [number, number])[]) => Promise<readonly Float64Array[]>;

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, k) => sum + v * b[k]!, 0);

/**
 * The material of the least squared misfit: steps of Levenberg and Marquardt in (log lambda, log mu) from the best place of a wide grid about a unit of stress, with slopes by
 * differences. Its spread is that of the readings alone.
 * @throws {RangeError} where the readings leave a combination of lambda and mu open
 */
export async function leastSquaresMaterial(owner: string, misfit: MisfitOfMaterial, unit: number): Promise<Start> {
  const at = (places: readonly (readonly [number, number])[]): Promise<readonly Float64Array[]> =>
    misfit(places.map(([l, m]) => [Math.exp(l), Math.exp(m)] as const));
  const square = (r: Float64Array): number => dot(r, r);
  // mu over a wide range, lambda / mu from 0.2 to 5: Poisson's ratios from 0.08 to 0.42.
  const wide = Array.from({ length: 60 }, (_, k) => {
    const m = Math.log(unit) - 7 + (2 / 3) * Math.floor(k / 3);
    return [m + 1.6 * ((k % 3) - 1), m] as const;
  });
  const squares = (await at(wide)).map(square);
  const best = squares.reduce((low, v, k) => (v < squares[low]! ? k : low), 0);
  let [x, y] = wide[best]! as readonly [number, number];
  let damping = 1e-2;
  for (let turn = 0; turn < 100; turn++) {
    const h = 1e-3;
    const [r, rx, ry] = (await at([
      [x, y],
      [x + h, y],
      [x, y + h],
    ])) as [Float64Array, Float64Array, Float64Array];
    const [jx, jy] = [rx, ry].map((moved) => moved.map((v, k) => (v - r[k]!) / h)) as [Float64Array, Float64Array];
    const [xx, xy, yy] = [square(jx), dot(jx, jy), square(jy)];
    const [gx, gy] = [dot(jx, r), dot(jy, r)];
    const dampings = [damping / 10, damping, damping * 10, damping * 100, damping * 1000];
    const steps = dampings.map((l) => {
      const [a, b] = [xx * (1 + l), yy * (1 + l)];
      const determinant = a * b - xy * xy;
      const step = [(-b * gx + xy * gy) / determinant, (-a * gy + xy * gx) / determinant] as const;
      const shorter = Math.min(1, 1 / Math.hypot(...step));
      return [step[0] * shorter, step[1] * shorter] as const;
    });
    const tried = (await at(steps.map(([p, q]) => [x + p, y + q] as const))).map(square);
    const lowest = tried.reduce((low, v, k) => (v < tried[low]! || Number.isNaN(tried[low]!) ? k : low), 0);
    const [p, q] = steps[lowest]!;
    const gain = square(r) - tried[lowest]!;
    if (gain > 0) [x, y, damping] = [x + p, y + q, Math.min(1e6, Math.max(1e-8, dampings[lowest]!))];
    else damping = Math.min(1e6, damping * 100);
    if (Math.abs(gain) < 1e-2) {
      const determinant = xx * yy - xy * xy;
      if (!(determinant > 1e-10 * xx * yy))
        throw new RangeError(
          `${owner}: the readings do not determine lambda and mu: only a combination of them changes what the sensors read near (${Math.exp(x).toPrecision(3)}, ${Math.exp(y).toPrecision(3)}); place more sensors`,
        );
      const a = Math.sqrt(yy / determinant);
      return { centre: [x, y], spread: [a, -xy / determinant / a, 1 / Math.sqrt(yy)] };
    }
  }
  throw new RangeError(
    `${owner}: no material was found that the readings fit best, near (${Math.exp(x).toPrecision(3)}, ${Math.exp(y).toPrecision(3)})`,
  );
}
