import { cholesky, eye, type NdArray, program, type Tensor, triangularSolve } from "@credence/tensor";
import { weightCount } from "./network-field.ts";
import { curvatureOf } from "./pinn-programs.ts";
import type { PinnFit } from "./train-pinn.ts";

/** A normal posterior of lambda and mu about the most probable ones. */
export interface LaplacePosterior {
  readonly lambda: { readonly mean: number; readonly sd: number };
  readonly mu: { readonly mean: number; readonly sd: number };
  readonly correlation: number;
}

/**
 * Laplace's approximation of the posterior of all weights with lambda and mu, by Gauss and Newton's curvature J^T J + I / s^2; weights are integrated out by taking the block
 * of lambda and mu out of its inverse (the Schur complement's). In log lambda and log mu, brought to lambda and mu at first order.
 * @throws {RangeError} for a fit of a known material
 */
export async function laplacePinn(fit: PinnFit, options: { readonly signal?: AbortSignal } = {}): Promise<LaplacePosterior> {
  const { setup, vector, data } = fit.network;
  const count = weightCount(setup.shape);
  if (vector.size === count) throw new RangeError("laplacePinn: the material of this fit was given; train without `material` to infer it");
  const run = program((x: Tensor, d: never) => {
    const { curvature } = curvatureOf(setup, x, d);
    const n = x.size;
    // Weights come first, so the last two rows of the Cholesky factor hold that of the Schur complement.
    const lower = cholesky(curvature).slice([count, count], [n, n]);
    const inverse = triangularSolve(lower, eye(2, "f64"));
    return inverse.T.matmul(inverse);
  });
  const covariance = (await run.runAsync([vector, data as never], options.signal ? { signal: options.signal } : {})) as NdArray;
  const [ll, lm, , mm] = covariance.data() as Float64Array;
  const { lambda, mu } = fit.map;
  return {
    lambda: { mean: lambda, sd: lambda * Math.sqrt(ll!) },
    mu: { mean: mu, sd: mu * Math.sqrt(mm!) },
    correlation: lm! / Math.sqrt(ll! * mm!),
  };
}
