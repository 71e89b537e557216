import { ShapeError } from "./errors.ts";
import type { Graph } from "./ir.ts";
import { ruleOf } from "./op.ts";
import { asTensor } from "./ops/creation.ts";
import { broadcastLeading, moveAxis } from "./ops/shape.ts";
import { showShape } from "./shape.ts";
import type { Tensor, TensorLike } from "./tensor.ts";
import { currentTrace, emit, traceGraph } from "./trace.ts";
import type { Tree } from "./tree.ts";
import * as tree from "./tree.ts";

/** A value while it is being batched: with the new leading axis, or the same for every member. */
export interface Batched {
  readonly tensor: Tensor;
  readonly mapped: boolean;
}

/** The equations of `graph` for a whole batch at once, by the batching rules of the op table. */
export function replayBatched(graph: Graph, inputs: readonly Batched[], size: number): Batched[] {
  const trace = currentTrace("vmap");
  const values = new Map<number, Batched>();
  graph.inputs.forEach((v, i) => values.set(v.id, { ...inputs[i]!, tensor: trace.adopt(inputs[i]!.tensor) }));
  for (const { op, inputs: ins, attributes, outputs } of graph.equations) {
    const given = ins.map((v) => values.get(v.id)!);
    const mapped = given.map((g) => g.mapped);
    const tensors = given.map((g) => g.tensor);
    const any = mapped.some(Boolean);
    const out = any ? ruleOf(op).batch({ inputs: tensors, mapped, size, attributes }) : emit(op, tensors, attributes);
    outputs.forEach((v, i) => values.set(v.id, { tensor: out[i]!, mapped: any }));
  }
  return graph.outputs.map((v) => values.get(v.id)!);
}

/** `value` with the leading axis, repeated if it had none. */
export const withBatch = ({ tensor, mapped }: Batched, size: number): Tensor => (mapped ? tensor : broadcastLeading(tensor, size));

export type AxisSpec = number | null | readonly AxisSpec[] | { readonly [key: string]: AxisSpec };

/** One axis for every leaf: a number or null holds for the whole tree below it. */
function axesOf(spec: AxisSpec, structure: tree.Structure): (number | null)[] {
  if (structure === "leaf") {
    if (spec !== null && typeof spec !== "number")
      throw new ShapeError(`vmap: the axes ${JSON.stringify(spec)} go deeper than the argument`);
    return [spec];
  }
  return structure.items.flatMap((item, i) => {
    if (spec === null || typeof spec === "number") return axesOf(spec, item);
    const at = structure.kind === "list" ? (spec as readonly AxisSpec[])[i] : (spec as Record<string, AxisSpec>)[structure.keys[i]!];
    return axesOf(at ?? null, item);
  });
}

/**
 * `f` over a batch: written for one member, runs for all at once.
 * @param options.in axis of the batch in each argument: 0 by default, null for "the same for all", or a tree of these
 * @param options.out axis of the batch in every result (0)
 */
export function vmap<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options: { in?: readonly AxisSpec[]; out?: number } = {},
): (...args: { [K in keyof A]: unknown }) => R {
  return (...args) => {
    const flat = args.map((a) => tree.flatten(a as Tree<TensorLike>));
    const axes = flat.flatMap((a, i) => axesOf(options.in?.[i] === undefined ? 0 : options.in[i]!, a.structure));
    const leaves = flat.flatMap((a) => a.leaves).map((leaf) => asTensor(leaf));
    const batched = leaves.map((t, i): Batched => {
      const axis = axes[i]!;
      if (axis === null) return { tensor: t, mapped: false };
      if (t.rank === 0)
        throw new ShapeError(`vmap: argument leaf ${i} is a scalar and has no axis ${axis}; give null for it in options.in`);
      return { tensor: moveAxis(t, axis, 0), mapped: true };
    });
    const sizes = new Set(batched.filter((b) => b.mapped).map((b) => b.tensor.shape[0]!));
    if (sizes.size !== 1)
      throw new ShapeError(
        `vmap: ${sizes.size ? `the batch axes differ in extent: ${[...sizes].join(", ")}` : "no argument has a batch axis"}; arguments ${leaves.map((t) => showShape(t.shape)).join(", ")}`,
      );
    const size = [...sizes][0]!;
    let structure: tree.Structure = "leaf";
    const { graph, captured } = traceGraph(
      batched.map(({ tensor, mapped }) => ({ dtype: tensor.dtype, shape: mapped ? tensor.shape.slice(1) : tensor.shape })),
      (...inner) => {
        let at = 0;
        const given = flat.map((a) => tree.unflatten(a.structure, inner.slice(at, (at += a.leaves.length))));
        const out = tree.flatten(f(...(given as unknown as A)) as Tree<TensorLike>);
        structure = out.structure;
        return out.leaves.map((t) => asTensor(t));
      },
    );
    const results = replayBatched(graph, [...batched, ...captured.map((tensor) => ({ tensor, mapped: false }))], size);
    return tree.unflatten(
      structure,
      results.map((r) => moveAxis(withBatch(r, size), 0, options.out ?? 0)),
    ) as R;
  };
}
