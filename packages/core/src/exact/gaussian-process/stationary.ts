import { exp, greater, sin, sliceAxis, type Tensor, where } from "@credence/tensor";
import { type Kernel, parametersOf } from "./kernel.ts";

export interface StationaryOptions {
  /** sd of the function, in units of y; 1 if absent. */
  readonly amplitude?: number;
  /** Distance over which the function changes, in units of x: one for all columns, or one each (relevance determination); 1 if absent. */
  readonly lengthScale?: number | readonly number[];
}

/** amplitude^2 f(r^2), r^2 = sum_j ((a_j - b_j) / lengthScale_j)^2. Rasmussen and Williams 2006, section 4.2.1. */
function stationary(name: string, options: StationaryOptions, shape: (square: Tensor) => Tensor): Kernel {
  const { amplitude = 1, lengthScale = 1 } = options;
  const each = typeof lengthScale !== "number";
  return {
    ...parametersOf(name, { amplitude, lengthScale }),
    columns: each ? lengthScale.length : undefined,
    covariance: ([scale, ...lengths], a, b) =>
      shape(summedOverColumns(a, b, (difference, j) => difference.div(lengths[each ? j : 0]!).square())).mul(scale!.square()),
    variance: ([scale], a) => scale!.square().broadcastTo([a.shape[0]!]),
  };
}

/** sum over columns j of f(a_j - b_j, j): [n, m]. A column at a time, so that [n, m, d] is never in memory, and nothing cancels. */
function summedOverColumns(a: Tensor, b: Tensor, f: (difference: Tensor, j: number) => Tensor): Tensor {
  const column = (x: Tensor, j: number) => sliceAxis(x, 1, j, j + 1);
  const terms = Array.from({ length: a.shape[1]! }, (_, j) => f(column(a, j).sub(column(b, j).T), j));
  return terms.reduce((sum, term) => sum.add(term));
}

/** The root of r^2, with derivative 0 at 0, where the kernel's own derivative to its parameters is 0 too. */
const distance = (square: Tensor): Tensor => {
  const apart = greater(square, 0);
  return where(apart, where(apart, square, 1).sqrt(), 0);
};

/** amplitude^2 exp(-r^2 / 2): infinitely smooth. */
export const squaredExponential = (options: StationaryOptions = {}): Kernel =>
  stationary("squaredExponential", options, (square) => exp(square.mul(-0.5)));

/** amplitude^2 exp(-r): continuous, nowhere differentiable (Ornstein and Uhlenbeck). */
export const matern12 = (options: StationaryOptions = {}): Kernel =>
  stationary("matern12", options, (square) => exp(distance(square).neg()));

/** amplitude^2 (1 + sqrt(3) r) exp(-sqrt(3) r): once differentiable. */
export const matern32 = (options: StationaryOptions = {}): Kernel =>
  stationary("matern32", options, (square) => {
    const r = distance(square).mul(Math.sqrt(3));
    return r.add(1).mul(exp(r.neg()));
  });

/** amplitude^2 (1 + sqrt(5) r + 5 r^2 / 3) exp(-sqrt(5) r): twice differentiable. */
export const matern52 = (options: StationaryOptions = {}): Kernel =>
  stationary("matern52", options, (square) => {
    const r = distance(square).mul(Math.sqrt(5));
    return r
      .add(1)
      .add(square.mul(5 / 3))
      .mul(exp(r.neg()));
  });

export interface PeriodicOptions {
  readonly amplitude?: number;
  /** In units of x; 1 if absent. */
  readonly period?: number;
  /** How much the function changes within a period: small for wiggles; 1 if absent. */
  readonly lengthScale?: number;
}

/** amplitude^2 exp(-2 sum_j sin^2(pi (a_j - b_j) / period) / lengthScale^2). MacKay 1998; Rasmussen and Williams 2006, equation 4.31. */
export function periodic(options: PeriodicOptions = {}): Kernel {
  const { amplitude = 1, period = 1, lengthScale = 1 } = options;
  return {
    ...parametersOf("periodic", { amplitude, period, lengthScale }),
    columns: undefined,
    covariance: ([scale, cycle, length], a, b) =>
      exp(
        summedOverColumns(a, b, (difference) => sin(difference.div(cycle!).mul(Math.PI)).square())
          .mul(-2)
          .div(length!.square()),
      ).mul(scale!.square()),
    variance: ([scale], a) => scale!.square().broadcastTo([a.shape[0]!]),
  };
}

/** sd^2 a . b: linear functions through the origin with coefficients ~ N(0, sd^2). */
export function linearKernel(options: { readonly sd?: number } = {}): Kernel {
  return {
    ...parametersOf("linear", { sd: options.sd ?? 1 }),
    columns: undefined,
    covariance: ([sd], a, b) => a.matmul(b.T).mul(sd!.square()),
    variance: ([sd], a) => a.square().sum(1).mul(sd!.square()),
  };
}
