import { concat, full, type Tensor, type Tree, tree } from "@credence/tensor";

/** Puts the arrays of a tree end to end in one vector, and takes them out again as views. */
export interface Packing<P> {
  /** Numbers in all. */
  readonly size: number;
  pack(arrays: P): Tensor;
  unpack(vector: Tensor): P;
  /** 1 for the elements of weights (arrays of rank 2 and more), 0 for those of biases. */
  weights(): Tensor;
}

/**
 * A packing for trees like `template`. An optimiser that steps one vector is a few long operations; one that steps a hundred small arrays
 * is a hundred short ones.
 */
export function packing<P extends Tree<Tensor>>(template: P): Packing<P> {
  const { leaves, structure } = tree.flatten<Tensor>(template as Tree<Tensor>);
  const ends: number[] = [];
  for (const leaf of leaves) ends.push((ends.at(-1) ?? 0) + leaf.size);
  const size = ends.at(-1) ?? 0;
  return {
    size,
    pack(arrays) {
      const parts = tree.flatten<Tensor>(arrays as Tree<Tensor>).leaves;
      return concat(
        parts.map((part) => part.reshape([part.size])),
        0,
      );
    },
    unpack: (vector) =>
      tree.unflatten(
        structure,
        leaves.map((leaf, i) => vector.slice([ends[i]! - leaf.size], [ends[i]!]).reshape(leaf.shape)),
      ) as P,
    weights: () => concat(leaves.map((leaf) => full([leaf.size], leaf.rank >= 2 ? 1 : 0, leaf.dtype))),
  };
}
