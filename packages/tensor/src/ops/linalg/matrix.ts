import { ShapeError } from "../../errors.ts";
import type { Attributes } from "../../ir.ts";
import { broadcastShapes, type Shape, sameShape, showShape } from "../../shape.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import { asTensor, eye, iota } from "../creation.ts";
import { add, lessEqual, mul, where } from "../elementwise.ts";
import { sum } from "../reduce.ts";
import { callOf, checkFloats } from "../rows.ts";
import { broadcastTo, expandDims, moveAxis, reshape, squeeze } from "../shape.ts";

/** Rows [..., n m] as matrices [..., n, m]. */
export const matrices = (rows: Tensor, n: number, m = n): Tensor => reshape(rows, [...rows.shape.slice(0, -1), n, m]);
/** Matrices [..., n, m] as rows [..., n m]. */
export const asRows = (x: Tensor): Tensor => reshape(x, [...x.shape.slice(0, -2), x.shape.at(-1)! * x.shape.at(-2)!]);
export const integersOf = (a: Attributes): readonly number[] => callOf(a).integers;

/** `a` as a tensor, refused unless it holds square matrices of floats. */
export function square(op: string, a: TensorLike): { matrix: Tensor; n: number; lead: Shape } {
  const matrix = asTensor(a);
  const n = matrix.shape.at(-1);
  if (matrix.rank < 2 || matrix.shape.at(-2) !== n) throw new ShapeError(`${op}: expected [..., n, n], got ${showShape(matrix.shape)}`);
  checkFloats(op, [matrix]);
  return { matrix, n: n!, lead: matrix.shape.slice(0, -2) };
}

/** The lower triangle, with the diagonal halved or whole. */
export function lower(x: Tensor, halved = false): Tensor {
  const n = x.shape.at(-1)!;
  const kept = where(lessEqual(iota(x.shape, -1), iota(x.shape, -2)), x, 0);
  return halved ? mul(kept, add(mul(eye(n, x.dtype), -0.5), 1)) : kept;
}

/** The diagonal of [..., n, n]. */
export const diagonal = (x: TensorLike): Tensor => sum(mul(x, eye(asTensor(x).shape.at(-1)!, asTensor(x).dtype)), -1);

/**
 * Right sides of a solve: a vector [..., n] (one axis less than the matrix) becomes a column, leading axes broadcast, and a single
 * matrix for many right sides sees them as columns of one.
 */
export function solveColumns(op: string, a: Tensor, b: Tensor, solve: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const n = a.shape.at(-1)!;
  checkFloats(op, [a, b]);
  if (b.rank === a.rank - 1 && b.shape.at(-1) === n) return squeeze(solveColumns(op, a, expandDims(b, -1), solve), -1);
  if (b.rank < 2 || b.shape.at(-2) !== n)
    throw new ShapeError(
      `${op}: expected matrices [..., n, n] and right sides [..., n, m] or [..., n], got ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  const m = b.shape.at(-1)!;
  if (a.rank === 2 && b.rank > 2) {
    const lead = b.shape.slice(0, -2);
    const columns = reshape(moveAxis(b, -2, 0), [n, -1]);
    return moveAxis(reshape(solve(a, columns), [n, ...lead, m]), 0, -2);
  }
  const lead = broadcastShapes(op, a.shape.slice(0, -2), b.shape.slice(0, -2));
  return solve(sameShape(a.shape, [...lead, n, n]) ? a : broadcastTo(a, [...lead, n, n]), broadcastTo(b, [...lead, n, m]));
}
