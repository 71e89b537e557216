import { isFloat } from "../dtype.ts";
import { ShapeError } from "../errors.ts";
import type { Abstract, Graph } from "../ir.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { traceGraph } from "../trace.ts";

/** Shape and type alone. */
export const bare = (t: Abstract): Abstract => ({ shape: t.shape, dtype: t.dtype });

/** Refuses a loop whose state does not keep its shape and type. */
export function checkCarry(op: string, before: readonly Abstract[], after: readonly Abstract[]): void {
  after.forEach((t, i) => {
    if (t.dtype !== before[i]!.dtype || !sameShape(t.shape, before[i]!.shape))
      throw new ShapeError(
        `${op}: state ${i} goes in as ${before[i]!.dtype}${showShape(before[i]!.shape)} and comes out as ${t.dtype}${showShape(t.shape)}; it must keep its shape and type`,
      );
  });
}

/** Traces `f` as the body of a loop: what it uses of the enclosing trace becomes constants in front. */
export function traceBody(inputs: readonly Abstract[], f: (...args: Tensor[]) => readonly Tensor[]): { body: Graph; captured: Tensor[] } {
  const { graph, captured } = traceGraph(inputs, f);
  const own = graph.inputs.slice(0, inputs.length);
  return { body: { ...graph, inputs: [...graph.inputs.slice(inputs.length), ...own] }, captured };
}

/** The values that derivatives flow through, and `f` as a function of them alone: the others stay as they are. */
export function onFloats(
  all: readonly Tensor[],
  f: (all: Tensor[]) => Tensor[],
): { floats: Tensor[]; call: (...floats: Tensor[]) => Tensor[] } {
  return {
    floats: all.filter((t) => isFloat(t.dtype)),
    call: (...floats) => {
      let next = 0;
      return f(all.map((t) => (isFloat(t.dtype) ? floats[next++]! : t)));
    },
  };
}
