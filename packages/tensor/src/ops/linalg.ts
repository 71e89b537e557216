import { isFloat } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { asTensor, eye, iota } from "./creation.ts";
import { abs, add, lessEqual, log, mul, neg, where } from "./elementwise.ts";
import { matmul, matrixTranspose } from "./matmul.ts";
import { sum } from "./reduce.ts";
import { defineRowOp, type RowAttributes, rowOperation } from "./rows.ts";
import { broadcastTo, expandDims, reshape, squeeze } from "./shape.ts";

const matrices = (rows: Tensor, n: number, m = n): Tensor => reshape(rows, [...rows.shape.slice(0, -1), n, m]);
const asRows = (x: Tensor): Tensor => reshape(x, [...x.shape.slice(0, -2), x.shape.at(-1)! * x.shape.at(-2)!]);
const size = (a: unknown): number => (a as RowAttributes).integers[0]!;

function checkFloat(op: string, x: { dtype: string; shape: readonly number[] }): void {
  if (!isFloat(x.dtype as never)) throw new DTypeError(`${op}: expected f32 or f64, got ${x.dtype}${showShape(x.shape)}`);
}

/** The lower triangle, with the diagonal halved (`phi`) or whole. */
function lower(x: Tensor, halved = false): Tensor {
  const n = x.shape.at(-1)!;
  const kept = where(lessEqual(iota(x.shape, -1), iota(x.shape, -2)), x, 0);
  return halved ? mul(kept, add(mul(eye(n, x.dtype), -0.5), 1)) : kept;
}

defineRowOp("cholesky", "lower L with L L^T = A; NaN where A is not positive definite", ([a]) => checkFloat("cholesky", a!), {
  // Murray, "Differentiation of the Cholesky decomposition" (2016): dL = L phi(L^-1 dA L^-T).
  forward: ({ outputs: [l], attributes, tangents: [t] }) => {
    if (!t) return [undefined];
    const n = size(attributes);
    const L = matrices(l!, n);
    const left = triangularSolve(L, matrices(t, n));
    const both = matrixTranspose(triangularSolve(L, matrixTranspose(left)));
    return [asRows(matmul(L, lower(both, true)))];
  },
  reverse: ({ outputs: [l], attributes, cotangents: [ct] }) => {
    if (!ct) return [];
    const n = size(attributes);
    const L = matrices(l!, n);
    const P = lower(matmul(matrixTranspose(L), lower(matrices(ct, n))), true);
    const middle = mul(add(P, matrixTranspose(P)), 0.5);
    const left = triangularSolve(L, middle, { transpose: true });
    return [asRows(matrixTranspose(triangularSolve(L, matrixTranspose(left), { transpose: true })))];
  },
});

/** Lower triangular L with L L^T = `a`, for `a` [..., n, n] symmetric positive definite (its lower triangle is read). NaN otherwise. */
export function cholesky(a: TensorLike): Tensor {
  const t = asTensor(a);
  const n = t.shape.at(-1);
  if (t.rank < 2 || t.shape.at(-2) !== n) throw new ShapeError(`cholesky: expected [..., n, n], got ${showShape(t.shape)}`);
  return matrices(
    rowOperation("cholesky", [asRows(t)], {
      rows: t.shape.slice(0, -2),
      outputs: [{ length: n! * n!, dtype: t.dtype }],
      integers: [n!],
    })[0]!,
    n!,
  );
}

defineRowOp("triangularSolve", "X with L X = B, or L^T X = B", ([l]) => checkFloat("triangularSolve", l!), {
  forward: ({ inputs: [l], outputs: [x], attributes, tangents: [tl, tb] }) => {
    const [n, m, transpose] = (attributes as unknown as RowAttributes).integers as [number, number, number];
    if (!tl && !tb) return [undefined];
    const T = tl && lower(matrices(tl, n));
    const pushed = T && matmul(transpose ? matrixTranspose(T) : T, matrices(x!, n, m));
    const right = tb && matrices(tb, n, m);
    const change = right && pushed ? add(right, neg(pushed)) : (right ?? neg(pushed!));
    return [asRows(triangularSolve(matrices(l!, n), change, { transpose: Boolean(transpose) }))];
  },
  reverse: ({ inputs: [l], outputs: [x], attributes, cotangents: [ct] }) => {
    if (!ct) return [];
    const [n, m, transpose] = (attributes as unknown as RowAttributes).integers as [number, number, number];
    const B = triangularSolve(matrices(l!, n), matrices(ct, n, m), { transpose: !transpose });
    const X = matrices(x!, n, m);
    return [asRows(lower(neg(transpose ? matmul(X, matrixTranspose(B)) : matmul(B, matrixTranspose(X))))), asRows(B)];
  },
});

/** X with L X = B (or L^T X = B): L [..., n, n] lower triangular, B [..., n, m] or [n]. */
export function triangularSolve(l: TensorLike, b: TensorLike, options: { transpose?: boolean } = {}): Tensor {
  const L = asTensor(l);
  const B = asTensor(b);
  const n = L.shape.at(-1)!;
  if (B.rank === L.rank - 1) return squeeze(triangularSolve(L, expandDims(B, -1), options), -1);
  if (L.rank < 2 || L.shape.at(-2) !== n || B.shape.at(-2) !== n)
    throw new ShapeError(`triangularSolve: expected L [..., n, n] and B [..., n, m], got ${showShape(L.shape)} and ${showShape(B.shape)}`);
  const lead = B.shape.slice(0, -2);
  const matched = sameShape(lead, L.shape.slice(0, -2)) ? L : broadcastTo(L, [...lead, n, n]);
  const m = B.shape.at(-1)!;
  const out = rowOperation("triangularSolve", [asRows(matched), asRows(B)], {
    rows: lead,
    outputs: [{ length: n * m, dtype: B.dtype }],
    integers: [n, m, Number(options.transpose ?? false)],
  });
  return matrices(out[0]!, n, m);
}

/** The diagonal of [..., n, n]. */
export const diagonal = (x: TensorLike): Tensor => sum(mul(x, eye(asTensor(x).shape.at(-1)!, asTensor(x).dtype)), -1);
/** log |det L| of a triangular [..., n, n]. */
export const logDeterminantTriangular = (l: TensorLike): Tensor => sum(log(abs(diagonal(l))), -1);
