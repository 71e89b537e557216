import { array, constant, cumsum, log1p, type NdArray, onesLike, type Tensor, take, tanh, where } from "@credence/tensor";
import type { Bijector } from "./bijector.ts";

/**
 * From Cholesky factors L [K, K] of correlation matrices to K (K - 1) / 2 numbers, by rows: y = atanh z of the canonical partial correlations
 * z_ij = L_ij / sqrt(1 - sum over l < j of L_il^2), i > j (Lewandowski, Kurowicka and Joe 2009; Stan Reference Manual, "Cholesky factors of
 * correlation matrices"). Derivatives are those of L below its diagonal.
 */
export const correlationBijector = (size: number): Bijector => {
  const layout = triangle(size);
  const matrix = (y: Tensor): Tensor => take(y, layout.positions, -1);
  return {
    name: "correlation Cholesky factor",
    eventRank: 2,
    imageShape: () => [layout.count],
    // sinh y_ij = L_ij / sqrt(sum over l > j of L_il^2): what is left of the row is summed from its end, so that nothing cancels.
    forward(l) {
      const squares = where(constant(layout.upper), 0, l.square());
      const after = cumsum(squares, -1, { reverse: true }).sub(squares);
      const ratio = l.div(where(constant(layout.strict), after, 1).sqrt());
      return take(asinh(ratio).reshape([...l.shape.slice(0, -2), size * size]), layout.entries, -1);
    },
    // L_ij = z_ij times the product over l < j of sqrt(1 - z_il^2), with z_ii = 1
    inverse(y) {
      const u = matrix(y);
      const z = where(constant(layout.strict), tanh(u), where(constant(layout.upper), 0, onesLike(u)));
      return z.mul(logLeft(u, layout).mul(0.5).exp());
    },
    logDerivative: (l) => correlationBijector(size).inverseLogDerivative(correlationBijector(size).forward(l)).neg(),
    // sum over i > j of log(1 - z_ij^2) and half the log of what the row had left
    inverseLogDerivative(y) {
      const u = matrix(y);
      const terms = logSech2(u).add(logLeft(u, layout).mul(0.5));
      return where(constant(layout.strict), terms, 0).sum([-2, -1]);
    },
  };
};

interface Triangle {
  readonly count: number;
  /** Where in y each element of the matrix is; 0 on and above the diagonal. */
  readonly positions: NdArray;
  /** Where in the matrix each element of y is. */
  readonly entries: NdArray;
  /** Below the diagonal, above it. */
  readonly strict: NdArray;
  readonly upper: NdArray;
}

function triangle(size: number): Triangle {
  const cells = Array.from({ length: size * size }, (_, at) => [Math.floor(at / size), at % size] as const);
  const shape = [size, size];
  const at = (i: number, j: number) => (i * (i - 1)) / 2 + j;
  const flags = (holds: (i: number, j: number) => boolean) =>
    array(
      Uint8Array.from(cells, ([i, j]) => Number(holds(i, j))),
      { dtype: "bool", shape },
    );
  return {
    count: (size * (size - 1)) / 2,
    positions: array(
      Int32Array.from(cells, ([i, j]) => (i > j ? at(i, j) : 0)),
      { shape },
    ),
    entries: array(Int32Array.from(cells.flatMap(([i, j]) => (i > j ? [i * size + j] : [])))),
    strict: flags((i, j) => i > j),
    upper: flags((i, j) => i < j),
  };
}

/** log(1 - tanh^2 y) = 2 (log 2 - y - log(1 + e^-2y)) */
const logSech2 = (y: Tensor): Tensor => y.add(y.mul(-2).softplus()).sub(Math.LN2).mul(-2);

/** log of 1 - sum over l < j of L_il^2 at every element of the matrix. */
function logLeft(u: Tensor, { strict }: Triangle): Tensor {
  const logs = where(constant(strict), logSech2(u), 0);
  return cumsum(logs).sub(logs);
}

/** log(x + sqrt(x^2 + 1)), exact near 0: sign(x) log(1 + |x| + x^2 / (1 + sqrt(x^2 + 1))) */
function asinh(x: Tensor): Tensor {
  const size = x.abs();
  const square = size.square();
  return where(x.less(0), -1, 1)
    .cast(x.dtype)
    .mul(log1p(size.add(square.div(square.add(1).sqrt().add(1)))));
}
