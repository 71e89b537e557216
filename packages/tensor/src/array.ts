import { checkDevice } from "./device.ts";
import { bytesOf, type DType, dtypeOf, type TypedArray, typedArray } from "./dtype.ts";
import { DTypeError, ShapeError } from "./errors.ts";
import { type NativeBuffer, native } from "./native.ts";
import { checkShape, type Shape, showShape, sizeOf } from "./shape.ts";
import { giveBuffer, takeBuffer } from "./spare-buffers.ts";

export type NestedNumbers = number | boolean | readonly NestedNumbers[];

/** A typed, shaped array on a device. Its memory is native: freed by `dispose()` or `using`, and at the latest with its handle, when that is collected. */
export class NdArray {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly device: string;
  #buffer: NativeBuffer | undefined;
  /** Whether somebody else may still hold the buffer when this array is disposed of. */
  #shared = false;

  constructor(shape: Shape, dtype: DType, device: string, buffer: NativeBuffer) {
    this.shape = shape;
    this.dtype = dtype;
    this.device = device;
    this.#buffer = buffer;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** The native memory, to keep. Throws once disposed. */
  get buffer(): NativeBuffer {
    this.#shared = true;
    return this.borrowed;
  }

  /** The same for a native call that ends before its caller does, and keeps nothing. */
  get borrowed(): NativeBuffer {
    if (!this.#buffer) throw new TypeError(`this array ${this.dtype}${showShape(this.shape)} was disposed; read it or copy it before`);
    return this.#buffer;
  }

  /** The elements in row-major order, copied to the host. */
  data(): TypedArray {
    const out = typedArray(this.dtype, this.size);
    if (out.length) native().read(this.borrowed, 0, out);
    return out;
  }

  /** The only element, as a number. Throws unless there is exactly one. */
  item(): number {
    if (this.size !== 1) throw new ShapeError(`item: expected one element, got shape ${showShape(this.shape)}; use data() or tolist()`);
    return this.data()[0]!;
  }

  /** The elements as nested lists (a number for rank 0). */
  tolist(): NestedNumbers {
    const data = this.data();
    let at = 0;
    const build = (axis: number): NestedNumbers =>
      axis === this.shape.length ? data[at++]! : Array.from({ length: this.shape[axis]! }, () => build(axis + 1));
    return build(0);
  }

  dispose(): void {
    if (!this.#buffer) return;
    if (this.#shared) native().release(this.#buffer);
    else giveBuffer(this.#buffer, this.device, bytesFor(this.shape, this.dtype));
    this.#buffer = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** An array of zeros. */
export function allocate(shape: Shape, dtype: DType, device = "cpu"): NdArray {
  return new NdArray(checkShape("allocate", shape), dtype, device, native().allocate(checkDevice(device), bytesFor(shape, dtype)));
}

const bytesFor = (shape: Shape, dtype: DType): number => Math.max(sizeOf(shape), 1) * bytesOf[dtype];

/** An array that will be written whole, its numbers not yet any; the shape and the device are known to be right. */
export const unwritten = (shape: Shape, dtype: DType, device: string): NdArray =>
  new NdArray(shape, dtype, device, takeBuffer(device, bytesFor(shape, dtype)));

function shapeOfNested(data: NestedNumbers): Shape {
  const shape: number[] = [];
  for (let at: NestedNumbers | undefined = data; Array.isArray(at); at = at[0]) shape.push(at.length);
  return shape;
}

function flattenNested(data: NestedNumbers, shape: Shape, out: TypedArray): void {
  let at = 0;
  const walk = (value: NestedNumbers, axis: number): void => {
    if (axis === shape.length) {
      if (typeof value !== "number" && typeof value !== "boolean")
        throw new ShapeError(`array: nested lists are ragged: a list stands where shape ${showShape(shape)} has a number`);
      out[at++] = Number(value);
      return;
    }
    if (!Array.isArray(value) || value.length !== shape[axis])
      throw new ShapeError(
        `array: nested lists are ragged: axis ${axis} has extents ${shape[axis]} and ${Array.isArray(value) ? value.length : "none"}`,
      );
    for (const item of value) walk(item, axis + 1);
  };
  walk(data, 0);
}

/**
 * An array from numbers, nested lists or a typed array.
 * @param options.dtype element type; by default that of the typed array, `bool` for booleans, else `f32`
 * @param options.shape by default the nesting, or one axis for a typed array
 */
export function array(data: NestedNumbers | TypedArray, options: { dtype?: DType; shape?: Shape; device?: string } = {}): NdArray {
  let host: TypedArray;
  let shape: Shape;
  if (ArrayBuffer.isView(data)) {
    const own = dtypeOf(data);
    const dtype = options.dtype ?? own;
    host = dtype === own ? data : typedArray(dtype, data.length);
    if (host !== data) host.set(data);
    shape = options.shape ?? [data.length];
  } else {
    const nested = shapeOfNested(data);
    const first = nested.reduce<NestedNumbers | undefined>((at) => (at as readonly NestedNumbers[] | undefined)?.[0], data);
    host = typedArray(options.dtype ?? (typeof first === "boolean" ? "bool" : "f32"), sizeOf(nested));
    flattenNested(data, nested, host);
    shape = options.shape ?? nested;
  }
  const dtype = dtypeOf(host);
  if (sizeOf(checkShape("array", shape)) !== host.length)
    throw new ShapeError(`array: ${host.length} numbers do not fill shape ${showShape(shape)}`);
  const result = allocate(shape, dtype, options.device);
  if (host.length) native().write(result.borrowed, 0, host);
  return result;
}

/** `value` as an array: numbers become rank 0, typed arrays rank 1. Throws DTypeError for anything else. */
export function asArray(value: unknown, device: string): NdArray {
  if (value instanceof NdArray) {
    if (value.device !== device)
      throw new DTypeError(`the array lives on ${value.device}, the program on ${device}; make the array with { device: "${device}" }`);
    return value;
  }
  if (typeof value === "number" || typeof value === "boolean" || Array.isArray(value) || ArrayBuffer.isView(value))
    return array(value as NestedNumbers | TypedArray, { device });
  throw new DTypeError(
    `expected an NdArray, a number or a typed array, got ${value === null ? "null" : typeof value === "object" ? value.constructor.name : typeof value}`,
  );
}
