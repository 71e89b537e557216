import { jvp, vjp } from "../derive.ts";
import { isFloat } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import type { Graph } from "../ir.ts";
import { defineOp } from "../op.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { emit, replay } from "../trace.ts";
import type { Tree } from "../tree.ts";
import * as tree from "../tree.ts";
import { type Batched, replayBatched, withBatch } from "../vmap.ts";
import { bare, onFloats, traceBody } from "./body.ts";
import { asTensor } from "./creation.ts";
import { where } from "./elementwise.ts";
import { orZeros, reshape } from "./shape.ts";

interface CondAttributes {
  readonly yes: Graph;
  readonly no: Graph;
  /** Constants of the first branch, constants of the second. */
  readonly constants: readonly [number, number];
}
const condOf = (a: unknown): CondAttributes => a as CondAttributes;

function emitCond(
  predicate: Tensor,
  yes: (...args: Tensor[]) => readonly Tensor[],
  no: (...args: Tensor[]) => readonly Tensor[],
  args: readonly Tensor[],
): Tensor[] {
  const y = traceBody(args.map(bare), yes);
  const n = traceBody(args.map(bare), no);
  const differ =
    y.body.outputs.length !== n.body.outputs.length ||
    y.body.outputs.some((v, i) => v.dtype !== n.body.outputs[i]!.dtype || !sameShape(v.shape, n.body.outputs[i]!.shape));
  if (differ)
    throw new ShapeError(
      `cond: the branches return ${[y, n].map((b) => b.body.outputs.map((v) => v.dtype + showShape(v.shape)).join(", ")).join(" and ")}; they must agree`,
    );
  return emit("cond", [predicate, ...y.captured, ...n.captured, ...args], {
    yes: y.body,
    no: n.body,
    constants: [y.captured.length, n.captured.length],
  } as never);
}

/** A branch of a cond equation as a function of all inputs after the predicate. */
function branch(a: CondAttributes, which: "yes" | "no"): (inputs: readonly Tensor[]) => Tensor[] {
  const [ny, nn] = a.constants;
  return (inputs) => replay(a[which], [...(which === "yes" ? inputs.slice(0, ny) : inputs.slice(ny, ny + nn)), ...inputs.slice(ny + nn)]);
}

defineOp({
  name: "cond",
  kind: "cond",
  doc: "one of two branches, by a bool scalar; only the chosen one is computed",
  shape: (_, attributes) => condOf(attributes).yes.outputs.map(bare),
  forward: ({ inputs: [predicate, ...rest], attributes, tangents: [, ...ts] }) => {
    const a = condOf(attributes);
    const active = rest.map((t) => isFloat(t.dtype));
    const push = (which: "yes" | "no") => (): Tensor[] => {
      const body = onFloats(rest, branch(a, which));
      const seeds = rest.flatMap((t, i) => (active[i] ? [orZeros(ts[i], t)] : []));
      const [, changes] = jvp(body.call, body.floats, seeds);
      return changes.filter((_, i) => isFloat(a.yes.outputs[i]!.dtype));
    };
    const out = emitCond(predicate!, push("yes"), push("no"), []);
    let at = 0;
    return a.yes.outputs.map((v) => (isFloat(v.dtype) ? out[at++] : undefined));
  },
  reverse: ({ inputs: [predicate, ...rest], outputs, attributes, cotangents }) => {
    const a = condOf(attributes);
    const active = rest.map((t) => isFloat(t.dtype));
    const pullOf = (which: "yes" | "no") => (): Tensor[] => {
      const body = onFloats(rest, branch(a, which));
      const [values, pull] = vjp(body.call, ...body.floats);
      return pull(values.map((v, i) => orZeros(isFloat(v.dtype) ? cotangents[i] : undefined, outputs[i]!))) as Tensor[];
    };
    const out = emitCond(predicate!, pullOf("yes"), pullOf("no"), []);
    let at = 0;
    return [undefined, ...rest.map((_, i) => (active[i] ? out[at++] : undefined))];
  },
  batch: ({ inputs, mapped, size, attributes }) => {
    const a = condOf(attributes);
    const [ny, nn] = a.constants;
    const rest = inputs.slice(1).map((tensor, i): Batched => ({ tensor, mapped: mapped[i + 1]! }));
    const run = (which: "yes" | "no"): Tensor[] =>
      replayBatched(a[which], [...(which === "yes" ? rest.slice(0, ny) : rest.slice(ny, ny + nn)), ...rest.slice(ny + nn)], size).map((b) =>
        withBatch(b, size),
      );
    if (!mapped[0])
      return emitCond(
        inputs[0]!,
        () => run("yes"),
        () => run("no"),
        [],
      );
    // Members differ in their choice: both branches are computed and each member takes its own.
    const no = run("no");
    return run("yes").map((t, i) => where(reshape(inputs[0]!, [size, ...t.shape.slice(1).map(() => 1)]), t, no[i]!));
  },
});

/** `yes(...args)` if the bool scalar `predicate` holds, else `no(...args)`; both return the same shapes. */
export function cond<R>(predicate: TensorLike, yes: (...args: never[]) => R, no: (...args: never[]) => R, ...args: unknown[]): R {
  const p = asTensor(predicate);
  if (p.dtype !== "bool" || p.rank) throw new DTypeError(`cond: the condition must be a bool scalar, got ${p.dtype}${showShape(p.shape)}`);
  const flat = tree.flatten(args as Tree<TensorLike>);
  let structure: tree.Structure = "leaf";
  const traced =
    (f: (...args: never[]) => R) =>
    (...leaves: Tensor[]): Tensor[] => {
      const out = tree.flatten(f(...(tree.unflatten(flat.structure, leaves) as never[])) as Tree<TensorLike>);
      structure = out.structure;
      return out.leaves.map((t) => asTensor(t));
    };
  const out = emitCond(
    p,
    traced(yes),
    traced(no),
    flat.leaves.map((t) => asTensor(t)),
  );
  return tree.unflatten(structure, out) as R;
}
