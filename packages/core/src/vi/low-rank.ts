import {
  cholesky,
  diagonal,
  exp,
  eye,
  log,
  matmul,
  matrixTranspose,
  random,
  sqrt,
  stopGradient,
  type Tensor,
  triangularSolve,
  zeros,
} from "@credence/tensor";
import { standardNormalLogProb } from "../flow/flow.ts";
import { requireWidth } from "../network/network.ts";
import { drawn, scaleOf, standardEntropy, type VariationalFamily } from "./family.ts";

/** location, logScale, floor: [D]; loadings: [D, rank] */
export type LowRankParams = { readonly location: Tensor; readonly logScale: Tensor; readonly floor: Tensor; readonly loadings: Tensor };

/** The least sd of a coordinate's own noise, in units of the base. */
const floorOfBase = 3e-3;

/**
 * q(u) = N(u; location, S^2 + W W^T), S^2 = diag(exp(logScale)^2 + floor^2), W [D, rank]: the covariance of a factor analysis (Ong, Nott and Smith 2018). Density and
 * entropy cost D rank^2, by Woodbury's identity and the matrix determinant lemma with M = I + W^T S^-2 W. The floor, which is not fitted, keeps M away from singular
 * where the loadings explain all of a coordinate, as factor analyses like to (Heywood 1931): there the log determinant would lose its digits.
 */
export function lowRankNormal(dimension: number, rank: number): VariationalFamily<LowRankParams> {
  requireWidth("dimension", dimension);
  requireWidth("rank", rank);
  if (rank > dimension) throw new RangeError(`rank must be at most the dimension, ${dimension}, got ${rank}`);
  /** S^-1 W and the lower factor of M. */
  const inner = (params: LowRankParams) => {
    const scale = ownScale(params);
    const scaled = params.loadings.div(scale.expandDims(1));
    return { scale, scaled, factor: cholesky(matmul(matrixTranspose(scaled), scaled).add(eye(rank, "f64"))) };
  };
  const logVolume = (scale: Tensor, factor: Tensor): Tensor =>
    log(scale)
      .sum()
      .add(log(diagonal(factor)).sum());
  return drawn<LowRankParams>({
    name: "low-rank",
    dimension,
    noise: dimension + rank,
    base: "diagonal",
    // Not zero: the ELBO is flat to loadings of zero, of whatever sign they want to be.
    init: (key) => ({
      location: zeros([dimension], "f64"),
      logScale: zeros([dimension], "f64"),
      floor: zeros([dimension], "f64").add(floorOfBase),
      loadings: random.normal(key, [dimension, rank], { dtype: "f64" }).mul(0.1),
    }),
    place({ location, logScale, floor, loadings }, base) {
      const scale = scaleOf(base);
      return {
        location: base.mean.add(scale.mul(location)),
        logScale: logScale.add(scale.log()),
        floor: floor.mul(scale),
        loadings: loadings.mul(scale.expandDims(1)),
      };
    },
    transform(params, noise) {
      const n = noise.shape[0]!;
      const own = noise.slice([0, 0], [n, dimension]);
      const shared = noise.slice([0, dimension], [n, dimension + rank]);
      return params.location.add(own.mul(ownScale(params))).add(matmul(shared, matrixTranspose(params.loadings)));
    },
    logProb(params, u) {
      const { scale, scaled, factor } = inner(params);
      const x = u.sub(params.location).div(scale);
      const explained = triangularSolve(factor, matrixTranspose(matmul(x, scaled)));
      return standardNormalLogProb(x).add(explained.square().sum(0).mul(0.5)).sub(logVolume(scale, factor));
    },
    entropy(params) {
      const { scale, factor } = inner(params);
      return logVolume(scale, factor).add(standardEntropy(dimension));
    },
    moments: (params) => ({
      mean: params.location,
      covariance: matmul(params.loadings, matrixTranspose(params.loadings)).add(eye(dimension, "f64").mul(ownScale(params).square())),
    }),
  });
}

/** S, [D] */
const ownScale = ({ logScale, floor }: LowRankParams): Tensor => sqrt(exp(logScale.mul(2)).add(stopGradient(floor).square()));
