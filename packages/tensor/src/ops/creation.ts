import { array, NdArray, type NestedNumbers } from "../array.ts";
import { type DType, dtypes, isInteger, type TypedArray } from "../dtype.ts";
import { DTypeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { checkShape, normalizeAxis, type Shape, showShape } from "../shape.ts";
import { Tensor, type TensorLike } from "../tensor.ts";
import { emitOne } from "../trace.ts";
import { equal } from "./elementwise.ts";
import { expandDims } from "./shape.ts";

defineOp({
  name: "fill",
  kind: "fill",
  doc: "the same number everywhere",
  shape: (_, a) => [{ shape: a.shape as Shape, dtype: a.dtype as DType }],
  forward: () => [undefined],
  reverse: () => [],
  batch: () => [],
});

defineOp({
  name: "iota",
  kind: "elementwise",
  doc: "the index along one axis: 0, 1, 2, ...",
  flat: true,
  shape: (_, a) => [{ shape: a.shape as Shape, dtype: a.dtype as DType }],
  batch: () => [],
});

defineOp({
  name: "constant",
  kind: "constant",
  doc: "an array that the program holds",
  flat: true,
  shape: (_, a) => [a.array as NdArray],
  batch: () => [],
});

function checkDType(op: string, dtype: DType): DType {
  if (!dtypes.includes(dtype)) throw new DTypeError(`${op}: no element type "${dtype}"; expected one of ${dtypes.join(", ")}`);
  return dtype;
}

/** An array of `shape` that holds `value` everywhere. */
export const full = (shape: Shape, value: number, dtype: DType = "f32"): Tensor =>
  emitOne("fill", [], {
    value: checkDType("full", dtype) === "bool" ? Number(value !== 0) : value,
    shape: checkShape("full", shape),
    dtype,
  });
export const zeros = (shape: Shape, dtype: DType = "f32"): Tensor => full(shape, 0, dtype);
export const ones = (shape: Shape, dtype: DType = "f32"): Tensor => full(shape, 1, dtype);
export const zerosLike = (x: Tensor): Tensor => full(x.shape, 0, x.dtype);
export const onesLike = (x: Tensor): Tensor => full(x.shape, 1, x.dtype);

/** The index along `axis`, in an array of `shape`. */
export const iota = (shape: Shape, axis = 0, dtype: DType = "i32"): Tensor =>
  emitOne("iota", [], {
    shape: checkShape("iota", shape),
    axis: normalizeAxis("iota", axis, shape.length),
    dtype: checkDType("iota", dtype),
  });
/** 0, 1, ..., n - 1. */
export const arange = (n: number, dtype: DType = "i32"): Tensor => iota([n], 0, dtype);
/** The n x n identity matrix. */
export const eye = (n: number, dtype: DType = "f32"): Tensor => equal(iota([n, n], 0), iota([n, n], 1)).cast(dtype);
/**
 * 1 where `index` equals the position along a new last axis of extent `n`, else 0: an index outside [0, n) gives zeros.
 * @param index i32 or u32
 */
export const oneHot = (index: TensorLike, n: number, dtype: DType = "f32"): Tensor => {
  const i = asTensor(index, "i32");
  if (!isInteger(i.dtype)) throw new DTypeError(`oneHot: indices must be i32 or u32, got ${i.dtype}${showShape(i.shape)}; cast() them`);
  return equal(expandDims(i, -1), iota([...i.shape, n], -1, i.dtype)).cast(dtype);
};

/** Data of the host as a value of the program. */
export const constant = (data: NestedNumbers | TypedArray | NdArray, dtype?: DType): Tensor =>
  emitOne("constant", [], { array: data instanceof NdArray ? data : array(data, dtype ? { dtype } : {}) });

/** `value` as a Tensor: numbers take `dtype`, arrays become constants of the program. */
export function asTensor(value: TensorLike, dtype: DType = "f32"): Tensor {
  if (value instanceof Tensor) return value;
  if (value instanceof NdArray) return constant(value);
  if (typeof value === "number" || typeof value === "boolean") return full([], Number(value), typeof value === "boolean" ? "bool" : dtype);
  throw new DTypeError(`expected a Tensor, an NdArray or a number, got ${value === null ? "null" : typeof value}`);
}
