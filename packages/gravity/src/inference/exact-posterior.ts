import {
  asTensor,
  cholesky,
  eye,
  logDeterminantTriangular,
  matmul,
  matrixTranspose,
  type NdArray,
  program,
  type Tensor,
  triangularSolve,
} from "@credence/tensor";
import type { GravityModel } from "./gravity-model.ts";
import type { GravityPosterior } from "./gravity-posterior.ts";
import { type Inverse, posteriorFrom } from "./posterior-from.ts";
import { whitenNoise } from "./whitened.ts";

/**
 * The posterior of the cells in closed form, from the Cholesky factor of the covariance of the data, [stations, stations] (Tarantola 2005, chapter 3): exact, with all
 * of the matrix in memory, stations x cells x 8 bytes several times over. Up to a few thousand stations; `lowRankPosterior` for more.
 * @throws RangeError where the covariance of the data is singular in double precision
 */
export async function exactPosterior(model: GravityModel, options: { readonly signal?: AbortSignal } = {}): Promise<GravityPosterior> {
  const owner = "exactPosterior";
  const { prior, operator } = model;
  const stations = operator.rows;
  /** N^-1 G, [stations, cells]. */
  const sensitivity = (): Tensor => whitenNoise(asTensor(model.noise), operator.dense());
  const factor = program(
    () => {
      const transposed = prior.colourTransposed(matrixTranspose(sensitivity()));
      return cholesky(matmul(matrixTranspose(transposed), transposed).add(eye(stations, "f64")));
    },
    { name: `${owner}: factor` },
  );
  const running = options.signal ? { signal: options.signal } : {};
  const lower = await factor.runAsync([], running);
  const solve = (l: Tensor, y: Tensor): Tensor => triangularSolve(l, triangularSolve(l, y), { transpose: true });
  /** L^-1 N^-1 G Q^-1, [stations, cells]: covariance of data and cells. */
  const shared = (l: Tensor): Tensor => {
    const g = sensitivity();
    return triangularSolve(l, matrixTranspose(prior.colour(prior.colourTransposed(matrixTranspose(g)))));
  };
  const inverse: Inverse<NdArray | Tensor> = {
    dataSolve: (l) => ({ solve: (y) => solve(l as Tensor, y), logDeterminant: logDeterminantTriangular(l as Tensor).mul(2) }),
    diagonal: (l) =>
      triangularSolve(l as Tensor, eye(stations, "f64"))
        .square()
        .sum(0),
    seen: (l) => {
      const half = shared(l as Tensor);
      return {
        variance: half.square().sum(0),
        resolution: half.mul(triangularSolve(l as Tensor, sensitivity())).sum(0),
      };
    },
    covarianceSeen: (l) => {
      const half = shared(l as Tensor);
      return matmul(matrixTranspose(half), half);
    },
  };
  return posteriorFrom(owner, model, inverse, lower, { warnings: [], ...running });
}
