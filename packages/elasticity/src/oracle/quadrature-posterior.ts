import type { Draws } from "@credence/core";
import type { Lame } from "../material.ts";
import { type DensityGrid, densityGrid, type GridOptions } from "./density-grid.ts";
import type { DisplacementModel } from "./displacement-model.ts";
import { drawsOnGrid } from "./grid-draws.ts";
import { marginal, type Summary, summaryOf } from "./grid-summary.ts";
import { type Misfit, misfitOf, type Whitened } from "./misfit.ts";
import { type ReadingNoise, type Readings, whitenedReadings } from "./readings.ts";

export interface QuadratureOptions extends GridOptions {
  readonly signal?: AbortSignal;
}

/** The posterior of lambda and mu on a grid, exact but for quadrature. */
export interface QuadraturePosterior {
  readonly names: readonly ["lambda", "mu"];
  readonly lambda: Summary;
  readonly mu: Summary;
  readonly correlation: number;
  /** The grid's highest point. */
  readonly mode: Lame;
  /** log of the integral of likelihood and prior over lambda and mu, nats; without a prior that of the likelihood. */
  readonly logEvidence: number;
  readonly grid: DensityGrid;
  readonly misfit: Misfit;
  /** Of any function of the material, such as Young's modulus. */
  of(quantity: (material: Lame) => number): Summary;
  /** Independent draws. */
  sample(count: number, options: { readonly seed: number }): Draws;
  readonly warnings: readonly string[];
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
  const grid = await densityGrid(misfit, options);
  const { lambda, mu, mass } = grid;
  const over = (quantity: (material: Lame) => number): Summary => summaryOf(grid, quantity);
  const [ofLambda, ofMu] = [marginal(grid, "lambda"), marginal(grid, "mu")];
  let [cross, top] = [0, 0];
  for (let k = 0; k < mass.length; k++) {
    const [i, j] = [Math.floor(k / mu.length), k % mu.length];
    cross += mass[k]! * (lambda[i]! - ofLambda.mean) * (mu[j]! - ofMu.mean);
    if (grid.density[k]! > grid.density[top]!) top = k;
  }
  return {
    names: ["lambda", "mu"],
    lambda: ofLambda,
    mu: ofMu,
    correlation: cross / (ofLambda.sd * ofMu.sd),
    mode: { lambda: lambda[Math.floor(top / mu.length)]!, mu: mu[top % mu.length]! },
    logEvidence: grid.logEvidence,
    grid,
    misfit,
    of: over,
    sample: (count, { seed }) => drawsOnGrid(grid, count, seed),
    warnings: grid.warnings,
  };
}
