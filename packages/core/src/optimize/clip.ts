import { isFinite, minimum, sqrt, square, sum, type Tensor, type Tree, tree, where } from "@credence/tensor";

/** ||g|| = sqrt(sum over all leaves of g^2): a scalar. */
export function globalNorm(gradient: Tree<Tensor>): Tensor {
  const { leaves } = tree.flatten(gradient);
  if (leaves.length === 0) throw new RangeError("globalNorm needs at least one array, got an empty tree");
  return sqrt(leaves.map((leaf: Tensor) => sum(square(leaf))).reduce((total: Tensor, next: Tensor) => total.add(next)));
}

/**
 * Factor in [0, 1] by which a gradient of this norm is scaled so that its norm is at most `limit`; 0 where the norm is not finite.
 * Pascanu, Mikolov and Bengio 2013.
 */
export function clipFactor(norm: Tensor, limit: number): Tensor {
  return where(isFinite(norm), minimum(where(isFinite(norm), norm, 1).pow(-1).mul(limit), 1), 0);
}
