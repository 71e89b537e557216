import { densityGrid, type GridOptions } from "./density-grid.ts";
import type { DisplacementModel } from "./displacement-model.ts";
import { type GridPosterior, gridPosterior } from "./grid-posterior.ts";
import { type Misfit, misfitOf, type Whitened } from "./misfit.ts";
import { type ReadingNoise, type Readings, whitenedReadings } from "./readings.ts";

export interface QuadratureOptions extends GridOptions {
  readonly signal?: AbortSignal;
}

/** The posterior of lambda and mu on a grid, exact but for quadrature. */
export interface QuadraturePosterior extends GridPosterior {
  readonly misfit: Misfit;
}

/**
 * The posterior of a material given readings with independent normal noise, by quadrature over (lambda, mu): the trapezoidal rule, which for a smooth density that
 * vanishes at the edges of the grid converges faster than any power of its spacing. The grid finds its own place and extent.
 * @throws {RangeError} for readings or noise at fault, and where the readings leave lambda and mu open and no bounds are given
 */
export async function quadraturePosterior(
  model: DisplacementModel,
  readings: Readings,
  options: QuadratureOptions & { readonly noise: ReadingNoise },
): Promise<QuadraturePosterior> {
  const { noise, ...rest } = options;
  return posteriorOf(await misfitOf(model, whitenedReadings(model, readings, noise), options.signal), rest);
}

/** The same for readings that were whitened otherwise. */
export const quadraturePosteriorOf = async (
  model: DisplacementModel,
  whitened: Whitened,
  options: QuadratureOptions = {},
): Promise<QuadraturePosterior> => posteriorOf(await misfitOf(model, whitened, options.signal), options);

async function posteriorOf(misfit: Misfit, options: QuadratureOptions): Promise<QuadraturePosterior> {
  return { ...gridPosterior(await densityGrid(misfit, options)), misfit };
}
