import { jvp, vjp } from "../derive.ts";
import { isFloat } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import type { Abstract, Equation, Graph } from "../ir.ts";
import { variable } from "../ir.ts";
import { defineOp } from "../op.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { emit, replay, type Trace, traceGraph } from "../trace.ts";
import type { Tree } from "../tree.ts";
import * as tree from "../tree.ts";
import { type Batched, replayBatched, withBatch } from "../vmap.ts";
import { arange, asTensor } from "./creation.ts";
import { add, where } from "./elementwise.ts";
import { any } from "./reduce.ts";
import { moveAxis, orZeros, reshape } from "./shape.ts";

/** How many of a loop's inputs are constants, then state, then sequences; the body takes them in this order and returns state, then results. */
export interface ScanAttributes {
  readonly body: Graph;
  readonly constants: number;
  readonly carries: number;
  readonly length: number;
  readonly reverse: boolean;
}

const scanOf = (a: unknown): ScanAttributes => a as ScanAttributes;
/** `list` cut into constants, state and sequences. */
const parts = <T>(list: readonly T[], { constants: c, carries: s }: { constants: number; carries: number }): [T[], T[], T[]] => [
  list.slice(0, c),
  list.slice(c, c + s),
  list.slice(c + s),
];
const bare = (t: Abstract): Abstract => ({ shape: t.shape, dtype: t.dtype });
const element = (t: Abstract): Abstract => ({ shape: t.shape.slice(1), dtype: t.dtype });

function checkCarry(op: string, before: readonly Abstract[], after: readonly Abstract[]): void {
  after.forEach((t, i) => {
    if (t.dtype !== before[i]!.dtype || !sameShape(t.shape, before[i]!.shape))
      throw new ShapeError(
        `${op}: state ${i} goes in as ${before[i]!.dtype}${showShape(before[i]!.shape)} and comes out as ${t.dtype}${showShape(t.shape)}; it must keep its shape and type`,
      );
  });
}

/** Traces `f` as the body of a loop: what it uses of the enclosing trace becomes constants in front. */
function traceBody(inputs: readonly Abstract[], f: (...args: Tensor[]) => readonly Tensor[]): { body: Graph; captured: Tensor[] } {
  const { graph, captured } = traceGraph(inputs, f);
  const own = graph.inputs.slice(0, inputs.length);
  return { body: { ...graph, inputs: [...graph.inputs.slice(inputs.length), ...own] }, captured };
}

/** Records a scan. `f` is traced on (state..., element...). */
function emitScan(
  f: (...args: Tensor[]) => readonly Tensor[],
  constants: readonly Tensor[],
  init: readonly Tensor[],
  xs: readonly Tensor[],
  length: number,
  reverse: boolean,
): Tensor[] {
  const { body, captured } = traceBody([...constants.map(bare), ...init.map(bare), ...xs.map(element)], f);
  checkCarry("scan", init, body.outputs.slice(0, init.length));
  return emit("scan", [...captured, ...constants, ...init, ...xs], {
    body,
    constants: captured.length + constants.length,
    carries: init.length,
    length,
    reverse,
  } as never);
}

defineOp({
  name: "scan",
  kind: "scan",
  doc: "a loop of fixed length over sequences that carries state; derivatives keep the state of every step and compute the rest again",
  shape: (_, attributes) => {
    const { body, carries, length } = scanOf(attributes);
    return body.outputs.map((v, i) => (i < carries ? bare(v) : { shape: [length, ...v.shape], dtype: v.dtype }));
  },
  forward: ({ inputs, attributes, tangents }) => {
    const a = scanOf(attributes);
    const [c, s, x] = parts(inputs, a);
    const active = inputs.map((t) => isFloat(t.dtype));
    const seeds = inputs.map((t, i) => (active[i] ? orZeros(tangents[i], t) : undefined));
    const [dc, ds, dx] = parts(seeds, a).map((list) => list.filter((t) => t !== undefined)) as [Tensor[], Tensor[], Tensor[]];
    const out = emitScan(
      (...args) => {
        let at = 0;
        const next = (n: number): Tensor[] => args.slice(at, (at += n));
        const primals0 = next(c.length);
        const tangents0 = next(dc.length);
        const primals1 = next(s.length);
        const tangents1 = next(ds.length);
        const primals = [...primals0, ...primals1, ...next(x.length)];
        const moving = [...tangents0, ...tangents1, ...next(dx.length)];
        const floats = primals.filter((_, i) => active[i]);
        const [values, changes] = jvp(
          (...fl: Tensor[]) => {
            let k = 0;
            return replay(
              a.body,
              primals.map((p, i) => (active[i] ? fl[k++]! : p)),
            );
          },
          floats,
          moving,
        ) as [Tensor[], Tensor[]];
        const live = values.map((v) => isFloat(v.dtype));
        const pick = (from: number, to: number): Tensor[] => [
          ...values.slice(from, to),
          ...changes.slice(from, to).filter((_, i) => live[from + i]),
        ];
        return [...pick(0, a.carries), ...pick(a.carries, values.length)];
      },
      [...c, ...dc],
      [...s, ...ds],
      [...x, ...dx],
      a.length,
      a.reverse,
    );
    const results: (Tensor | undefined)[] = [];
    const live = a.body.outputs.map((v) => isFloat(v.dtype));
    let at = a.carries;
    for (let i = 0; i < a.carries; i++) results.push(live[i] ? out[at++] : undefined);
    at += live.length - a.carries;
    for (let i = a.carries; i < live.length; i++) results.push(live[i] ? out[at++] : undefined);
    return results;
  },
  /** Adds the state before every step to the results, once. */
  prepareReverse: (equation: Equation, _trace: Trace) => {
    const a = scanOf(equation.attributes);
    if ((equation.attributes as { kept?: boolean }).kept) return;
    const states = a.body.inputs.slice(a.constants, a.constants + a.carries);
    equation.attributes = { ...a, kept: true, body: { ...a.body, outputs: [...a.body.outputs, ...states] } };
    for (const v of states) equation.outputs.push(variable([a.length, ...v.shape], v.dtype));
  },
  reverse: ({ inputs, outputs, attributes, cotangents }) => {
    const a = scanOf(attributes);
    const [c, s, x] = parts(inputs, a);
    const history = outputs.slice(outputs.length - a.carries); // the kept states
    const float = (list: readonly Tensor[]): Tensor[] => list.filter((t) => isFloat(t.dtype));
    const stateBar = s.flatMap((t, i) => (isFloat(t.dtype) ? [orZeros(cotangents[i], t)] : []));
    const resultBar = cotangents.slice(a.carries).filter((ct) => ct !== undefined);
    const constantBar = float(c).map((t) => orZeros(undefined, t));
    const out = emitScan(
      (...args) => {
        let at = 0;
        const next = (n: number): Tensor[] => args.slice(at, (at += n));
        const consts = next(c.length);
        const sumBar = next(constantBar.length);
        const bar = next(stateBar.length);
        const states = next(s.length);
        const elements = next(x.length);
        const yBar = next(resultBar.length);
        const primals = [...consts, ...states, ...elements];
        const floats = float(primals);
        const [values, pull] = vjp(
          (...fl: Tensor[]) => {
            let k = 0;
            return replay(
              a.body,
              primals.map((p) => (isFloat(p.dtype) ? fl[k++]! : p)),
            );
          },
          ...floats,
        );
        let cs = 0;
        let cy = 0;
        const seeds = (values as Tensor[]).map((v, i) => {
          if (i < a.carries) return isFloat(v.dtype) ? bar[cs++]! : orZeros(undefined, v);
          return cotangents[i] ? yBar[cy++]! : orZeros(undefined, v);
        });
        const bars = pull(seeds) as Tensor[];
        const nc = float(consts).length;
        const ns = float(states).length;
        return [...sumBar.map((t, i) => add(t, bars[i]!)), ...bars.slice(nc, nc + ns), ...bars.slice(nc + ns)];
      },
      c,
      [...constantBar, ...stateBar],
      [...history, ...x, ...resultBar],
      a.length,
      !a.reverse,
    );
    let at = 0;
    return inputs.map((t) => (isFloat(t.dtype) ? out[at++] : undefined));
  },
  batch: ({ inputs, mapped, size, attributes }) => {
    const a = scanOf(attributes);
    const [c, s, x] = parts(
      inputs.map((tensor, i): Batched => ({ tensor, mapped: mapped[i]! })),
      a,
    );
    // State is batched throughout: it may be the same for all members at first and differ later.
    const out = emitScan(
      (...args) => {
        const given = args.map(
          (tensor, i): Batched => ({
            tensor,
            mapped: i < c.length ? c[i]!.mapped : i < c.length + s.length ? true : x[i - c.length - s.length]!.mapped,
          }),
        );
        return replayBatched(a.body, given, size).map((b) => withBatch(b, size));
      },
      c.map((b) => b.tensor),
      s.map((b) => withBatch(b, size)),
      x.map((b) => (b.mapped ? moveAxis(b.tensor, 1, 0) : b.tensor)),
      a.length,
      a.reverse,
    );
    return out.map((t, i) => (i < a.carries ? t : moveAxis(t, 1, 0)));
  },
});

/**
 * Loop over the leading axis of `xs`: `[carry, y] = f(carry, x)` for each x in turn.
 * @param xs tree of arrays with the same leading extent, or undefined with `options.length`
 * @param options.reverse from the last element to the first; results stay in the order of xs
 * @returns the last state and the results stacked along a new leading axis
 */
export function scan<C, Y>(
  f: (carry: C, x: never) => readonly [C, Y],
  init: unknown,
  xs?: unknown,
  options: { length?: number; reverse?: boolean } = {},
): [C, Y] {
  const state = tree.flatten(init as Tree<TensorLike>);
  const sequences =
    xs === undefined ? { leaves: [], structure: { kind: "list", items: [] } as tree.Structure } : tree.flatten(xs as Tree<TensorLike>);
  const tensors = sequences.leaves.map((t) => asTensor(t as TensorLike));
  const lengths = new Set(tensors.map((t) => t.shape[0]));
  if (options.length !== undefined) lengths.add(options.length);
  const [length] = [...lengths];
  if (lengths.size !== 1 || length === undefined)
    throw new ShapeError(`scan: the sequences and options.length must agree on one length, got ${[...lengths].join(", ") || "none"}`);
  let results: tree.Structure = "leaf";
  const start = state.leaves.map((t) => asTensor(t));
  const out = emitScan(
    (...args) => {
      const carry = tree.unflatten(state.structure, args.slice(0, start.length)) as C;
      const x = xs === undefined ? undefined : tree.unflatten(sequences.structure, args.slice(start.length));
      const pair = f(carry, x as never);
      if (!Array.isArray(pair) || pair.length !== 2)
        throw new ShapeError("scan: the function must return [carry, result]; give [carry, []] for no result");
      const next = tree.flatten(pair[0] as Tree<TensorLike>);
      if (!tree.sameStructure(next.structure, state.structure))
        throw new ShapeError("scan: the state comes out with another structure than it went in");
      const ys = tree.flatten(pair[1] as Tree<TensorLike>);
      results = ys.structure;
      return [...next.leaves.map((t, i) => asTensor(t, start[i]!.dtype)), ...ys.leaves.map((t) => asTensor(t))];
    },
    [],
    start,
    tensors,
    length,
    options.reverse ?? false,
  );
  return [tree.unflatten(state.structure, out.slice(0, start.length)) as C, tree.unflatten(results, out.slice(start.length)) as Y];
}

/** `carry = f(carry, i)` for i = 0 ... n - 1 (i32 scalars). */
export const repeat = <C>(n: number, f: (carry: C, i: Tensor) => C, init: unknown): C => {
  if (!Number.isInteger(n) || n < 0) throw new RangeError(`repeat: expected a whole number of times, got ${n}`);
  return scan((carry: C, i: never) => [f(carry, i), []] as const, init, arange(n))[0];
};

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
        const [values, changes] = jvp(
          (...fl: Tensor[]) => {
            let k = 0;
            return replay(
              a.body,
              primals.map((p, i) => (active[i] ? fl[k++]! : p)),
            );
          },
          primals.filter((_, i) => active[i]),
          seeds,
        ) as [Tensor[], Tensor[]];
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
      const floats = rest.filter((_, i) => active[i]);
      const seeds = rest.flatMap((t, i) => (active[i] ? [orZeros(ts[i], t)] : []));
      const [, changes] = jvp(
        (...fl: Tensor[]) => {
          let k = 0;
          return branch(a, which)(rest.map((t, i) => (active[i] ? fl[k++]! : t)));
        },
        floats,
        seeds,
      );
      return (changes as Tensor[]).filter((_, i) => isFloat(a.yes.outputs[i]!.dtype));
    };
    const out = emitCond(predicate!, push("yes"), push("no"), []);
    let at = 0;
    return a.yes.outputs.map((v) => (isFloat(v.dtype) ? out[at++] : undefined));
  },
  reverse: ({ inputs: [predicate, ...rest], outputs, attributes, cotangents }) => {
    const a = condOf(attributes);
    const active = rest.map((t) => isFloat(t.dtype));
    const pullOf = (which: "yes" | "no") => (): Tensor[] => {
      const [values, pull] = vjp(
        (...fl: Tensor[]) => {
          let k = 0;
          return branch(a, which)(rest.map((t, i) => (active[i] ? fl[k++]! : t)));
        },
        ...rest.filter((_, i) => active[i]),
      );
      return pull((values as Tensor[]).map((v, i) => orZeros(isFloat(v.dtype) ? cotangents[i] : undefined, outputs[i]!))) as Tensor[];
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
