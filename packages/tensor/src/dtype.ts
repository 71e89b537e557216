import { DTypeError } from "./errors.ts";

/** Element types. `bool` is stored as one byte holding 0 or 1. */
export const dtypes = ["f32", "f64", "i32", "u32", "bool"] as const;
export type DType = (typeof dtypes)[number];

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

export const bytesOf: Readonly<Record<DType, number>> = { f32: 4, f64: 8, i32: 4, u32: 4, bool: 1 };

const constructors = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u32: Uint32Array, bool: Uint8Array } as const;

/** A zeroed typed array of `size` elements. */
export function typedArray(dtype: DType, size: number): TypedArray {
  return new constructors[dtype](size);
}

/** The element type that a typed array carries; throws `DTypeError` for those without one (for example `Int8Array`). */
export function dtypeOf(data: ArrayBufferView): DType {
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Float64Array) return "f64";
  if (data instanceof Int32Array) return "i32";
  if (data instanceof Uint32Array) return "u32";
  if (data instanceof Uint8Array) return "bool";
  throw new DTypeError(
    `array: ${data.constructor.name} has no element type here; use Float32Array, Float64Array, Int32Array, Uint32Array or Uint8Array (bool)`,
  );
}

export const isFloat = (dtype: DType): boolean => dtype === "f32" || dtype === "f64";
export const isInteger = (dtype: DType): boolean => dtype === "i32" || dtype === "u32";
