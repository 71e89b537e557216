import type { Draws } from "@credence/core";
import type { Lame } from "../material.ts";
import type { DensityGrid } from "./density-grid.ts";
import { drawsOnGrid } from "./grid-draws.ts";
import { marginal, type Summary, summaryOf } from "./grid-summary.ts";

/** A posterior of lambda and mu, as a density on a grid. */
export interface GridPosterior {
  readonly names: readonly ["lambda", "mu"];
  readonly lambda: Summary;
  readonly mu: Summary;
  readonly correlation: number;
  /** The grid's highest point. */
  readonly mode: Lame;
  /** log of the integral of likelihood and prior over lambda and mu, nats; without a prior that of the likelihood. */
  readonly logEvidence: number;
  readonly grid: DensityGrid;
  /** Of any function of the material, such as Young's modulus. */
  of(quantity: (material: Lame) => number): Summary;
  /** Independent draws. */
  sample(count: number, options: { readonly seed: number }): Draws;
  readonly warnings: readonly string[];
}

/** What a density on a grid says. */
export function gridPosterior(grid: DensityGrid): GridPosterior {
  const { lambda, mu, mass } = grid;
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
    of: (quantity) => summaryOf(grid, quantity),
    sample: (count, { seed }) => drawsOnGrid(grid, count, seed),
    warnings: grid.warnings,
  };
}
