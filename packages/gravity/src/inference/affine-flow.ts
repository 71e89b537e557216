import { fitVariational, type VariationalFit } from "@credence/core";
import { array, diagonal, eye, matmul, matrixTranspose, type NdArray, program, type Tensor } from "@credence/tensor";
import type { GravityModel } from "./gravity-model.ts";
import { gravityTarget } from "./gravity-target.ts";

export interface AffineFlow {
  /** E m, kg/m3, f64 [cells]. */
  readonly mean: NdArray;
  /** kg/m3, f64 [cells]. */
  readonly sd: NdArray;
  /** [cells, cells] */
  readonly covariance: NdArray;
  /** Evidence lower bound, nats: the log evidence where the flow is exact. */
  readonly elbo: number;
  /** Monte Carlo error of the bound. */
  readonly elboError: number;
  /** In coordinates z of the prior, with `sample`. */
  readonly fit: VariationalFit;
  readonly warnings: readonly string[];
}

export interface AffineFlowOptions {
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly threads?: number;
}

/**
 * Variational inference with one affine transform of noise, m = mu + L e: the posterior is in the family, so the fit must become exact, its ELBO the log evidence. It is found
 * from the log density alone, by natural gradients from the prior (`fitVariational`), and is a check of methods as much as a method: up to about a thousand cells.
 */
export async function affineFlow(model: GravityModel, { seed, signal, threads = 1 }: AffineFlowOptions): Promise<AffineFlow> {
  const running = signal ? { signal } : {};
  const target = await gravityTarget(model, running);
  const { prior } = model;
  const n = prior.size;
  const unit = array(
    Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0)),
    { shape: [n, n] },
  );
  const fit = await fitVariational(target, {
    family: "full-rank",
    method: "natural-gradient",
    base: { mean: new Float64Array(n), covariance: unit },
    seed,
    threads,
    ...running,
  });
  const inCells = program((mean: Tensor, covariance: Tensor) => {
    const factor = prior.colour(eye(n, "f64"));
    const cells = matmul(matmul(factor, covariance), matrixTranspose(factor));
    return {
      mean: prior.mean().add(matmul(factor, mean)),
      covariance: cells,
      sd: diagonal(cells).sqrt(),
    };
  });
  const { mean, sd, covariance } = await inCells.runAsync([fit.mean, fit.covariance], running);
  return { mean, sd, covariance, elbo: fit.elbo.value, elboError: fit.elbo.standardError, fit, warnings: fit.warnings };
}
