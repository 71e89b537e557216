import type { Tensor } from "@credence/tensor";
import { cellCounts, type Mesh } from "../mesh.ts";
import type { CellPrior } from "./cell-prior.ts";
import { type Length, type SpectralPriorOptions, spectralPrior } from "./spectral-prior.ts";

export interface MaternPriorOptions extends SpectralPriorOptions {
  /** Distance at which the correlation has fallen to about 0.14, metres, of all axes or of each. */
  readonly range: Length;
  /** Power of the operator; 2 if absent. */
  readonly alpha?: number;
}

/**
 * The Matern field (kappa^2 - Laplace)^(alpha/2) m = white noise on the cells of a mesh, with free ends (Lindgren, Rue and Lindstrom 2011). In d dimensions (axes with
 * more than one cell) its smoothness is nu = alpha - d / 2 and kappa = sqrt(8 nu) / range: in 3-D with alpha = 2, correlations are exp(-2 distance / range).
 * The operator is the second difference of the cells, and sd is that on the mesh: see `boundary`.
 * @throws RangeError for an sd or a range that is not > 0, an alpha that is not above d / 2, weights or means that are not one a cell
 */
export function maternPrior(mesh: Mesh, { range, alpha = 2, ...options }: MaternPriorOptions): CellPrior {
  const dimensions = Math.max(1, cellCounts(mesh).filter((n) => n > 1).length);
  const nu = alpha - dimensions / 2;
  if (!(nu > 0 && alpha < Infinity))
    throw new RangeError(`maternPrior: alpha must be above ${dimensions / 2} in ${dimensions} dimensions, got ${alpha}`);
  const perMetre = 1 / Math.sqrt(8 * nu);
  const shorter = (value: number | Tensor): number | Tensor => (typeof value === "number" ? value * perMetre : value.mul(perMetre));
  const length: Length =
    typeof range === "object" && "east" in range
      ? { east: shorter(range.east), north: shorter(range.north), up: shorter(range.up) }
      : shorter(range);
  return spectralPrior("maternPrior", mesh, length, alpha, options);
}
