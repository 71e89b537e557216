import { diagonal, random, type Tensor, type Tree } from "@credence/tensor";

/** A normal N(mean, factor factor^T) that parameters are placed on: mean [D], factor lower triangular [D, D], or the sds [D] of a diagonal one. */
export type Base = { readonly mean: Tensor; readonly factor: Tensor };

/** Mean [D] and covariance [D, D] of an approximation. */
export type Moments = { readonly mean: Tensor; readonly covariance: Tensor };

/**
 * A family of densities q over u in R^D that can be drawn from by moving standard normal noise (the reparameterisation of Kingma and Welling 2014),
 * so that an expectation under q has a gradient to q's parameters. Traced, in f64.
 */
export interface VariationalFamily<P extends Tree<Tensor> = Tree<Tensor>> {
  readonly name: string;
  /** D */
  readonly dimension: number;
  /** Standard normal numbers that one draw takes. */
  readonly noise: number;
  /** Whether the family stays itself under any affine map (`dense`), or only under those that scale and shift each coordinate. */
  readonly base: "dense" | "diagonal";
  /** Parameters of N(0, I), or nearly that; the key is for families that start at random. */
  init(key: Tensor): P;
  /** The parameters of m + L v, where v has these. Where `base` says diagonal, only the diagonal of L counts. */
  place(params: P, base: Base): P;
  /** Noise [n, noise] -> u [n, D]. */
  transform(params: P, noise: Tensor): Tensor;
  /** n draws, [n, D]. */
  sample(params: P, key: Tensor, n: number): Tensor;
  /** log q(u) in nats, [n, D] -> [n]. */
  logProb(params: P, u: Tensor): Tensor;
  /** -E log q in nats, a scalar, where there is a closed form. */
  entropy?(params: P): Tensor;
  /** Where there is a closed form. */
  moments?(params: P): Moments;
}

/** What of a family follows from the rest of it. */
export const drawn = <P extends Tree<Tensor>>(family: Omit<VariationalFamily<P>, "sample">): VariationalFamily<P> => ({
  ...family,
  sample: (params, key, n) => family.transform(params, random.normal(key, [n, family.noise], { dtype: "f64" })),
});

/** Entropy of N(0, I) in D dimensions. */
export const standardEntropy = (dimension: number): number => (dimension / 2) * (1 + Math.log(2 * Math.PI));

/** The sds [D] of a diagonal factor, however it is given. */
export const scaleOf = ({ factor }: Base): Tensor => (factor.rank === 1 ? factor : diagonal(factor));
