import { jvp, vjp } from "../derive.ts";
import { isFloat } from "../dtype.ts";
import { ShapeError } from "../errors.ts";
import { type Abstract, type Equation, type Graph, variable } from "../ir.ts";
import { defineOp } from "../op.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { emit, replay, type Trace } from "../trace.ts";
import type { Tree } from "../tree.ts";
import * as tree from "../tree.ts";
import { type Batched, replayBatched, withBatch } from "../vmap.ts";
import { bare, checkCarry, onFloats, traceBody } from "./body.ts";
import { arange, asTensor } from "./creation.ts";
import { add } from "./elementwise.ts";
import { moveAxis, orZeros } from "./shape.ts";

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
const element = (t: Abstract): Abstract => ({ shape: t.shape.slice(1), dtype: t.dtype });

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
        const body = onFloats(primals, (all) => replay(a.body, all));
        const [values, changes] = jvp(body.call, body.floats, moving);
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
        const body = onFloats(primals, (all) => replay(a.body, all));
        const [values, pull] = vjp(body.call, ...body.floats);
        let cs = 0;
        let cy = 0;
        const seeds = values.map((v, i) => {
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
 * @returns the last state and the results stacked along a new leading axis; where there is no state, see `map`
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

/**
 * `f` of each element along the leading axis of `xs` (a tree of arrays with the same leading extent), the results stacked alike. On a CPU
 * a turn is one thread's, from start to end, where there are enough of them: the same numbers as one after the other.
 */
export const map = <Y>(f: (x: never) => Y, xs: unknown): Y => scan((nothing: readonly [], x: never) => [nothing, f(x)] as const, [], xs)[1];

/** `carry = f(carry, i)` for i = 0 ... n - 1 (i32 scalars). */
export const repeat = <C>(n: number, f: (carry: C, i: Tensor) => C, init: unknown): C => {
  if (!Number.isInteger(n) || n < 0) throw new RangeError(`repeat: expected a whole number of times, got ${n}`);
  return scan((carry: C, i: never) => [f(carry, i), []] as const, init, arange(n))[0];
};
