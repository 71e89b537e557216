import { type DType, isFloat } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import type { Abstract, Attributes } from "../ir.ts";
import { defineOp, type Rule } from "../op.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { emit } from "../trace.ts";
import { broadcastTo, reshape } from "./shape.ts";

/**
 * What a row operation is called with. Its last axis is the row, the axes before it count rows; an operand marked `shared`
 * has a row only and serves all rows.
 */
export interface RowAttributes {
  readonly rows: Shape;
  readonly shared: readonly boolean[];
  readonly outputs: readonly { readonly length: number; readonly dtype: DType }[];
  readonly integers: readonly number[];
  readonly numbers: readonly number[];
}

export const callOf = (attributes: Attributes): RowAttributes => attributes as unknown as RowAttributes;

/** Refuses operands that are not all of one float type. */
export function checkFloats(op: string, list: readonly Abstract[]): void {
  if (list.some((x) => !isFloat(x.dtype) || x.dtype !== list[0]!.dtype))
    throw new DTypeError(
      `${op}: expected f32 or f64${list.length > 1 ? " throughout" : ""}, got ${list.map((x) => x.dtype + showShape(x.shape)).join(" and ")}; cast() first`,
    );
}

type Derivatives = Pick<Rule, "forward" | "reverse" | "flat" | "inPlace"> & Partial<Pick<Rule, "batch">>;

/** Adds an operation that native code applies row by row (native/include/credence/rows.hpp has one of the same name). */
export function defineRowOp(
  name: string,
  doc: string,
  check: (inputs: readonly Abstract[], attributes: RowAttributes) => void,
  rules: Derivatives,
): void {
  defineOp({
    name,
    kind: "rows",
    doc,
    shape: (inputs, attributes) => {
      const a = callOf(attributes);
      inputs.forEach((x, i) => {
        const lead = x.shape.slice(0, -1);
        if (!x.shape.length || !sameShape(lead, a.shared[i] ? [] : a.rows))
          throw new ShapeError(
            `${name}: operand ${i} is ${showShape(x.shape)}; expected ${a.shared[i] ? "one shared row" : `rows of ${showShape(a.rows)}`}`,
          );
      });
      check(inputs, a);
      return a.outputs.map((o) => ({ shape: [...a.rows, o.length], dtype: o.dtype }));
    },
    batch: ({ inputs, mapped, size, attributes }) => batchRows(name, inputs, mapped, size, callOf(attributes)),
    ...rules,
  });
}

/** More rows: shared operands stay shared unless they are mapped themselves. */
function batchRows(name: string, inputs: readonly Tensor[], mapped: readonly boolean[], size: number, a: RowAttributes): Tensor[] {
  const rows = [size, ...a.rows];
  const shared = a.shared.map((s, i) => s && !mapped[i]);
  const operands = inputs.map((x, i) => {
    if (shared[i]) return x;
    const length = x.shape.at(-1)!;
    if (a.shared[i]) return broadcastTo(reshape(x, [size, ...a.rows.map(() => 1), length]), [...rows, length]);
    return mapped[i] ? x : broadcastTo(x, [...rows, length]);
  });
  return emit(name, operands, { ...a, rows, shared } as never);
}

/** Calls a row operation; `attributes.shared` defaults to none. */
export function rowOperation(
  name: string,
  inputs: readonly Tensor[],
  attributes: {
    rows: Shape;
    outputs: RowAttributes["outputs"];
    shared?: readonly boolean[];
    integers?: readonly number[];
    numbers?: readonly number[];
  },
): Tensor[] {
  return emit(name, inputs, { shared: inputs.map(() => false), integers: [], numbers: [], ...attributes } as never);
}
