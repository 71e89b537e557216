import { jvp } from "../derive.ts";
import { isFloat } from "../dtype.ts";
import { DTypeError } from "../errors.ts";
import type { Graph } from "../ir.ts";
import { defineOp } from "../op.ts";
import { showShape } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { emit, replay } from "../trace.ts";
import type { Tree } from "../tree.ts";
import * as tree from "../tree.ts";
import { type Batched, replayBatched, withBatch } from "../vmap.ts";
import { bare, checkCarry, onFloats, traceBody } from "./body.ts";
import { asTensor } from "./creation.ts";
import { where } from "./elementwise.ts";
import { any } from "./reduce.ts";
import { orZeros, reshape } from "./shape.ts";

interface WhileAttributes {
  readonly predicate: Graph;
  readonly body: Graph;
  /** Constants of the predicate, constants of the body. */
  readonly constants: readonly [number, number];
  readonly maxIterations: number | undefined;
}
const whileOf = (a: unknown): WhileAttributes => a as WhileAttributes;

function emitWhile(
  test: (...state: Tensor[]) => Tensor,
  step: (...state: Tensor[]) => readonly Tensor[],
  init: readonly Tensor[],
  maxIterations: number | undefined,
): Tensor[] {
  const p = traceBody(init.map(bare), (...s) => [test(...s)]);
  const b = traceBody(init.map(bare), step);
  const flag = p.body.outputs[0]!;
  if (flag.dtype !== "bool" || flag.shape.length)
    throw new DTypeError(`whileLoop: the condition must be a bool scalar, got ${flag.dtype}${showShape(flag.shape)}`);
  checkCarry("whileLoop", init, b.body.outputs);
  return emit("while", [...p.captured, ...b.captured, ...init], {
    predicate: p.body,
    body: b.body,
    constants: [p.captured.length, b.captured.length],
    maxIterations,
  } as never);
}

defineOp({
  name: "while",
  kind: "while",
  doc: "a loop that runs while a condition of its state holds; no reverse derivative, since the number of steps is not known ahead",
  shape: (_, attributes) => whileOf(attributes).body.outputs.map(bare),
  forward: ({ inputs, attributes, tangents }) => {
    const a = whileOf(attributes);
    const [np, nb] = a.constants;
    const state = inputs.slice(np + nb);
    const live = state.map((t) => isFloat(t.dtype));
    const ds = state.flatMap((t, i) => (live[i] ? [orZeros(tangents[np + nb + i], t)] : []));
    const out = emitWhile(
      (...s) => replay(a.predicate, [...inputs.slice(0, np), ...s.slice(0, state.length)])[0]!,
      (...s) => {
        const constants = inputs.slice(np, np + nb);
        const primals = [...constants, ...s.slice(0, state.length)];
        const active = primals.map((t) => isFloat(t.dtype));
        const seeds = [...constants.flatMap((t, i) => (active[i] ? [orZeros(tangents[np + i], t)] : [])), ...s.slice(state.length)];
        const body = onFloats(primals, (all) => replay(a.body, all));
        const [values, changes] = jvp(body.call, body.floats, seeds);
        return [...values, ...changes.filter((_, i) => live[i])];
      },
      [...state, ...ds],
      a.maxIterations,
    );
    let at = state.length;
    return live.map((l) => (l ? out[at++] : undefined));
  },
  batch: ({ inputs, mapped, size, attributes }) => {
    const a = whileOf(attributes);
    const [np, nb] = a.constants;
    const given = inputs.map((tensor, i): Batched => ({ tensor, mapped: mapped[i]! }));
    const members = (graph: Graph, constants: readonly Batched[], state: readonly Tensor[]): Tensor[] =>
      replayBatched(graph, [...constants, ...state.map((tensor) => ({ tensor, mapped: true }))], size).map((b) => withBatch(b, size));
    // Runs until every member is done; a finished member keeps its state.
    return emitWhile(
      (...s) => any(members(a.predicate, given.slice(0, np), s)[0]!),
      (...s) => {
        const going = members(a.predicate, given.slice(0, np), s)[0]!;
        return members(a.body, given.slice(np, np + nb), s).map((t, i) =>
          where(reshape(going, [size, ...s[i]!.shape.slice(1).map(() => 1)]), t, s[i]!),
        );
      },
      given.slice(np + nb).map((b) => withBatch(b, size)),
      a.maxIterations,
    );
  },
});

/** `state = body(state)` while `condition(state)` (a bool scalar) holds, at most `maxIterations` times. */
export function whileLoop<C>(
  condition: (state: C) => Tensor,
  body: (state: C) => C,
  init: unknown,
  options: { maxIterations?: number } = {},
): C {
  const { leaves, structure } = tree.flatten(init as Tree<TensorLike>);
  const start = leaves.map((t) => asTensor(t));
  const given = (s: readonly Tensor[]): C => tree.unflatten(structure, s) as C;
  const out = emitWhile(
    (...s) => condition(given(s)),
    (...s) => tree.flatten(body(given(s)) as Tree<TensorLike>).leaves.map((t, i) => asTensor(t, start[i]?.dtype)),
    start,
    options.maxIterations,
  );
  return given(out);
}
