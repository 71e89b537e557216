import type { DType } from "../dtype.ts";
import type { NativeBuffer } from "../native.ts";
import { rowMajor, type Shape, sizeOf } from "../shape.ts";

/** A piece of memory: part of the arena, part of what every thread has for itself, an argument, a result, or the slice of another one that a loop is at. */
export interface Storage {
  readonly id: number;
  kind: "arena" | "own" | "input" | "output" | "slice";
  bytes: number;
  /** Which argument or result. */
  index?: number;
  /** Slice: of what, by how many bytes a turn, counted by which loop (0 = outermost), from the end. */
  base?: Storage;
  strideBytes?: number;
  depth?: number;
  reversed?: boolean;
  /** Memory that this one was merged with (state updated in place). */
  same?: Storage;
  /** Into how many parts the threads divide it. */
  parts?: number;
  /** Place in the arena or in a thread's own memory, bytes. */
  offset?: number;
}

/** Where an array lies: strides and offset in elements. */
export interface View {
  readonly storage: Storage;
  readonly dtype: DType;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/** An operand of a cluster: like a view, without extents since those are the cluster's. */
export interface Lane {
  readonly storage: Storage;
  readonly dtype: DType;
  readonly offset: number;
  strides: number[];
}

/** One elementwise op of a cluster. Operands are values: loads first, then earlier steps. */
export interface Step {
  readonly op: string;
  readonly dtype: DType;
  readonly result: DType;
  readonly operands: readonly number[];
  /** constant: the number; iota: the axis. */
  readonly immediate?: number;
}

export interface Cluster {
  readonly kind: "cluster";
  dims: number[];
  parts: number;
  readonly loads: Lane[];
  readonly steps: Step[];
  /** `value` counts loads first, then steps. */
  readonly stores: { value: number; lane: Lane }[];
}
export interface Reduce {
  readonly kind: "reduce";
  readonly parts: number;
  readonly monoid: string;
  readonly input: View;
  readonly output: View;
  readonly kept: { dims: number[]; strides: number[] };
  readonly reduced: { dims: number[]; strides: number[] };
}
export interface MatMul {
  readonly kind: "matmul";
  readonly parts: number;
  readonly dtype: DType;
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** Views of rank 3: batch, row, column. */
  readonly a: View;
  readonly b: View;
  readonly c: View;
  /** [n]. */
  readonly bias?: View;
  readonly activation?: string;
}
export interface RowOperand {
  readonly view: View;
  readonly rowStride: number;
  readonly rowLength: number;
}
export interface Rows {
  readonly kind: "rows";
  readonly parts: number;
  readonly op: string;
  readonly rows: number;
  readonly inputs: readonly RowOperand[];
  readonly outputs: readonly RowOperand[];
  readonly integers: readonly number[];
  readonly numbers: readonly number[];
}
export interface Loop {
  readonly kind: "loop";
  readonly trips: number | undefined;
  readonly predicate: { readonly code: readonly Instruction[]; readonly flag: View } | undefined;
  readonly body: readonly Instruction[];
  /** The turns do not depend on one another: each may be one thread's. */
  readonly independent?: boolean;
}
export interface Branch {
  readonly kind: "cond";
  readonly flag: View;
  readonly yes: readonly Instruction[];
  readonly no: readonly Instruction[];
}
export interface Barrier {
  readonly kind: "barrier";
}
export type Instruction = Cluster | Reduce | MatMul | Rows | Loop | Branch | Barrier;

/** A program as instructions, before memory is assigned. */
export interface Lowered {
  readonly instructions: readonly Instruction[];
  readonly inputs: readonly Storage[];
  /** Arrays that the program holds, bound after the arguments. */
  readonly constants: readonly NativeBuffer[];
  readonly outputs: readonly Storage[];
  readonly depth: number;
}

let storages = 0;
export const storage = (kind: Storage["kind"], bytes: number, more: Partial<Storage> = {}): Storage => ({
  id: storages++,
  kind,
  bytes,
  ...more,
});

/** The memory that `s` stands for after merging. */
export function actual(s: Storage): Storage {
  let at = s;
  while (at.same) at = at.same;
  return at;
}

export const wholeView = (s: Storage, shape: Shape, dtype: DType): View => ({
  storage: s,
  dtype,
  offset: 0,
  shape,
  strides: rowMajor(shape),
});

export function isContiguous({ shape, strides }: View): boolean {
  const wanted = rowMajor(shape);
  return sizeOf(shape) === 0 || shape.every((d, i) => d === 1 || strides[i] === wanted[i]);
}
