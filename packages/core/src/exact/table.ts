import { array, NdArray } from "@credence/tensor";

/** Rows of numbers: nested lists, or an array [rows, columns]. */
export type Table = NdArray | readonly (readonly number[])[];
/** Numbers in a row: a list, a typed array, or an array [n]. */
export type Column = NdArray | ArrayLike<number>;

/**
 * A table as f64 [rows, columns], checked: at least `rowsMin` rows (1 by default), every number finite.
 * @throws TypeError for what is no table; RangeError for a shape that does not fit, and for a missing value, with its row and column
 */
export function tableOf(owner: string, name: string, value: Table, names?: readonly string[], rowsMin = 1): NdArray {
  if (!(value instanceof NdArray) && !(Array.isArray(value) && Array.isArray(value[0] ?? [])))
    throw new TypeError(`${owner}: ${name} must be rows of numbers or an array [rows, columns], got ${describe(value)}`);
  if (!(value instanceof NdArray))
    for (const [r, row] of value.entries()) requireNumbers(owner, name, row, (c) => `in row ${r}, column ${names?.[c] ?? c}`);
  const table =
    value instanceof NdArray
      ? array(Float64Array.from(value.data()), { shape: value.shape })
      : array(value, { dtype: "f64", ...(value.length === 0 && { shape: [0, names?.length ?? 0] }) });
  const [rows, columns] = table.shape;
  if (table.shape.length !== 2 || columns === 0)
    throw new RangeError(`${owner}: ${name} must have shape [rows, columns], got [${table.shape.join(", ")}]`);
  if (rows! < rowsMin) throw new RangeError(`${owner}: ${name} needs at least ${rowsMin} row${rowsMin > 1 ? "s" : ""}, got ${rows}`);
  if (names && names.length !== columns)
    throw new RangeError(`${owner}: ${name} has ${columns} columns where ${names.length} are expected (${names.join(", ")})`);
  const bad = table.data().findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) {
    const column = bad % columns!;
    throw new RangeError(
      `${owner}: ${name} must be finite, got ${table.data()[bad]} in row ${Math.floor(bad / columns!)}, column ${names?.[column] ?? column}; ` +
        "leave out rows with missing values, or fill them in",
    );
  }
  return table;
}

/** A column as f64 [n], checked as a table is; `length` where it is known. */
export function columnOf(owner: string, name: string, value: Column, length?: number): NdArray {
  if (!(value instanceof NdArray) && (typeof value !== "object" || value === null || typeof value.length !== "number"))
    throw new TypeError(`${owner}: ${name} must be a list of numbers or an array [n], got ${describe(value)}`);
  if (value instanceof NdArray && value.shape.length !== 1)
    throw new RangeError(`${owner}: ${name} must have shape [n], got [${value.shape.join(", ")}]`);
  if (Array.isArray(value)) requireNumbers(owner, name, value, (place) => `at place ${place}`);
  const values = Float64Array.from(value instanceof NdArray ? value.data() : value);
  if (length !== undefined && values.length !== length)
    throw new RangeError(`${owner}: ${name} must have ${length} numbers, one for each row, got ${values.length}`);
  if (values.length === 0) throw new RangeError(`${owner}: ${name} must not be empty`);
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new RangeError(
      `${owner}: ${name} must be finite, got ${values[bad]} at place ${bad}; leave out rows with missing values, or fill them in`,
    );
  return array(values);
}

/** Refuses null, words and holes, which JavaScript would count as 0 or as numbers. */
function requireNumbers(owner: string, name: string, values: readonly unknown[], where: (place: number) => string): void {
  const bad = Array.isArray(values) ? values.findIndex((value) => typeof value !== "number") : -1;
  if (bad >= 0)
    throw new TypeError(
      `${owner}: ${name} must hold numbers, got ${describe(values[bad])} ${where(bad)}; leave out rows with missing values, or fill them in`,
    );
}

/** `names`, or x[0], x[1], ...; as many as there are columns, each once. */
export function namesOf(owner: string, names: readonly string[] | undefined, count: number, prefix: string): readonly string[] {
  if (names === undefined) return Array.from({ length: count }, (_, i) => `${prefix}[${i}]`);
  if (names.length !== count)
    throw new RangeError(`${owner}: names must be ${count}, one for each column, got ${names.length} (${names.join(", ")})`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RangeError(`${owner}: names must differ, got "${twice}" twice`);
  return names;
}

/** Refuses what is not a finite number > 0. */
export function requirePositive(owner: string, name: string, value: number): void {
  if (typeof value !== "number") throw new TypeError(`${owner}: ${name} must be a number, got ${describe(value)}`);
  if (!(value > 0 && value < Infinity)) throw new RangeError(`${owner}: ${name} must be > 0 and finite, got ${value}`);
}

/** A key u32[2] from a seed. */
export function keyOf(owner: string, seed: number): NdArray {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`${owner}: seed must be an integer from 0 to 2^53, got ${seed}`);
  return array(Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32)));
}

/** Refuses a number of draws that is no positive integer. */
export function requireCount(owner: string, name: string, value: number, least = 1): void {
  if (!(Number.isInteger(value) && value >= least)) throw new RangeError(`${owner}: ${name} must be an integer >= ${least}, got ${value}`);
}

const describe = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "a list" : typeof value);

/** Options of a run that a signal may end. */
export const cancelled = (signal: AbortSignal | undefined): { readonly signal?: AbortSignal } => (signal ? { signal } : {});

/** A number as f64 []. */
export const scalar = (value: number): NdArray => array(Float64Array.of(value), { shape: [] });
