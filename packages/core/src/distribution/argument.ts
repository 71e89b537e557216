import { array, constant, full, NdArray, type NestedNumbers, type Shape, Tensor, type TensorLike, type TypedArray } from "@credence/tensor";

export type FloatType = "f32" | "f64";

/** An argument of a distribution: host values, which are checked and take the type of what they meet, or an array or Tensor of one float type. */
export type Argument = NestedNumbers | TypedArray | NdArray | Tensor;

/** The values that an argument may have. */
export interface Domain {
  /** Completes "must be ...". */
  readonly expected: string;
  contains(value: number): boolean;
}

export const finite: Domain = { expected: "finite", contains: Number.isFinite };
export const positive: Domain = { expected: "> 0 and finite", contains: (value) => value > 0 && value < Infinity };
export const nonnegative: Domain = { expected: ">= 0 and finite", contains: (value) => value >= 0 && value < Infinity };
export const count: Domain = { expected: "an integer >= 0", contains: (value) => Number.isInteger(value) && value >= 0 };
export const probability: Domain = { expected: "in [0, 1]", contains: (value) => value >= 0 && value <= 1 };

/** An argument after its check. */
export interface Held {
  readonly shape: Shape;
  /** The float type it insists on; undefined for host values, which follow. */
  readonly dtype: FloatType | undefined;
  /** Its values, unless it is a Tensor. */
  readonly values: Float64Array | undefined;
  /** As a Tensor of the running trace; host values in `dtype`. */
  at(dtype: FloatType): Tensor;
}

/** Checks the argument `name` of `owner`: TypeError for its kind, RangeError for its values. Values of Tensors are not known and not checked. */
export function hold(owner: string, name: string, value: Argument, domain: Domain): Held {
  if (value instanceof Tensor || value instanceof NdArray) {
    const { dtype, shape } = value;
    if (dtype !== "f32" && dtype !== "f64") throw new TypeError(`${owner}: ${name} must be f32 or f64, got ${dtype}; cast() it`);
    if (value instanceof Tensor) return { shape, dtype, values: undefined, at: () => value };
    const values = check(owner, name, Float64Array.from(value.data()), domain);
    return { shape, dtype, values, at: () => constant(value) };
  }
  if (typeof value === "number") {
    check(owner, name, [value], domain);
    return { shape: [], dtype: undefined, values: Float64Array.of(value), at: (dtype) => full([], value, dtype) };
  }
  if (!Array.isArray(value) && !ArrayBuffer.isView(value))
    throw new TypeError(
      `${owner}: ${name} must be a number, nested lists of numbers, a typed array, an NdArray or a Tensor, got ${value === null ? "null" : typeof value}`,
    );
  using copy = array(value, { dtype: "f64" });
  const { shape } = copy;
  const values = check(owner, name, Float64Array.from(copy.data()), domain);
  return { shape, dtype: undefined, values, at: (dtype) => hostConstant(values, shape, dtype) };
}

/** Host values as a constant of the running trace. */
export const hostConstant = (values: Float64Array, shape: Shape, dtype: FloatType): Tensor =>
  constant(array(dtype === "f64" ? values : Float32Array.from(values), { shape }));

function check<T extends ArrayLike<number>>(owner: string, name: string, values: T, domain: Domain): T {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!domain.contains(value))
      throw new RangeError(`${owner}: ${name} must be ${domain.expected}, got ${value}${values.length > 1 ? ` (element ${i})` : ""}`);
  }
  return values;
}

/** The type that arguments agree on: that of the first array or Tensor, else the one asked for, else f32. */
export function commonType(owner: string, held: readonly Pick<Held, "dtype">[], asked: FloatType | undefined): FloatType {
  if (asked !== undefined && asked !== "f32" && asked !== "f64")
    throw new TypeError(`${owner}: dtype must be "f32" or "f64", got ${String(asked)}`);
  const types = [...new Set(held.flatMap(({ dtype }) => dtype ?? []))];
  if (asked && types.some((type) => type !== asked))
    throw new TypeError(`${owner}: dtype ${asked} was asked for and an argument is ${types.join(" and ")}; cast() it`);
  if (types.length > 1)
    throw new TypeError(
      `${owner}: arguments are of types ${types.join(" and ")}; cast() Tensors to one, and make arrays of it: array(data, { dtype: "${types[0]}" })`,
    );
  return types[0] ?? asked ?? "f32";
}

/** A value whose density is asked for, as a float Tensor: numbers take `dtype`, counts of integer type are cast to it. */
export function asFloat(owner: string, x: TensorLike, dtype: FloatType): Tensor {
  if (typeof x === "number") return full([], x, dtype);
  if (typeof x === "boolean") throw new TypeError(`${owner}: logProb expects numbers, got ${x}`);
  const tensor = x instanceof NdArray ? constant(x) : x;
  if (!(tensor instanceof Tensor))
    throw new TypeError(`${owner}: logProb expects a Tensor, an NdArray or a number, got ${tensor === null ? "null" : typeof tensor}`);
  return tensor.dtype === "f32" || tensor.dtype === "f64" ? tensor : tensor.cast(dtype);
}

/** Type of a float Tensor. */
export const floatType = (x: Tensor): FloatType => (x.dtype === "f64" ? "f64" : "f32");

/** Smallest positive normal number. */
export const smallest: Readonly<Record<FloatType, number>> = { f32: 2 ** -126, f64: 2 ** -1022 };
/** Distance from 1 to the next smaller number. */
export const belowOne: Readonly<Record<FloatType, number>> = { f32: 2 ** -24, f64: 2 ** -53 };
