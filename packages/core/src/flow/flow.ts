import { index, random, type Tensor, type Tree } from "@credence/tensor";

/** An invertible map of [B, D] given a context [B / n, C], each row of it for n consecutive rows. Traced. */
export interface Transform<P extends Tree<Tensor> = Tree<Tensor>> {
  init(key: Tensor): P;
  /** theta -> z and log |det dz/dtheta|, [B, D] and [B]. */
  forward(params: P, theta: Tensor, context: Tensor | undefined): readonly [Tensor, Tensor];
  /** z -> theta, [B, D]. */
  inverse(params: P, z: Tensor, context: Tensor | undefined): Tensor;
}

/** A conditional density over theta in R^D: a standard normal z seen through transforms. Traced. */
export interface Flow<P extends Tree<Tensor> = Tree<Tensor>> extends Transform<P> {
  readonly dimension: number;
  /** Features of the context; 0: none. */
  readonly contextDimension: number;
  /** log q(theta | context) in nats, [B]. */
  logProb(params: P, theta: Tensor, context?: Tensor): Tensor;
  /** n draws for each of the R rows of the context (one row without context): [R, n, D]. */
  sample(params: P, key: Tensor, context: Tensor | undefined, n: number): Tensor;
}

/** log N(z; 0, I) of the rows of z, [B, D] -> [B]. */
export function standardNormalLogProb(z: Tensor): Tensor {
  return z
    .square()
    .sum(1)
    .mul(-0.5)
    .sub((z.shape[1]! / 2) * Math.log(2 * Math.PI));
}

/** Applies `transforms` in order, theta first, to end in a standard normal. */
export function composeFlow(
  transforms: readonly Transform[],
  options: { readonly dimension: number; readonly context: number },
): Flow<readonly Tree<Tensor>[]> {
  const { dimension, context: contextDimension } = options;
  const forward = (params: readonly Tree<Tensor>[], theta: Tensor, context: Tensor | undefined): [Tensor, Tensor] => {
    let z = theta;
    let total: Tensor | undefined;
    transforms.forEach((transform, i) => {
      const [next, logDerivative] = transform.forward(params[i]!, z, context);
      z = next;
      total = total ? total.add(logDerivative) : logDerivative;
    });
    return [z, total!];
  };
  const inverse = (params: readonly Tree<Tensor>[], z: Tensor, context: Tensor | undefined): Tensor =>
    transforms.reduceRight((value, transform, i) => transform.inverse(params[i]!, value, context), z);

  return {
    dimension,
    contextDimension,
    init(key) {
      const keys = random.split(key, transforms.length);
      return transforms.map((transform, i) => transform.init(index(keys, i)));
    },
    forward,
    inverse,
    logProb(params, theta, context) {
      const [z, logDerivative] = forward(params, theta, context);
      return standardNormalLogProb(z).add(logDerivative);
    },
    sample(params, key, context, n) {
      const rows = context === undefined ? 1 : context.shape[0]!;
      return inverse(params, random.normal(key, [rows * n, dimension]), context).reshape([rows, n, dimension]);
    },
  };
}
