import type { Shape } from "../../shape.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import { asTensor, eye } from "../creation.ts";
import { mul, neg, sub } from "../elementwise.ts";
import { matmul, matrixTranspose } from "../matmul.ts";
import { checkFloats, defineRowOp, rowOperation } from "../rows.ts";
import { broadcastTo, squeeze } from "../shape.ts";
import { cholesky } from "./cholesky.ts";
import { asRows, diagonal, integersOf, matrices, solveColumns, square } from "./matrix.ts";
import { logDeterminantTriangular, triangularSolve } from "./triangular.ts";

/** Rows of A, of its factors L and U, and of the exchanges. The ops below are functions of A; the factors only carry them out. */
type Factored = readonly [a: Tensor, lu: Tensor, pivots: Tensor];

// Flat: luSolve and luLogDeterminant take their derivatives from A itself, so that one factorisation serves all of them.
defineRowOp("lu", "P A = L U with partial pivoting, for luSolve and luLogDeterminant", (inputs) => checkFloats("lu", inputs), {
  flat: true,
});

function factor(matrix: Tensor, n: number, lead: Shape): Factored {
  const a = asRows(matrix);
  const outputs = [
    { length: n * n, dtype: a.dtype },
    { length: n, dtype: "i32" as const },
  ];
  const [lu, pivots] = rowOperation("lu", [a], { rows: lead, outputs, integers: [n] });
  return [a, lu!, pivots!];
}

/** X with A X = B, or A^T X = B; B [..., n, m] with the leading axes of A. */
function solveFactored(factored: Factored, b: Tensor, transpose: boolean): Tensor {
  const [n, m] = b.shape.slice(-2) as [number, number];
  const [x] = rowOperation("luSolve", [...factored, asRows(b)], {
    rows: b.shape.slice(0, -2),
    outputs: [{ length: n * m, dtype: b.dtype }],
    integers: [n, m, Number(transpose)],
  });
  return matrices(x!, n, m);
}

defineRowOp("luSolve", "X with A X = B, or A^T X = B, from the factors of A", ([a, lu, , b]) => checkFloats("luSolve", [a!, lu!, b!]), {
  // dX = A^-1 (dB - dA X)
  forward: ({ inputs: [a, lu, pivots], outputs: [x], attributes, tangents: [ta, , , tb] }) => {
    if (!ta && !tb) return [undefined];
    const [n, m, transpose] = integersOf(attributes) as [number, number, number];
    const T = ta && matrices(ta, n);
    const pushed = T && matmul(transpose ? matrixTranspose(T) : T, matrices(x!, n, m));
    const right = tb && matrices(tb, n, m);
    const change = right && pushed ? sub(right, pushed) : (right ?? neg(pushed!));
    return [asRows(solveFactored([a!, lu!, pivots!], change, Boolean(transpose)))];
  },
  reverse: ({ inputs: [a, lu, pivots], outputs: [x], attributes, cotangents: [ct] }) => {
    if (!ct) return [];
    const [n, m, transpose] = integersOf(attributes) as [number, number, number];
    const B = solveFactored([a!, lu!, pivots!], matrices(ct, n, m), !transpose);
    const X = matrices(x!, n, m);
    const A = neg(transpose ? matmul(X, matrixTranspose(B)) : matmul(B, matrixTranspose(X)));
    return [asRows(A), undefined, undefined, asRows(B)];
  },
});

defineRowOp(
  "luLogDeterminant",
  "the sign of det A and log |det A|, from the factors of A; 0 and -infinity where A is singular",
  ([a, lu]) => checkFloats("luLogDeterminant", [a!, lu!]),
  {
    // d log |det A| = tr(A^-1 dA)
    forward: ({ inputs: [a, lu, pivots], attributes, tangents: [t] }) => {
      if (!t) return [undefined, undefined];
      const [n] = integersOf(attributes) as [number];
      const trace = diagonal(solveFactored([a!, lu!, pivots!], matrices(t, n), false)).sum(-1, true);
      return [undefined, trace];
    },
    reverse: ({ inputs: [a, lu, pivots], attributes, cotangents: [, ct] }) => {
      if (!ct) return [];
      const [n] = integersOf(attributes) as [number];
      const unit = broadcastTo(eye(n, a!.dtype), [...a!.shape.slice(0, -1), n, n]);
      return [mul(asRows(solveFactored([a!, lu!, pivots!], unit, true)), ct)];
    },
  },
);

export interface SolveOptions {
  /** The matrix is symmetric positive definite: half the work, by Cholesky's factor of its lower triangle. NaN if it is not. */
  readonly positiveDefinite?: boolean;
}

/**
 * X with A X = B, by LU factors with partial pivoting.
 * @param a [..., n, n], f32 or f64. A singular matrix gives infinities or NaN
 * @param b [..., n, m], or [..., n] with one axis less than `a`; leading axes broadcast
 * @returns the shape of `b`, with the broadcast leading axes
 */
export function solve(a: TensorLike, b: TensorLike, options: SolveOptions = {}): Tensor {
  const { matrix, n, lead } = square("solve", a);
  const right = asTensor(b, matrix.dtype);
  if (options.positiveDefinite) {
    const L = cholesky(matrix);
    return solveColumns("solve", L, right, (l, columns) => triangularSolve(l, triangularSolve(l, columns), { transpose: true }));
  }
  const [, lu, pivots] = factor(matrix, n, lead);
  return solveColumns("solve", matrix, right, (A, columns) => {
    const rows = A.shape.slice(0, -2);
    return solveFactored([asRows(A), broadcastTo(lu, [...rows, n * n]), broadcastTo(pivots, [...rows, n])], columns, false);
  });
}

/** A^-1 for `a` [..., n, n], f32 or f64. To apply it to something, `solve` is faster and more accurate. */
export function inverse(a: TensorLike, options: SolveOptions = {}): Tensor {
  const { matrix, n } = square("inverse", a);
  return solve(matrix, broadcastTo(eye(n, matrix.dtype), matrix.shape), options);
}

/** `[sign, log |det A|]` of `a` [..., n, n], both [...]: sign -1, 0 or 1, with 0 and -infinity for a singular matrix. */
export function signedLogDeterminant(a: TensorLike): [Tensor, Tensor] {
  const { matrix, n, lead } = square("signedLogDeterminant", a);
  const outputs = [1, 1].map((length) => ({ length, dtype: matrix.dtype }));
  const [sign, log] = rowOperation("luLogDeterminant", factor(matrix, n, lead), { rows: lead, outputs, integers: [n] });
  return [squeeze(sign!, -1), squeeze(log!, -1)];
}

/** log |det A| of `a` [..., n, n], f32 or f64: [...]. -infinity for a singular matrix. */
export function logDeterminant(a: TensorLike, options: SolveOptions = {}): Tensor {
  const { matrix } = square("logDeterminant", a);
  return options.positiveDefinite ? mul(logDeterminantTriangular(cholesky(matrix)), 2) : signedLogDeterminant(matrix)[1];
}
