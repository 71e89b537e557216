import {
  array,
  cholesky,
  diagonal,
  exp,
  eye,
  index,
  log,
  logDeterminantTriangular,
  matmul,
  matrixTranspose,
  type NdArray,
  program,
  random,
  stopGradient,
  type Tensor,
  triangularSolve,
  valueAndGrad,
} from "@credence/tensor";
import type { Draws } from "../../model/draws.ts";
import type { PredictiveMoments } from "../../predictive/predictive.ts";
import { exactDraws } from "../exact-draws.ts";
import { type Column, cancelled, columnOf, keyOf, namesOf, requireCount, requirePositive, type Table, tableOf } from "../table.ts";
import type { Kernel } from "./kernel.ts";

export interface GaussianProcessOptions {
  /** Places of the data, [rows, columns]. */
  readonly x: Table;
  readonly y: Column;
  readonly names?: readonly string[];
  readonly kernel: Kernel;
  /** sd of the noise of y. */
  readonly noise: number;
  /** Mean of the function before data; 0 if absent. */
  readonly mean?: number;
  readonly signal?: AbortSignal;
}

export interface GaussianProcess {
  /** Value of every parameter of the kernel, and `noise`. */
  readonly parameters: Readonly<Record<string, number>>;
  /** log p(y | x, parameters), nats. */
  readonly logEvidence: number;
  /** Its derivative to the logarithm of each parameter. */
  readonly logEvidenceSlope: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  /** Mean and variance of y at `x` [N, columns]: doubt is the variance of the function, noise that of y about it. */
  predict(x: Table): Promise<PredictiveMoments>;
  /** Mean [N] and covariance [N, N] of the function, without noise. */
  functionAt(x: Table): Promise<{ readonly mean: NdArray; readonly covariance: NdArray }>;
  /** Draws of the function at places `x`, named f[0], f[1], ... */
  sample(x: Table, count: number, options: { readonly seed: number }): Promise<Draws>;
  /** Mean, variance and log density of every y given all others, f64 [rows] each (Rasmussen and Williams 2006, section 5.4.2). */
  leaveOneOut(): Promise<{ readonly mean: NdArray; readonly variance: NdArray; readonly logDensity: NdArray }>;
}

/** Logarithms of parameters in the order of the kernel, the noise last: [P + 1]. */
const valuesOf = (kernel: Kernel, logs: Tensor): { values: readonly Tensor[]; noise: Tensor } => {
  const all = Array.from({ length: kernel.parameters.length + 1 }, (_, i) => exp(index(logs, i)));
  return { values: all.slice(0, -1), noise: all.at(-1)! };
};

/** K + noise^2 I. Traced. */
const covarianceOfData = (kernel: Kernel, values: readonly Tensor[], noise: Tensor, x: Tensor): Tensor =>
  kernel.covariance(values, x, x).add(eye(x.shape[0]!, "f64").mul(noise.square()));

/**
 * log N(y | mean, C) = -r^T C^-1 r / 2 - log det C / 2 - n log(2 pi) / 2 with r = y - mean, C = K + noise^2 I, at logarithms of parameters [P + 1]. Traced.
 * Its first derivative goes to C in closed form, (a a^T - C^-1) / 2 with a = C^-1 r (Rasmussen and Williams 2006, equation 5.9), and from there through the kernel;
 * half the time of a derivative through the factors. It has no second one.
 */
export function logMarginal(kernel: Kernel, logs: Tensor, x: Tensor, y: Tensor, mean: number): Tensor {
  const { values, noise } = valuesOf(kernel, logs);
  const covariance = covarianceOfData(kernel, values, noise, x);
  const held = stopGradient(covariance);
  const lower = cholesky(held);
  const root = triangularSolve(lower, eye(y.size, "f64"));
  const white = matmul(root, y.sub(mean).expandDims(1));
  const solved = matmul(matrixTranspose(root), white);
  const slope = matmul(solved, matrixTranspose(solved))
    .sub(matmul(matrixTranspose(root), root))
    .mul(0.5);
  const value = white
    .square()
    .sum()
    .mul(-0.5)
    .sub(logDeterminantTriangular(lower))
    .sub(0.5 * y.size * Math.log(2 * Math.PI));
  return value.add(slope.mul(covariance.sub(held)).sum()); // of value 0, and the derivative of the whole
}

/** The data of a Gaussian process after their checks. */
export function checkedData(owner: string, options: GaussianProcessOptions) {
  const { kernel, mean = 0 } = options;
  const x = tableOf(owner, "x", options.x, options.names);
  const [rows, columns] = x.shape as [number, number];
  const names = namesOf(owner, options.names, columns, "x");
  const y = columnOf(owner, "y", options.y, rows);
  requirePositive(owner, "noise", options.noise);
  if (!Number.isFinite(mean)) throw new RangeError(`${owner}: mean must be finite, got ${mean}`);
  if (kernel.columns !== undefined && kernel.columns !== columns)
    throw new RangeError(`${owner}: the kernel has length scales for ${kernel.columns} columns, x has ${columns} (${names.join(", ")})`);
  return {
    ...cancelled(options.signal),
    x,
    y,
    names,
    kernel,
    mean,
    logs: Float64Array.from([...kernel.parameters.map(({ value }) => value), options.noise], Math.log),
  };
}

/**
 * Regression by a Gaussian process with the parameters of its kernel as they are: posterior of the function, evidence with derivatives, predictions, draws. O(rows^3).
 * Rasmussen and Williams 2006, algorithm 2.1. To learn the parameters: `fitGaussianProcess`.
 * @throws RangeError for shapes that do not fit, missing values, and a covariance that is singular in double precision
 */
export async function gaussianProcess(options: GaussianProcessOptions): Promise<GaussianProcess> {
  const owner = "gaussianProcess";
  return processAt(owner, checkedData(owner, options), []);
}

/** The process at given logarithms of parameters. */
export async function processAt(
  owner: string,
  data: ReturnType<typeof checkedData>,
  warnings: readonly string[],
): Promise<GaussianProcess> {
  const { x, y, names, kernel, mean } = data;
  const logs = array(data.logs);
  const solve = program(
    (t: Tensor, places: Tensor, values: Tensor) => {
      const objective = (at: Tensor) => logMarginal(kernel, at, places, values, mean);
      const [logEvidence, slope] = valueAndGrad(objective)(t) as [Tensor, Tensor];
      const { values: parameters, noise } = valuesOf(kernel, t);
      const lower = cholesky(covarianceOfData(kernel, parameters, noise, places));
      const weights = triangularSolve(lower, triangularSolve(lower, values.sub(mean).expandDims(1)), { transpose: true });
      return { logEvidence, slope, lower, weights };
    },
    { name: owner },
  );
  const { logEvidence, slope, lower, weights } = await solve.runAsync([logs, x, y], cancelled(data.signal));
  if (!Number.isFinite(logEvidence.item()))
    throw new RangeError(
      `${owner}: the covariance of the data is singular in double precision: noise ${Math.exp(data.logs.at(-1)!).toPrecision(3)} is too small beside the kernel for places this close; raise it`,
    );
  const labels = [...kernel.parameters.map(({ name }) => name), "noise"];
  const record = (values: ArrayLike<number>) => Object.fromEntries(labels.map((label, i) => [label, values[i]!]));

  /** Mean [N] and L^-1 k(x, places) [rows, N]. */
  const conditional = (places: Tensor, t: Tensor, l: Tensor, w: Tensor, given: Tensor) => {
    const { values, noise } = valuesOf(kernel, t);
    const cross = kernel.covariance(values, given, places);
    return { values, noise, mean: matmul(matrixTranspose(cross), w).squeeze(1).add(mean), white: triangularSolve(l, cross) };
  };
  const predicted = program((places: Tensor, t: Tensor, l: Tensor, w: Tensor, given: Tensor) => {
    const c = conditional(places, t, l, w, given);
    // Rounding may leave -1e-16 amplitude^2 at the data where noise is small.
    const epistemic = kernel.variance(c.values, places).sub(c.white.square().sum(0)).maximum(0);
    const aleatoric = c.noise.square().broadcastTo(epistemic.shape);
    return { mean: c.mean, variance: epistemic.add(aleatoric), aleatoric, epistemic };
  });
  const joint = (places: Tensor, t: Tensor, l: Tensor, w: Tensor, given: Tensor) => {
    const c = conditional(places, t, l, w, given);
    return { mean: c.mean, covariance: kernel.covariance(c.values, places, places).sub(matmul(matrixTranspose(c.white), c.white)), c };
  };
  const functionAt = program((places: Tensor, t: Tensor, l: Tensor, w: Tensor, given: Tensor) => {
    const { mean: centre, covariance } = joint(places, t, l, w, given);
    return { mean: centre, covariance };
  });
  const at = (places: Table) => [tableOf(owner, "x", places, names), logs, lower, weights, x] as const;
  return {
    parameters: record(data.logs.map(Math.exp)),
    logEvidence: logEvidence.item(),
    logEvidenceSlope: record(slope.data()),
    warnings,
    predict: (places) => predicted.runAsync([...at(places)]),
    functionAt: (places) => functionAt.runAsync([...at(places)]),
    async sample(places, count, { seed }) {
      requireCount(owner, "count", count);
      const draw = program((key: Tensor, p: Tensor, t: Tensor, l: Tensor, w: Tensor, given: Tensor) => {
        const { mean: centre, covariance, c } = joint(p, t, l, w, given);
        const size = centre.size;
        // A function of few numbers has a covariance of low rank: 1e-10 of its variance is added, 1e-5 of its sd.
        const ridge = kernel.variance(c.values, p).mean().mul(1e-10);
        const factor = cholesky(covariance.add(eye(size, "f64").mul(ridge)));
        const z = random.normal(key, [count, size], { dtype: "f64" });
        const f = centre.add(matmul(z, matrixTranspose(factor))).expandDims(0);
        const logDensity = z
          .square()
          .sum(1)
          .mul(-0.5)
          .sub(logDeterminantTriangular(factor))
          .sub(0.5 * size * Math.log(2 * Math.PI));
        return { draws: f, unconstrained: f, logDensity: logDensity.expandDims(0) };
      });
      const sampled = await draw.runAsync([keyOf(owner, seed), ...at(places)]);
      if (!sampled.logDensity.data().every(Number.isFinite))
        throw new RangeError(
          `${owner}: the covariance of the function at these places is not positive definite in double precision; ask for fewer of them at once`,
        );
      return exactDraws(
        Array.from({ length: sampled.draws.shape[2]! }, (_, i) => `f[${i}]`),
        sampled,
        warnings,
      );
    },
    leaveOneOut: () => leftOut.runAsync([lower, weights, y]),
  };
}

const leftOut = program((lower: Tensor, weights: Tensor, y: Tensor) => {
  const root = triangularSolve(lower, eye(y.size, "f64"));
  const variance = diagonal(matmul(matrixTranspose(root), root)).pow(-1);
  const residual = weights.squeeze(1).mul(variance);
  const logDensity = residual
    .square()
    .div(variance)
    .add(log(variance))
    .add(Math.log(2 * Math.PI))
    .mul(-0.5);
  return { mean: y.sub(residual), variance, logDensity };
});
