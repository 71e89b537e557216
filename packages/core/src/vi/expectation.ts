import { eye, isFinite, logicalAnd, matmul, matrixTranspose, sqrt, type Tensor, valueAndGrad, where } from "@credence/tensor";
import { mapRows } from "./map-rows.ts";
import { matches } from "./matched-noise.ts";

/** A Monte Carlo mean: scalars. */
export type Expectation = { readonly value: Tensor; readonly standardError: Tensor };

/** A quadratic c(z) = slope . z + z^T bend z / 2 - trace(bend) / 2, of expectation 0 under N(0, I). */
export type QuadraticControl = { readonly slope: Tensor; readonly bend: Tensor };

/**
 * The quadratic that best follows f ([n, W] -> [n]) over `noise`, which is matched: by Stein's identity its slope is the mean gradient g of f and its bend the mean
 * of g z^T, and these are exact where f is quadratic. Where the draws are too few to match, the bend is diagonal.
 */
export function quadraticControl(f: (noise: Tensor) => Tensor, noise: Tensor): QuadraticControl {
  const [n, width] = noise.shape as [number, number];
  const gradient = mapRows((rows) => valueAndGrad((z: Tensor) => f(z).sum())(rows)[1], noise);
  const usable = isFinite(gradient).cast("f64").min(1, true).greater(0);
  const g = where(usable, gradient, 0);
  const product = matmul(matrixTranspose(g), noise).mul(1 / n);
  const bend = product.add(matrixTranspose(product)).mul(0.5);
  return { slope: g.mean(0), bend: matches(n, width) ? bend : bend.mul(eye(width, "f64")) };
}

/**
 * The mean of `values` [n] of a function at fresh standard normal `noise` [n, W], and its standard error, with a quadratic of known expectation taken away: exact,
 * with error 0, for a quadratic. The control comes from other draws, so that the mean is unbiased. Values that are not finite are left out of both.
 */
export function controlledMean(values: Tensor, noise: Tensor, { slope, bend }: QuadraticControl): Expectation {
  const centred = matmul(noise, bend)
    .mul(noise)
    .sum(1)
    .sub(bend.mul(eye(bend.shape[0]!, "f64")).sum());
  const plain = sampleMean(values);
  const controlled = sampleMean(values.sub(matmul(noise, slope)).sub(centred.mul(0.5)));
  const better = logicalAnd(isFinite(controlled.standardError), controlled.standardError.less(plain.standardError));
  return {
    value: where(better, controlled.value, plain.value),
    standardError: where(better, controlled.standardError, plain.standardError),
  };
}

/** Mean and standard error of the finite values. */
export function sampleMean(values: Tensor): Expectation {
  const finite = isFinite(values);
  const count = finite.cast("f64").sum();
  const kept = where(finite, values, 0);
  const value = kept.sum().div(count);
  const squares = where(finite, kept.sub(value).square(), 0).sum();
  return { value, standardError: sqrt(squares.div(count.sub(1).mul(count))) };
}
