import { type Axis, cellOf, fold } from "./axis.ts";
import { spread } from "./density1.ts";

/**
 * Gaussian kernel density on a grid of cells x cells (row-major, y outermost), with kernel covariance n^(-1/3) S (Scott's rule
 * in two dimensions), S the covariance of the draws: a narrow ridge keeps its width.
 */
export function density2(x: Float64Array, y: Float64Array, xAxis: Axis, yAxis: Axis, cells: number): Float64Array {
  const n = x.length;
  const xWidth = (xAxis.high - xAxis.low) / cells;
  const yWidth = (yAxis.high - yAxis.low) / cells;
  const xMean = x.reduce((sum, v) => sum + v, 0) / n;
  const yMean = y.reduce((sum, v) => sum + v, 0) / n;
  let cross = 0;
  let xSquares = 0;
  let ySquares = 0;
  for (let i = 0; i < n; i++) {
    cross += (x[i]! - xMean) * (y[i]! - yMean);
    xSquares += (x[i]! - xMean) ** 2;
    ySquares += (y[i]! - yMean) ** 2;
  }
  const correlation = xSquares > 0 && ySquares > 0 ? cross / Math.sqrt(xSquares * ySquares) : 0;
  const scale = n ** (-1 / 6);
  const xSigma = (scale * spread(x)) / xWidth;
  const ySigma = (scale * spread(y)) / yWidth;
  // Half a cell of variance on top: a kernel much narrower than a cell would leave gaps along a slanted ridge.
  const a = xSigma ** 2 + 0.5;
  const c = ySigma ** 2 + 0.5;
  const b = correlation * xSigma * ySigma;
  const determinant = a * c - b * b;
  const xReach = Math.min(Math.ceil(3.5 * Math.sqrt(a)), cells);
  const yReach = Math.min(Math.ceil(3.5 * Math.sqrt(c)), cells);
  const mass = new Float64Array(cells * cells);
  for (let i = 0; i < n; i++) {
    if (x[i]! < xAxis.low || x[i]! > xAxis.high || y[i]! < yAxis.low || y[i]! > yAxis.high) continue;
    mass[cellOf(y[i]!, yAxis, cells) * cells + cellOf(x[i]!, xAxis, cells)]! += 1 / n;
  }
  const columns = 2 * xReach + 1;
  const kernel = Float64Array.from({ length: columns * (2 * yReach + 1) }, (_, k) => {
    const dx = (k % columns) - xReach;
    const dy = Math.floor(k / columns) - yReach;
    return Math.exp((-0.5 * (c * dx * dx - 2 * b * dx * dy + a * dy * dy)) / determinant);
  });
  const total = kernel.reduce((sum, k) => sum + k, 0);
  const density = new Float64Array(cells * cells);
  for (let cell = 0; cell < mass.length; cell++) {
    if (mass[cell] === 0) continue;
    for (let ky = -yReach; ky <= yReach; ky++) {
      const row = fold(Math.floor(cell / cells) + ky, cells, yAxis);
      if (row < 0) continue;
      for (let kx = -xReach; kx <= xReach; kx++) {
        const column = fold((cell % cells) + kx, cells, xAxis);
        if (column < 0) continue;
        density[row * cells + column]! += (mass[cell]! * kernel[(ky + yReach) * columns + kx + xReach]!) / total;
      }
    }
  }
  return density;
}

/** Density levels whose regions {density >= level} hold the given shares of the gridded mass: highest-density regions. */
export function massLevels(density: Float64Array, shares: readonly number[]): number[] {
  const sorted = Float64Array.from(density).sort().reverse();
  let held = 0;
  const heldUpTo = sorted.map((value) => {
    held += value;
    return held;
  });
  return shares.map((share) => sorted[heldUpTo.findIndex((mass) => mass >= share * held)]!);
}
