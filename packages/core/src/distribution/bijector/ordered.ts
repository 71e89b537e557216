import { concat, cumsum, log, sliceAxis, type Tensor } from "@credence/tensor";
import type { Bijector } from "./bijector.ts";

/**
 * From increasing vectors to vectors of any numbers: y_1 = x_1, y_k = log(x_k - x_(k-1)) (Stan Reference Manual, "Ordered vector").
 * With `positive`, x_1 > 0 and y_1 = log x_1.
 */
export const orderedBijector = ({ positive }: { readonly positive: boolean }): Bijector => {
  const first = (v: Tensor): Tensor => sliceAxis(v, -1, 0, 1);
  const others = (v: Tensor): Tensor => sliceAxis(v, -1, 1, v.shape.at(-1)!);
  const steps = (x: Tensor): Tensor => others(x).sub(sliceAxis(x, -1, 0, x.shape.at(-1)! - 1));
  return {
    name: positive ? "positive ordered" : "ordered",
    eventRank: 1,
    forward: (x) => concat([positive ? log(first(x)) : first(x), log(steps(x))], -1),
    inverse: (y) => cumsum(positive ? y.exp() : concat([first(y), others(y).exp()], -1)),
    logDerivative: (x) =>
      (positive
        ? log(first(x))
            .sum(-1)
            .add(log(steps(x)).sum(-1))
        : log(steps(x)).sum(-1)
      ).neg(),
    inverseLogDerivative: (y) => (positive ? y : others(y)).sum(-1),
  };
};
