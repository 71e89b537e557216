import type { Data, Value } from "./folder.ts";

// Values of a data file, by name and kind: a file that is not what a model expects is refused by name.

export function number(data: Data, name: string): number {
  const value = given(data, name);
  return typeof value === "number" ? value : refuse(name, "a number", value);
}

export function vector(data: Data, name: string): number[] {
  const value = given(data, name);
  return Array.isArray(value) && value.every((v) => typeof v === "number") ? value : refuse(name, "a list of numbers", value);
}

export function matrix(data: Data, name: string): number[][] {
  const value = given(data, name);
  const isRow = (row: Value): boolean => Array.isArray(row) && row.every((v) => typeof v === "number");
  return Array.isArray(value) && value.every(isRow) ? (value as number[][]) : refuse(name, "a list of rows of numbers", value);
}

/** Indices that Stan counts from 1, counted from 0. */
export const indices = (data: Data, name: string): Int32Array => Int32Array.from(vector(data, name), (i) => i - 1);

function given(data: Data, name: string): Value {
  const value = data[name];
  if (value === undefined) throw new RangeError(`the data have no ${name}; there are ${Object.keys(data).join(", ")}`);
  return value;
}

function refuse(name: string, expected: string, value: Value): never {
  throw new TypeError(`${name} must be ${expected}, got ${JSON.stringify(value).slice(0, 40)}`);
}
