import { stack, type Tensor } from "@credence/tensor";

/** [n, d] from d columns [n]. */
export const vectors = (components: readonly Tensor[]): Tensor => stack([...components], 1);

/** Symmetric [n, 2, 2] from xx, yy and xy. */
export const planeTensor = (xx: Tensor, yy: Tensor, xy: Tensor): Tensor => stack([stack([xx, xy], 1), stack([xy, yy], 1)], 1);
