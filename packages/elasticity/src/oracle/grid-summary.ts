import type { Lame } from "../material.ts";
import type { DensityGrid } from "./density-grid.ts";

/** What a posterior says of one quantity. */
export interface Summary {
  readonly mean: number;
  readonly sd: number;
  readonly q05: number;
  readonly median: number;
  readonly q95: number;
  /** The value below which a share p in (0, 1) of the posterior lies. */
  quantile(p: number): number;
}

/** Of lambda or mu, from its marginal density. */
export function marginal(grid: DensityGrid, name: "lambda" | "mu"): Summary & { readonly density: Float64Array } {
  const { mu, mass } = grid;
  const values = grid[name];
  const m = mu.length;
  const share = new Float64Array(values.length);
  mass.forEach((v, k) => {
    share[name === "lambda" ? Math.floor(k / m) : k % m]! += v;
  });
  const step = values[1]! - values[0]!;
  const last = values.length - 1;
  const density = share.map((v, i) => v / (i === 0 || i === last ? step / 2 : step));
  const mean = share.reduce((sum, v, i) => sum + v * values[i]!, 0);
  const sd = Math.sqrt(share.reduce((sum, v, i) => sum + v * (values[i]! - mean) ** 2, 0));
  // The integral up to each place: trapezia, with Euler and Maclaurin's -h^2 / 12 times the change of the slope.
  const slope = density.map(
    (_, i) => (density[Math.min(i + 1, last)]! - density[Math.max(i - 1, 0)]!) / (i === 0 || i === last ? step : 2 * step),
  );
  const cumulative = new Float64Array(values.length);
  let sum = 0;
  for (let i = 1; i <= last; i++) {
    sum += (step / 2) * (density[i]! + density[i - 1]!);
    cumulative[i] = sum - ((step * step) / 12) * (slope[i]! - slope[0]!);
  }
  const total = cumulative[last]!;
  const quantile = (p: number): number => {
    requireShare(p);
    const i = Math.max(
      1,
      cumulative.findIndex((c) => c >= p * total),
    );
    // Bisection within the interval, on the cubic that has these integrals and densities at its ends.
    const [a, b] = [cumulative[i - 1]! / total, cumulative[i]! / total];
    const [da, db] = [(density[i - 1]! * step) / total, (density[i]! * step) / total];
    let [low, high] = [0, 1];
    for (let k = 0; k < 60; k++) {
      const t = (low + high) / 2;
      const at = a + t * (da + t * (3 * (b - a) - 2 * da - db + t * (da + db - 2 * (b - a))));
      if (at < p) low = t;
      else high = t;
    }
    return values[i - 1]! + step * low;
  };
  return { ...summary(mean, sd, quantile), density };
}

/** Of any function of the material, from the masses of the grid. */
export function summaryOf({ lambda, mu, mass }: DensityGrid, quantity: (material: Lame) => number): Summary {
  const m = mu.length;
  const kept = Array.from(mass.keys()).filter((k) => mass[k]! > 1e-16);
  const values = kept.map((k) => quantity({ lambda: lambda[Math.floor(k / m)]!, mu: mu[k % m]! }));
  const shares = kept.map((k) => mass[k]!);
  const mean = shares.reduce((sum, v, i) => sum + v * values[i]!, 0);
  const sd = Math.sqrt(shares.reduce((sum, v, i) => sum + v * (values[i]! - mean) ** 2, 0));
  const order = Array.from(values.keys()).sort((i, j) => values[i]! - values[j]!);
  const below = new Float64Array(order.length);
  let sum = 0;
  order.forEach((i, rank) => {
    below[rank] = sum + shares[i]! / 2;
    sum += shares[i]!;
  });
  const quantile = (p: number): number => {
    requireShare(p);
    const at = below.findIndex((share) => share >= p * sum);
    if (at <= 0) return values[order[at < 0 ? order.length - 1 : 0]!]!;
    const t = (p * sum - below[at - 1]!) / (below[at]! - below[at - 1]!);
    const [from, to] = [values[order[at - 1]!]!, values[order[at]!]!];
    return from + t * (to - from);
  };
  return summary(mean, sd, quantile);
}

const summary = (mean: number, sd: number, quantile: (p: number) => number): Summary => ({
  mean,
  sd,
  q05: quantile(0.05),
  median: quantile(0.5),
  q95: quantile(0.95),
  quantile,
});

function requireShare(p: number): void {
  if (!(p > 0 && p < 1)) throw new RangeError(`a quantile is of a share in (0, 1), got ${p}`);
}
