import type { Mesh } from "../mesh.ts";
import type { CellPrior } from "./cell-prior.ts";
import { type Length, type SpectralPriorOptions, spectralPrior } from "./spectral-prior.ts";

export interface SmoothnessPriorOptions extends SpectralPriorOptions {
  /** Length over which first differences count as much as smallness: sqrt(alpha_x / alpha_s) of Li and Oldenburg, metres, of all axes or of each. */
  readonly length: Length;
}

/**
 * Smallness and first differences, the model norm of Li and Oldenburg (1998): -2 log p(m) is in proportion to the sum over the volume of (w m)^2 + length^2 |grad w m|^2,
 * w the reciprocal of `weights` (`depthWeights`), and of the even boundary's own. On finer meshes its draws get rougher; `sd` is that of the cells of this mesh.
 * @throws RangeError for an sd or a length that is not > 0, weights or means that are not one a cell
 */
export const smoothnessPrior = (mesh: Mesh, { length, ...options }: SmoothnessPriorOptions): CellPrior =>
  spectralPrior("smoothnessPrior", mesh, length, 1, options);
