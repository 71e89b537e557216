import type { Tensor } from "@credence/tensor";
import type { Distribution } from "./distribution.ts";

/** The mean or variance of `distribution`; TypeError where it has none. */
export function moment(distribution: Distribution, which: "mean" | "variance"): Tensor {
  const value = distribution[which]?.();
  if (!value) throw new TypeError(`${distribution.name} does not know its ${which}`);
  return value;
}
