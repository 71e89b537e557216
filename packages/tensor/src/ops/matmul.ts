import { isFloat } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { broadcastShapes, sameShape, showShape } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { emitOne } from "../trace.ts";
import { asTensor } from "./creation.ts";
import { add, mul } from "./elementwise.ts";
import { sum } from "./reduce.ts";
import { broadcastLeading, broadcastTo, expandDims, reshape, squeeze, transpose } from "./shape.ts";

const swapLast = (x: Tensor): Tensor => transpose(x, [...Array.from({ length: x.rank - 2 }, (_, i) => i), x.rank - 1, x.rank - 2]);

defineOp({
  name: "matmul",
  kind: "matmul",
  doc: "C[..., m, n] = sum over k of A[..., m, k] B[..., k, n], leading axes equal",
  shape: ([a, b]) => {
    const [m, k] = a!.shape.slice(-2);
    const [k2, n] = b!.shape.slice(-2);
    const lead = a!.shape.slice(0, -2);
    if (a!.dtype !== b!.dtype || !isFloat(a!.dtype))
      throw new DTypeError(`matmul: operands are ${a!.dtype} and ${b!.dtype}; expected both f32 or both f64`);
    if (k !== k2 || !sameShape(lead, b!.shape.slice(0, -2)))
      throw new ShapeError(`matmul: ${showShape(a!.shape)} by ${showShape(b!.shape)}: the inner extents ${k} and ${k2} must agree`);
    return [{ shape: [...lead, m!, n!], dtype: a!.dtype }];
  },
  forward: ({ inputs: [a, b], tangents: [ta, tb] }) => {
    const left = ta && emitOne("matmul", [ta, b!]);
    const right = tb && emitOne("matmul", [a!, tb]);
    return [left && right ? add(left, right) : (left ?? right)];
  },
  reverse: ({ inputs: [a, b], cotangents: [ct] }) =>
    ct ? [emitOne("matmul", [ct, swapLast(b!)]), emitOne("matmul", [swapLast(a!), ct])] : [],
  batch: ({ inputs: [a, b], mapped, size }) => {
    // One product for the whole batch where one operand is the same for all members: their rows, or their columns, side by side.
    if (!mapped[1] && b!.rank === 2) {
      const rows = emitOne("matmul", [reshape(a!, [a!.shape[0]! * a!.shape[1]!, a!.shape[2]!]), b!]);
      return [reshape(rows, [a!.shape[0]!, a!.shape[1]!, b!.shape[1]!])];
    }
    if (!mapped[0] && a!.rank === 2) {
      const [k, n] = b!.shape.slice(1) as [number, number];
      if (n === 1) return [reshape(emitOne("matmul", [reshape(b!, [size, k]), swapLast(a!)]), [size, a!.shape[0]!, 1])];
      const columns = emitOne("matmul", [a!, reshape(transpose(b!, [1, 0, 2]), [k, size * n])]);
      return [transpose(reshape(columns, [a!.shape[0]!, size, n]), [1, 0, 2])];
    }
    return [emitOne("matmul", [mapped[0] ? a! : broadcastLeading(a!, size), mapped[1] ? b! : broadcastLeading(b!, size)])];
  },
});

/** Matrix product by NumPy's rules: vectors count as a row (left) or column (right), leading axes broadcast. */
export function matmul(a: TensorLike, b: TensorLike): Tensor {
  const x = asTensor(a);
  const y = asTensor(b);
  if (x.rank === 0 || y.rank === 0)
    throw new ShapeError(`matmul: ${showShape(x.shape)} by ${showShape(y.shape)}: expected matrices or vectors, not numbers; use mul`);
  if (x.shape.at(-1) !== y.shape.at(y.rank === 1 ? 0 : -2))
    throw new ShapeError(
      `matmul: ${showShape(x.shape)} by ${showShape(y.shape)}: the inner extents ${x.shape.at(-1)} and ${y.shape.at(y.rank === 1 ? 0 : -2)} must agree`,
    );
  if (x.rank === 1) return squeeze(matmul(expandDims(x, 0), y), y.rank === 1 ? 0 : -2);
  if (y.rank === 1) return squeeze(matmul(x, expandDims(y, 1)), -1);
  if (y.rank === 2 && x.rank > 2)
    return reshape(emitOne("matmul", [reshape(x, [-1, x.shape.at(-1)!]), y]), [...x.shape.slice(0, -1), y.shape[1]!]);
  const lead = broadcastShapes("matmul", x.shape.slice(0, -2), y.shape.slice(0, -2));
  return emitOne("matmul", [broadcastTo(x, [...lead, ...x.shape.slice(-2)]), broadcastTo(y, [...lead, ...y.shape.slice(-2)])]);
}

/** Inner product over the last axes. */
export const dot = (a: TensorLike, b: TensorLike): Tensor => sum(mul(a, b), -1);
/** a[..., i] b[..., j]. */
export const outer = (a: TensorLike, b: TensorLike): Tensor => mul(expandDims(asTensor(a), -1), expandDims(asTensor(b), -2));
/** The last two axes exchanged. */
export const matrixTranspose = (x: TensorLike): Tensor => swapLast(asTensor(x));
