import { type DType, isFloat } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { normalizeAxes, normalizeAxis, type Shape, showShape } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { emitOne } from "../trace.ts";
import { asTensor, onesLike } from "./creation.ts";
import { cumprod } from "./cumulative.ts";
import { add, cast, div, equal, exp, isFinite, log, mul, sqrt, square, sub, where } from "./elementwise.ts";
import { broadcastTo, concat, reshape, sliceAxis, stopGradient, transpose } from "./shape.ts";

export type Monoid = "sum" | "prod" | "max" | "min" | "and" | "or";

/** The shape of `x` with the reduced axes kept at extent 1. */
const keptShape = (shape: Shape, axes: readonly number[]): Shape => shape.map((d, i) => (axes.includes(i) ? 1 : d));
const spread = (reduced: Tensor, like: Tensor, axes: readonly number[]): Tensor =>
  broadcastTo(reshape(reduced, keptShape(like.shape, axes)), like.shape);

/** The product of all other elements of each row: of those before it and those after it, which no zero spoils. */
function others(rows: Tensor): Tensor {
  const n = rows.shape.at(-1)!;
  const one = onesLike(sliceAxis(rows, -1, 0, Math.min(n, 1)));
  const before = cumprod(concat([one, sliceAxis(rows, -1, 0, Math.max(n - 1, 0))], -1));
  const after = cumprod(concat([sliceAxis(rows, -1, 1, n), one], -1), -1, { reverse: true });
  return mul(before, after);
}

/** d(monoid)/dx, where the result y is spread over x. */
function slope(monoid: Monoid, x: Tensor, y: Tensor, axes: readonly number[]): Tensor {
  if (monoid === "prod") {
    const order = [...x.shape.keys()].filter((i) => !axes.includes(i)).concat(axes);
    const moved = transpose(x, order);
    const rows = reshape(moved, [...moved.shape.slice(0, x.rank - axes.length), -1]);
    return transpose(
      reshape(others(rows), moved.shape),
      [...order.keys()].sort((a, b) => order[a]! - order[b]!),
    );
  }
  const hit = cast(equal(x, spread(y, x, axes)), x.dtype); // shared evenly among ties
  return div(hit, spread(sum(hit, axes), x, axes));
}

defineOp({
  name: "reduce",
  kind: "reduce",
  doc: "sum, product, maximum, minimum, and, or over axes; an empty sum is 0; max and min pass NaN on",
  shape: ([x], a) => {
    const axes = a.axes as number[];
    const monoid = a.monoid as Monoid;
    const logical = monoid === "and" || monoid === "or";
    if (logical !== (x!.dtype === "bool"))
      throw new DTypeError(`${monoid}: expected ${logical ? "bool" : "a number type"}, got ${x!.dtype}${showShape(x!.shape)}`);
    if ((monoid === "max" || monoid === "min") && axes.some((i) => x!.shape[i] === 0))
      throw new ShapeError(`${monoid}: no element along a reduced axis of ${showShape(x!.shape)}`);
    return [{ shape: x!.shape.filter((_, i) => !axes.includes(i)), dtype: x!.dtype }];
  },
  forward: ({ inputs: [x], outputs: [y], attributes, tangents: [t] }) => {
    const axes = attributes.axes as number[];
    return [t && sum(attributes.monoid === "sum" ? t : mul(t, slope(attributes.monoid as Monoid, x!, y!, axes)), axes)];
  },
  reverse: ({ inputs: [x], outputs: [y], attributes, cotangents: [ct] }) => {
    const axes = attributes.axes as number[];
    if (!ct) return [];
    const back = spread(ct, x!, axes);
    return [attributes.monoid === "sum" ? back : mul(back, slope(attributes.monoid as Monoid, x!, y!, axes))];
  },
  batch: ({ inputs: [x], attributes }) => [
    emitOne("reduce", [x!], { ...attributes, axes: (attributes.axes as number[]).map((a) => a + 1) }),
  ],
});

type Axes = number | readonly number[];
function reduction(monoid: Monoid): (x: TensorLike, axes?: Axes, keepDims?: boolean) => Tensor {
  return (x, axes, keepDims = false) => {
    const t = asTensor(x);
    const over = normalizeAxes(monoid, axes, t.rank);
    const reduced = over.length ? emitOne("reduce", [t], { monoid, axes: over }) : t;
    return keepDims ? reshape(reduced, keptShape(t.shape, over)) : reduced;
  };
}

/** Sum over `axes` (all by default), 0 of nothing. Any number type; floats are added in an order that does not depend on threads. */
export const sum = reduction("sum");
/** Product over `axes` (all by default), 1 of nothing. Derivatives are exact at zeros too. */
export const prod = reduction("prod");
/** The largest element over `axes` (all by default); NaN if there is one. At a tie the derivative is shared evenly. */
export const max = reduction("max");
/** The smallest element over `axes` (all by default); NaN if there is one. At a tie the derivative is shared evenly. */
export const min = reduction("min");
/** Whether all elements (bool) over `axes` hold. */
export const all = reduction("and");
/** Whether any element (bool) over `axes` holds. */
export const any = reduction("or");

defineOp({
  name: "arg",
  kind: "reduce",
  doc: "the position of the largest (argmax) or smallest (argmin) element along an axis; the first at a tie",
  flat: true,
  shape: ([x], a) => {
    if (!x!.shape[a.axis as number]) throw new ShapeError(`${a.monoid}: no element along axis ${a.axis} of ${showShape(x!.shape)}`);
    return [{ shape: x!.shape.filter((_, i) => i !== a.axis), dtype: "i32" as DType }];
  },
  batch: ({ inputs: [x], attributes }) => [emitOne("arg", [x!], { ...attributes, axis: (attributes.axis as number) + 1 })],
});

const arg =
  (monoid: "argmax" | "argmin") =>
  (x: TensorLike, axis = -1): Tensor => {
    const t = asTensor(x);
    return emitOne("arg", [t], { monoid, axis: normalizeAxis(monoid, axis, t.rank) });
  };
/** The position, i32, of the largest element along `axis`; the first at a tie. */
export const argmax = arg("argmax");
/** The position, i32, of the smallest element along `axis`; the first at a tie. */
export const argmin = arg("argmin");

const countOf = (t: Tensor, axes?: Axes): number => normalizeAxes("mean", axes, t.rank).reduce((n, a) => n * t.shape[a]!, 1);

/** Mean over `axes` (all by default); f32 or f64. */
export function mean(x: TensorLike, axes?: Axes, keepDims = false): Tensor {
  const t = asTensor(x);
  if (!isFloat(t.dtype)) throw new DTypeError(`mean: expected f32 or f64, got ${t.dtype}${showShape(t.shape)}`);
  return mul(sum(t, axes, keepDims), 1 / countOf(t, axes));
}

/** Mean squared deviation; divides by n - `ddof`. */
export function variance(x: TensorLike, axes?: Axes, keepDims = false, ddof = 0): Tensor {
  const t = asTensor(x);
  return mul(sum(square(sub(t, mean(t, axes, true))), axes, keepDims), 1 / (countOf(t, axes) - ddof));
}
/** Standard deviation: the root of `variance`. */
export const std = (x: TensorLike, axes?: Axes, keepDims = false, ddof = 0): Tensor => sqrt(variance(x, axes, keepDims, ddof));
/** Euclidean norm over all elements of the axes (all by default). It has no derivative at 0, where NaN is given. */
export const norm = (x: TensorLike, axes?: Axes, keepDims = false): Tensor => sqrt(sum(square(x), axes, keepDims));

/** log(sum e^x), from the largest term so that nothing overflows; -inf for a sum of zeros. */
export function logSumExp(x: TensorLike, axes?: Axes, keepDims = false): Tensor {
  const t = asTensor(x);
  const over = normalizeAxes("logSumExp", axes, t.rank);
  const largest = stopGradient(max(t, over, true));
  const shift = where(isFinite(largest), largest, 0);
  const result = add(log(sum(exp(sub(t, shift)), over, true)), shift);
  return keepDims
    ? result
    : reshape(
        result,
        t.shape.filter((_, i) => !over.includes(i)),
      );
}
/** log of `softmax`, exact where that underflows. */
export const logSoftmax = (x: TensorLike, axis = -1): Tensor => sub(x, logSumExp(x, axis, true));
/** e^x / sum e^x along `axis`. */
export function softmax(x: TensorLike, axis = -1): Tensor {
  const t = asTensor(x);
  const e = exp(sub(t, stopGradient(max(t, axis, true))));
  return div(e, sum(e, axis, true));
}
