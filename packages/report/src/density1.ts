import { type Axis, fold } from "./axis.ts";
import { quantiles } from "./quantile.ts";

/** Standard deviation, guarded against heavy tails: min(sd, IQR/1.349), Silverman 1986, eq. 3.30. */
export function spread(draws: Float64Array): number {
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  const sd = Math.sqrt(draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (draws.length - 1));
  const [lower, upper] = quantiles(draws, [0.25, 0.75]) as [number, number];
  const robust = (upper - lower) / 1.349;
  return robust > 0 ? Math.min(sd, robust) : sd;
}

/**
 * Gaussian kernel density on a grid of `cells`, values at the cells' centres, with bandwidth 0.9 s n^(-1/5) (Silverman 1986, eq. 3.31).
 * Integrates to 1 over all draws, of which the axis may show a part.
 */
export function density1(draws: Float64Array, axis: Axis, cells: number): Float64Array {
  const { low, high } = axis;
  const width = (high - low) / cells;
  const sigma = Math.max((0.9 * spread(draws) * draws.length ** -0.2) / width, 0.5);
  const reach = Math.min(Math.ceil(4 * sigma), cells);
  // Draws just beyond an end that is no hard bound still lend their tails to the cells inside.
  const mass = new Float64Array(cells + 2 * reach);
  for (const x of draws) {
    const cell = x === high ? cells - 1 : Math.floor((x - low) / width);
    if (cell >= -reach && cell < cells + reach) mass[cell + reach]! += 1 / draws.length;
  }
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, k) => Math.exp(-0.5 * ((k - reach) / sigma) ** 2));
  const total = kernel.reduce((sum, k) => sum + k, 0) * width;
  const values = new Float64Array(cells);
  mass.forEach((share, i) => {
    if (share === 0) return;
    for (let k = 0; k < kernel.length; k++) {
      const j = fold(i + k - 2 * reach, cells, axis);
      if (j >= 0) values[j]! += (share * kernel[k]!) / total;
    }
  });
  return values;
}
