import { cholesky, diagonal, exp, eye, log, matmul, matrixTranspose, random, type Tensor, triangularSolve, zeros } from "@credence/tensor";
import { standardNormalLogProb } from "../flow/flow.ts";
import { requireWidth } from "../network/network.ts";
import { drawn, standardEntropy, type VariationalFamily } from "./family.ts";

/** location, logScale: [D]; loadings: [D, rank] */
export type LowRankParams = { readonly location: Tensor; readonly logScale: Tensor; readonly loadings: Tensor };

/**
 * q(u) = N(u; location, S^2 + W W^T), S = diag exp(logScale), W [D, rank]: the covariance of a factor analysis (Ong, Nott and Smith 2018). Density and
 * entropy cost D rank^2, by Woodbury's identity and the matrix determinant lemma with M = I + W^T S^-2 W.
 */
export function lowRankNormal(dimension: number, rank: number): VariationalFamily<LowRankParams> {
  requireWidth("dimension", dimension);
  requireWidth("rank", rank);
  if (rank > dimension) throw new RangeError(`rank must be at most the dimension, ${dimension}, got ${rank}`);
  /** S^-1 W and the lower factor of M. */
  const inner = ({ logScale, loadings }: LowRankParams) => {
    const scaled = loadings.mul(exp(logScale.neg()).expandDims(1));
    return { scaled, factor: cholesky(matmul(matrixTranspose(scaled), scaled).add(eye(rank, "f64"))) };
  };
  const logVolume = (params: LowRankParams, factor: Tensor): Tensor => params.logScale.sum().add(log(diagonal(factor)).sum());
  return drawn<LowRankParams>({
    name: "low-rank",
    dimension,
    noise: dimension + rank,
    base: "diagonal",
    // Not zero: the ELBO is flat to loadings of zero, of whatever sign they want to be.
    init: (key) => ({
      location: zeros([dimension], "f64"),
      logScale: zeros([dimension], "f64"),
      loadings: random.normal(key, [dimension, rank], { dtype: "f64" }).mul(0.1),
    }),
    place({ location, logScale, loadings }, { mean, factor }) {
      const scale = diagonal(factor);
      return {
        location: mean.add(scale.mul(location)),
        logScale: logScale.add(scale.log()),
        loadings: loadings.mul(scale.expandDims(1)),
      };
    },
    transform({ location, logScale, loadings }, noise) {
      const n = noise.shape[0]!;
      const own = noise.slice([0, 0], [n, dimension]);
      const shared = noise.slice([0, dimension], [n, dimension + rank]);
      return location.add(own.mul(exp(logScale))).add(matmul(shared, matrixTranspose(loadings)));
    },
    logProb(params, u) {
      const { scaled, factor } = inner(params);
      const x = u.sub(params.location).mul(exp(params.logScale.neg()));
      const explained = triangularSolve(factor, matrixTranspose(matmul(x, scaled)));
      return standardNormalLogProb(x).add(explained.square().sum(0).mul(0.5)).sub(logVolume(params, factor));
    },
    entropy: (params) => logVolume(params, inner(params).factor).add(standardEntropy(dimension)),
    moments: ({ location, logScale, loadings }) => ({
      mean: location,
      covariance: matmul(loadings, matrixTranspose(loadings)).add(eye(dimension, "f64").mul(exp(logScale.mul(2)))),
    }),
  });
}
