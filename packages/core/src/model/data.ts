import { array, NdArray, type NestedNumbers, Tensor, type TypedArray } from "@credence/tensor";
import { componentNames } from "../distribution/components.ts";

/** Data of a model: a number, nested lists, a typed array [N], or an array. Int32Array and i32 arrays stay indices, all else becomes f64. */
export type Data = NestedNumbers | TypedArray | NdArray;

/**
 * `data` as an array, checked once: f64, or i32 for indices.
 * @throws TypeError for its kind; RangeError where a value is missing or not finite, or there are none
 */
export function dataArray(name: string, data: Data): NdArray {
  const whole = data instanceof NdArray ? data : asArray(name, data);
  if (whole.size === 0) throw new RangeError(`model: the data ${name} are empty`);
  if (whole.dtype === "i32") return whole;
  const values = whole.data();
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]))
      throw new RangeError(
        `model: the data ${name} hold ${values[i]} at ${componentNames("", whole.shape)[i] || "their only place"}; leave missing values out, or make them parameters`,
      );
  return whole.dtype === "f64" ? whole : array(Float64Array.from(values), { shape: whole.shape });
}

function asArray(name: string, data: unknown): NdArray {
  if (data instanceof Int32Array || data instanceof Float64Array) return array(data);
  if (ArrayBuffer.isView(data)) return array(Float64Array.from(data as TypedArray));
  if (typeof data === "number" || Array.isArray(data)) {
    const missing = firstNoNumber(data, "");
    if (missing)
      throw new TypeError(
        `model: the data ${name} hold ${missing.found} at ${missing.at}; every value must be a number: leave missing values out, or make them parameters`,
      );
    try {
      return array(data as NestedNumbers, { dtype: "f64" });
    } catch (error) {
      throw new RangeError(`model: the data ${name} are no array: ${(error as Error).message}; missing values must be left out`);
    }
  }
  const got = data === null ? "null" : data instanceof Tensor ? "a Tensor" : typeof data;
  throw new TypeError(`model: the data ${name} must be a number, nested lists, a typed array or an NdArray, got ${got}`);
}

/** The first value of nested lists that is no number, and its place: `[2, 0]`. */
function firstNoNumber(data: unknown, place: string): { readonly at: string; readonly found: string } | undefined {
  if (typeof data === "number") return undefined;
  if (ArrayBuffer.isView(data)) return undefined;
  if (!Array.isArray(data))
    return { at: `[${place}]`, found: typeof data === "string" ? `"${data}"` : data === null ? "null" : typeof data };
  for (let i = 0; i < data.length; i++) {
    const found = firstNoNumber(data[i], place === "" ? `${i}` : `${place}, ${i}`);
    if (found) return found;
  }
  return undefined;
}
