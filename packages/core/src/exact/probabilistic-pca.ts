import {
  eigenSymmetric,
  eye,
  flip,
  log,
  matmul,
  matrixTranspose,
  type NdArray,
  program,
  random,
  sliceAxis,
  type Tensor,
} from "@credence/tensor";
import { cancelled, keyOf, namesOf, requireCount, type Table, tableOf } from "./table.ts";

export interface ProbabilisticPcaOptions {
  /** Rows [n, d], in comparable units: the noise has one variance for all columns. */
  readonly x: Table;
  readonly names?: readonly string[];
  /** Latent dimensions q, below the number of columns and of directions in which the rows vary. */
  readonly components: number;
  readonly signal?: AbortSignal;
}

export interface ProbabilisticPca {
  readonly names: readonly string[];
  /** f64 [d] */
  readonly mean: NdArray;
  /** W, f64 [d, q]: columns along the principal axes, the longest first, of length sqrt(eigenvalue - noise variance). */
  readonly weights: NdArray;
  /** sigma^2 at the maximum of the likelihood: the mean of the eigenvalues left out. */
  readonly noiseVariance: number;
  /** Of the covariance of the rows (divided by n), largest first, f64 [d]. */
  readonly eigenvalues: NdArray;
  /** Nats, of all rows. */
  readonly logLikelihood: number;
  /** Posterior of the latents of rows: means [N, q], and the covariance sigma^2 (W^T W + sigma^2 I)^-1 [q, q], the same for all. */
  latents(x: Table): Promise<{ readonly mean: NdArray; readonly covariance: NdArray }>;
  /** W E[z | x] + mean, f64 [N, d]. */
  reconstruct(x: Table): Promise<NdArray>;
  /** log p(x) of rows, f64 [N]: N(mean, W W^T + sigma^2 I). */
  logDensity(x: Table): Promise<NdArray>;
  /** New rows, f64 [count, d]. */
  sample(count: number, options: { readonly seed: number }): Promise<NdArray>;
  /** For each row of `x`, `count` replicates of it from its own latents: x' ~ p(x' | z), z ~ p(z | x), f64 [count, N, d]. */
  replicate(x: Table, count: number, options: { readonly seed: number }): Promise<NdArray>;
}

type Fit<T> = { readonly mean: T; readonly weights: T; readonly noise: T };

/** W and sigma^2 from the eigenvalues of the covariance: W_ML = U (Lambda - sigma^2 I)^(1/2). */
const fitted = (components: number) =>
  program(
    (x: Tensor) => {
      const [rows, size] = x.shape as [number, number];
      const mean = x.mean(0);
      const from = x.sub(mean);
      const [ascending, columns] = eigenSymmetric(matmul(matrixTranspose(from), from).mul(1 / rows));
      const values = flip(ascending, 0);
      const noise = values.slice([components], [size]).mean();
      const kept = values.slice([0], [components]);
      const weights = sliceAxis(flip(columns, 1), 1, 0, components).mul(kept.sub(noise).maximum(0).sqrt());
      const logLikelihood = log(kept)
        .sum()
        .add(log(noise).mul(size - components))
        .add(size * (1 + Math.log(2 * Math.PI)))
        .mul(-rows / 2);
      return { mean, weights, noise, values, logLikelihood };
    },
    { name: "probabilistic PCA" },
  );

/** M = W^T W + sigma^2 I is diagonal at the maximum: its entries are the eigenvalues kept. */
const precisionOf = ({ weights, noise }: Fit<Tensor>): Tensor => weights.square().sum(0).add(noise);
const meanOfLatents = (x: Tensor, fit: Fit<Tensor>): Tensor => matmul(x.sub(fit.mean), fit.weights).div(precisionOf(fit));

/**
 * Probabilistic principal components: x = W z + mean + e, z ~ N(0, I) [q], e ~ N(0, sigma^2 I), at the maximum of the likelihood in closed form. Tipping and Bishop
 * 1999, "Probabilistic principal component analysis".
 * @throws RangeError for missing values, with row and column, and where the rows vary in `components` directions or fewer, which leaves no noise
 */
export async function probabilisticPca(options: ProbabilisticPcaOptions): Promise<ProbabilisticPca> {
  const owner = "probabilisticPca";
  const { components } = options;
  const x = tableOf(owner, "x", options.x, options.names, 2);
  const size = x.shape[1]!;
  const names = namesOf(owner, options.names, size, "x");
  requireCount(owner, "components", components);
  if (components >= size) throw new RangeError(`${owner}: components must be below the number of columns, ${size}, got ${components}`);
  const { mean, weights, noise, values, logLikelihood } = await fitted(components).runAsync([x], cancelled(options.signal));
  const eigenvalues = values.data();
  const directions = eigenvalues.filter((v: number) => v > 1e-12 * eigenvalues[0]!).length;
  if (directions <= components)
    throw new RangeError(
      `${owner}: the rows vary in ${directions} of ${size} directions, so ${components} components leave no noise; take at most ${directions - 1}`,
    );
  const fit: Fit<NdArray> = { mean, weights, noise };
  const rowsOf = (other: Table) => tableOf(owner, "x", other, names);
  return {
    names,
    mean,
    weights,
    noiseVariance: noise.item(),
    eigenvalues: values,
    logLikelihood: logLikelihood.item(),
    latents: (other) => latents.runAsync([rowsOf(other), fit]),
    reconstruct: (other) => reconstructed.runAsync([rowsOf(other), fit]),
    logDensity: (other) => density.runAsync([rowsOf(other), fit]),
    async sample(count, { seed }) {
      requireCount(owner, "count", count);
      const draw = program((key: Tensor, f: Fit<Tensor>) => {
        const z = random.normal(random.fold(key, 0), [count, components], { dtype: "f64" });
        return noisy(key, matmul(z, matrixTranspose(f.weights)).add(f.mean), f);
      });
      return draw.runAsync([keyOf(owner, seed), fit]);
    },
    async replicate(other, count, { seed }) {
      requireCount(owner, "count", count);
      const draw = program((key: Tensor, table: Tensor, f: Fit<Tensor>) => {
        const z = random.normal(random.fold(key, 0), [count, table.shape[0]!, components], { dtype: "f64" });
        const own = z.mul(f.noise.div(precisionOf(f)).sqrt()).add(meanOfLatents(table, f));
        return noisy(key, matmul(own, matrixTranspose(f.weights)).add(f.mean), f);
      });
      return draw.runAsync([keyOf(owner, seed), rowsOf(other), fit]);
    },
  };
}

const noisy = (key: Tensor, x: Tensor, { noise }: Fit<Tensor>): Tensor =>
  x.add(random.normal(random.fold(key, 1), x.shape, { dtype: "f64" }).mul(noise.sqrt()));

const latents = program((x: Tensor, fit: Fit<Tensor>) => ({
  mean: meanOfLatents(x, fit),
  covariance: eye(fit.weights.shape[1]!, "f64").mul(fit.noise.div(precisionOf(fit))),
}));

const reconstructed = program((x: Tensor, fit: Fit<Tensor>) => matmul(meanOfLatents(x, fit), matrixTranspose(fit.weights)).add(fit.mean));

/** |x - mean|^2_C with C^-1 = (I - W M^-1 W^T) / sigma^2, and log det C = log det M + (d - q) log sigma^2. */
const density = program((x: Tensor, fit: Fit<Tensor>) => {
  const [size, components] = fit.weights.shape as [number, number];
  const from = x.sub(fit.mean);
  const precision = precisionOf(fit);
  const along = matmul(from, fit.weights).square().div(precision).sum(1);
  const square = from.square().sum(1).sub(along).div(fit.noise);
  const logDeterminant = log(precision)
    .sum()
    .add(log(fit.noise).mul(size - components));
  return square
    .add(logDeterminant)
    .add(size * Math.log(2 * Math.PI))
    .mul(-0.5);
});
