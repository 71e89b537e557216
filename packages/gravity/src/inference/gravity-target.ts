import type { Target } from "@credence/core";
import {
  asTensor,
  eye,
  logSigmoid,
  matmul,
  matrixTranspose,
  type NdArray,
  program,
  random,
  sigmoid,
  type Tensor,
  zeros,
} from "@credence/tensor";
import { cellCounts } from "../mesh.ts";
import type { GravityModel } from "./gravity-model.ts";
import { marginalise, whitened, whitenNoise } from "./whitened.ts";

export interface DensityBounds {
  /** kg/m3, of every cell. */
  readonly low: number;
  readonly high: number;
}

/**
 * The posterior of the cells as a target for core's samplers and variational fits: small meshes, whose matrix is in memory. The regional is integrated over. Its quantities are
 * the contrasts, kg/m3, named `density[k,j,i]`.
 *
 * Without bounds, coordinates are z of m = mean + P z, and the log density is log p(d, z) with all constants: the ELBO of the right q is the log evidence. With bounds the
 * prior is the normal held between them (up to the constant of its mass), and coordinates are log((m - low) / (high - m)).
 * @throws RangeError unless low < high, both finite
 */
export async function gravityTarget(
  model: GravityModel,
  options: { readonly bounds?: DensityBounds; readonly signal?: AbortSignal } = {},
): Promise<Target> {
  const { prior, operator } = model;
  const { bounds, signal } = options;
  if (bounds && !(bounds.low < bounds.high && Number.isFinite(bounds.high - bounds.low)))
    throw new RangeError(`gravityTarget: bounds must be finite with low < high, got ${bounds.low} and ${bounds.high}`);
  const n = prior.size;
  /** N^-1 G and G mean: what each turn of a sampler needs. */
  const prepared = await program(
    () => ({
      sensitivity: whitenNoise(asTensor(model.noise), operator.dense()),
      ...(bounds ? {} : { factor: prior.colour(eye(n, "f64")) }),
    }),
    { name: "gravityTarget" },
  ).runAsync([], signal ? { signal } : {});
  const { sensitivity, factor } = prepared as { sensitivity: NdArray; factor?: NdArray };
  const names = namesOf(model);
  /** log p(d | m) of columns of m - mean, [k]. */
  const logLikelihood = (deviations: Tensor): Tensor => {
    const white = whitened(model);
    const marginal = marginalise(white, { solve: (y) => y, logDeterminant: zeros([], "f64") });
    return marginal.logDensity(white.residual.sub(matmul(asTensor(sensitivity), deviations))).sub(white.logNoise);
  };
  const logStandard = (z: Tensor): Tensor =>
    z
      .square()
      .sum(0)
      .mul(-0.5)
      .sub(0.5 * n * Math.log(2 * Math.PI));
  const common = { dimension: n, names, warnings: model.warnings };
  if (!bounds)
    return {
      ...common,
      coordinates: Array.from({ length: n }, (_, i) => `z[${i}]`),
      logDensity: (u) => {
        const z = matrixTranspose(u);
        return logStandard(z).add(logLikelihood(matmul(asTensor(factor!), z)));
      },
      constrain: (u) => matmul(u, matrixTranspose(asTensor(factor!))).add(prior.mean()),
      initial: (key, rows) => random.normal(key, [rows, n], { dtype: "f64" }),
    };
  const width = bounds.high - bounds.low;
  return {
    ...common,
    coordinates: names.map((name) => `logit ${name}`),
    logDensity: (u) => {
      const deviations = matrixTranspose(sigmoid(u).mul(width).add(bounds.low).sub(prior.mean()));
      // dm/du = width sigmoid(u) sigmoid(-u)
      const logDerivative = logSigmoid(u).add(logSigmoid(u.neg())).add(Math.log(width)).sum(1);
      return logStandard(prior.whiten(deviations)).sub(prior.logDeterminant()).add(logLikelihood(deviations)).add(logDerivative);
    },
    constrain: (u) => sigmoid(u).mul(width).add(bounds.low),
    initial: (key, rows) => random.uniform(key, [rows, n], { dtype: "f64", low: -1, high: 1 }),
  };
}

function namesOf({ prior }: GravityModel): string[] {
  const [nz, ny, nx] = cellCounts(prior.mesh);
  return Array.from({ length: nz * ny * nx }, (_, at) => `density[${Math.floor(at / (ny * nx))},${Math.floor(at / nx) % ny},${at % nx}]`);
}
