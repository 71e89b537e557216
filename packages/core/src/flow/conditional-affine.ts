import { constant, exp, eye, type Tensor, tanh, triangularSolve } from "@credence/tensor";
import { type Activation, repeatRows, requireWidth } from "../network/network.ts";
import { type ResidualParams, residual } from "../network/residual.ts";
import type { Transform } from "./flow.ts";

export interface ConditionalAffineOptions {
  readonly dimension: number;
  /** Features of the context, at least 1. */
  readonly context: number;
  readonly hidden?: number;
  readonly blocks?: number;
  readonly activation?: Activation;
  /** Bound on the log of each scale; 8 if absent. */
  readonly scaleBound?: number;
}

/**
 * z = exp(s) * (I + L)(theta - m), where m [D], s [D] and the strictly lower triangular L [D, D] come from a network of the context: a
 * full Gaussian posterior in one layer. In front of splines, which act on a fixed interval, it brings the posterior there, however narrow
 * it is beside the prior. s is bounded by a tanh.
 */
export function conditionalAffine(options: ConditionalAffineOptions): Transform<ResidualParams> {
  const { dimension, context, hidden = 50, blocks = 2, activation = "relu", scaleBound = 8 } = options;
  requireWidth("dimension", dimension);
  requireWidth("context", context);
  const network = residual({
    input: 0,
    hidden,
    blocks,
    output: dimension * (2 + dimension),
    context,
    activation,
    outputScale: 1e-2,
  });
  const strictlyLower = Array.from({ length: dimension }, (_, i) => Array.from({ length: dimension }, (_, j) => (j < i ? 1 : 0)));

  const parts = (params: ResidualParams, c: Tensor | undefined, rows: number): { m: Tensor; s: Tensor; lower: Tensor } => {
    // The network takes nothing but its context.
    const raw = network.apply(params, c!, c);
    const cut = (begin: number, end: number) => raw.slice([0, begin], [raw.shape[0]!, end]);
    const mask = constant(strictlyLower.flat(), raw.dtype);
    return {
      m: repeatRows(cut(0, dimension), rows),
      s: repeatRows(tanh(cut(dimension, 2 * dimension).div(scaleBound)).mul(scaleBound), rows),
      lower: repeatRows(cut(2 * dimension, dimension * (2 + dimension)).mul(mask), rows).reshape([rows, dimension, dimension]),
    };
  };

  return {
    init: network.init,
    forward(params, theta, c) {
      const { m, s, lower } = parts(params, c, theta.shape[0]!);
      const centred = theta.sub(m);
      const mixed = dimension === 1 ? centred : centred.add(lower.mul(centred.expandDims(1)).sum(2));
      return [mixed.mul(exp(s)), s.sum(1)];
    },
    inverse(params, z, c) {
      const { m, s, lower } = parts(params, c, z.shape[0]!);
      const mixed = z.mul(exp(s.neg()));
      if (dimension === 1) return mixed.add(m);
      const unit = lower.add(eye(dimension, z.dtype));
      return triangularSolve(unit, mixed.expandDims(2)).squeeze(2).add(m);
    },
  };
}
