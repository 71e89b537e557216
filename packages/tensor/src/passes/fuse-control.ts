import { bytesOf } from "../dtype.ts";
import type { Equation, Graph, Variable } from "../ir.ts";
import { ruleOf } from "../op.ts";
import { sizeOf } from "../shape.ts";
import { Block } from "./block.ts";
import { lowerEquations } from "./fuse.ts";
import {
  actual,
  type Instruction,
  isContiguous,
  type Lane,
  type Rows,
  type Storage,
  storage,
  type View,
  wholeView,
} from "./instruction.ts";

/** State of a loop: memory of its own, filled with the first value. */
function openState(block: Block, init: readonly Variable[]): View[] {
  return init.map((v) => block.copy(block.view(v)));
}

/** A sequence as the element that the loop is at. */
function element(block: Block, v: Variable, reversed: boolean): View {
  let view = block.view(v);
  const inner = v.shape.slice(1);
  const dense = isContiguous({ ...view, shape: inner, strides: view.strides.slice(1) });
  if (
    !dense ||
    view.offset !== 0 ||
    actual(view.storage).kind === "slice" ||
    view.strides[0]! < 0 ||
    (v.shape[0]! > 1 && view.strides[0]! < sizeOf(inner))
  )
    view = block.copy(view);
  return slice(view, inner, reversed, block.depth);
}

function slice(whole: View, inner: readonly number[], reversed: boolean, depth: number): View {
  const bytes = bytesOf[whole.dtype];
  const s = storage("slice", Math.max(1, sizeOf(inner)) * bytes, {
    base: whole.storage,
    strideBytes: whole.strides[0]! * bytes,
    depth,
    reversed,
  });
  return wholeView(s, inner, whole.dtype);
}

/** Lowers `graph` as a block of its own. */
function inner(parent: Block, graph: Graph, inputs: readonly View[], depth: number): { block: Block; outputs: View[] } {
  const block = new Block(parent.unit, depth, graph.equations, graph.outputs);
  graph.inputs.forEach((v, i) => block.setView(v, inputs[i]!));
  lowerEquations(block, graph.equations);
  return { block, outputs: graph.outputs.map((v) => block.view(v)) };
}

const reads = (i: Instruction, s: Storage): boolean => {
  const is = (v: { storage: Storage }): boolean =>
    actual(v.storage) === s || (actual(v.storage).base !== undefined && actual(actual(v.storage).base!) === s);
  switch (i.kind) {
    case "cluster":
      return i.loads.some(is);
    case "reduce":
      return is(i.input);
    case "matmul":
      return is(i.a) || is(i.b) || (i.bias !== undefined && is(i.bias));
    case "rows":
      return i.inputs.some((o) => is(o.view));
    case "loop":
      return (
        [...(i.predicate?.code ?? []), ...i.body].some((n) => reads(n, s) || writes(n, s)) ||
        (i.predicate !== undefined && is(i.predicate.flag))
      );
    case "cond":
      return is(i.flag) || [...i.yes, ...i.no].some((n) => reads(n, s) || writes(n, s));
    case "barrier":
      return false;
  }
};

const writes = (i: Instruction, s: Storage): boolean => {
  const is = (v: { storage: Storage }): boolean => actual(v.storage) === s;
  switch (i.kind) {
    case "cluster":
      return i.stores.some((st) => is(st.lane));
    case "reduce":
      return is(i.output);
    case "matmul":
      return is(i.c);
    case "rows":
      return i.outputs.some((o) => is(o.view));
    case "loop":
      return [...(i.predicate?.code ?? []), ...i.body].some((n) => writes(n, s));
    case "cond":
      return [...i.yes, ...i.no].some((n) => writes(n, s));
    case "barrier":
      return false;
  }
};

const sameLane = (a: Lane, b: Lane): boolean =>
  a.offset === b.offset && a.dtype === b.dtype && a.strides.every((s, i) => s === b.strides[i]);

/** May the value in `made` be computed straight into the state `state`, which is read before? */
function updatesInPlace(code: readonly Instruction[], made: Storage, state: Storage): boolean {
  const at = code.findIndex((i) => writes(i, made));
  if (at < 0 || code.findLastIndex((i) => writes(i, made)) !== at) return false;
  const producer = code[at]!;
  if (code.slice(at + 1).some((i) => reads(i, state))) return false;
  if (!reads(producer, state)) return producer.kind !== "loop"; // a branch writes all of its results, whichever it takes
  if (producer.kind === "rows") return rowsInPlace(producer, made, state);
  if (producer.kind !== "cluster") return false;
  const target = producer.stores.find((st) => actual(st.lane.storage) === made)!.lane;
  return producer.loads.filter((l) => actual(l.storage) === state).every((l) => sameLane(l, target));
}

/** Whether a row operation reads the state as its first operand alone, and makes the new one as its first result. */
function rowsInPlace({ op, inputs: [first, ...others], outputs: [out] }: Rows, made: Storage, state: Storage): boolean {
  return (
    ruleOf(op).inPlace === true &&
    first !== undefined &&
    isWhole(first.view) &&
    actual(out!.view.storage) === made &&
    first.rowStride === out!.rowStride &&
    others.every((o) => actual(o.view.storage) !== state)
  );
}

const isWhole = (v: View): boolean =>
  v.offset === 0 && isContiguous(v) && actual(v.storage).bytes === Math.max(1, sizeOf(v.shape)) * bytesOf[v.dtype];

/** Memory that this block made for exactly this value, and that may move. */
const movable = (v: View, states: ReadonlySet<Storage>): boolean =>
  actual(v.storage).kind === "arena" && isWhole(v) && !states.has(actual(v.storage));

/** Puts the new state where the loop reads it in the next turn: in place where nothing reads the old one later, else by a copy at the end. */
function closeState(block: Block, states: readonly View[], next: readonly View[], outer: ReadonlySet<Storage>): void {
  const own = new Set(states.map((s) => actual(s.storage)));
  const readAtEnd = new Set(next.flatMap((v, k) => (actual(v.storage) !== actual(states[k]!.storage) ? [actual(v.storage)] : [])));
  const copies: { from: View; to: View }[] = [];
  const fixed = new Set([...own, ...outer]);
  next.forEach((v, k) => {
    const state = states[k]!;
    const s = actual(state.storage);
    if (actual(v.storage) === s && isWhole(v)) return;
    if (movable(v, fixed) && !readAtEnd.has(s) && updatesInPlace(block.instructions, actual(v.storage), s)) {
      const made = actual(v.storage);
      s.parts = made.parts ?? 1;
      made.same = s;
      fixed.add(s);
    } else copies.push({ from: v, to: state });
  });
  // Two steps where a state takes the old value of another.
  const staged = copies.map(({ from, to }) => ({ from: own.has(actual(from.storage)) ? block.copy(from) : from, to }));
  for (const { from, to } of staged) block.copyInto(from, to);
}

/** Storages that exist before the loop: results of the body that are one of them cannot be moved. */
function storagesOf(views: readonly View[]): Set<Storage> {
  return new Set(views.flatMap((v) => [actual(v.storage), ...(actual(v.storage).base ? [actual(actual(v.storage).base!)] : [])]));
}

export function lowerScan(block: Block, { inputs, attributes, outputs }: Equation): void {
  const { body, constants, carries, length, reverse } = attributes as {
    body: Graph;
    constants: number;
    carries: number;
    length: number;
    reverse: boolean;
  };
  const fixed = inputs.slice(0, constants).map((v) => block.view(v));
  const states = openState(block, inputs.slice(constants, constants + carries));
  const results = outputs.slice(carries).map((v) => block.fresh(v.shape, v.dtype));
  if (length > 0) {
    const elements = inputs.slice(constants + carries).map((v) => element(block, v, reverse));
    const given = [...fixed, ...states, ...elements];
    const { block: code, outputs: out } = inner(block, body, given, block.depth + 1);
    const outer = storagesOf(given);
    const targets = results.map((r) => slice(r, r.shape.slice(1), reverse, block.depth));
    const old = storagesOf(states);
    const ofOldState: { from: View; to: View }[] = [];
    const atEnd: { from: View; to: View }[] = [];
    const newState = new Set(out.slice(0, carries).map((v) => actual(v.storage)));
    out.slice(carries).forEach((from, i) => {
      const made = actual(from.storage);
      const straight = code.instructions.some((ins) => writes(ins, made) && ins.kind !== "loop" && ins.kind !== "cond");
      if (old.has(made)) ofOldState.push({ from, to: targets[i]! });
      else if (movable(from, outer) && !newState.has(made) && straight) made.same = targets[i]!.storage;
      else atEnd.push({ from, to: targets[i]! });
    });
    // What a turn reports of the state it began with is written before the state moves on.
    for (const { from, to } of ofOldState) code.instructions.unshift(...copied(code, from, to));
    closeState(code, states, out.slice(0, carries), outer);
    for (const { from, to } of atEnd) code.copyInto(from, to);
    block.push({ kind: "loop", trips: length, predicate: undefined, body: code.instructions, independent: carries === 0 });
  }
  outputs.forEach((v, i) => block.setView(v, i < carries ? states[i]! : results[i - carries]!));
}

function copied(block: Block, from: View, to: View): Instruction[] {
  const at = block.instructions.length;
  block.copyInto(from, to);
  return block.instructions.splice(at);
}

/** A bool scalar that a loop or branch can read at the start of its memory. */
const flagView = (block: Block, view: View): View => (view.offset === 0 && actual(view.storage).kind !== "slice" ? view : block.copy(view));

export function lowerWhile(block: Block, { inputs, attributes, outputs }: Equation): void {
  const { predicate, body, constants, maxIterations } = attributes as {
    predicate: Graph;
    body: Graph;
    constants: readonly [number, number];
    maxIterations: number | undefined;
  };
  const [np, nb] = constants;
  const fixed = inputs.slice(0, np + nb).map((v) => block.view(v));
  const states = openState(block, inputs.slice(np + nb));
  const test = inner(block, predicate, [...fixed.slice(0, np), ...states], block.depth + 1);
  const flag = flagView(test.block, test.outputs[0]!);
  const step = inner(block, body, [...fixed.slice(np), ...states], block.depth + 1);
  closeState(step.block, states, step.outputs, storagesOf([...fixed, ...states]));
  block.push({ kind: "loop", trips: maxIterations, predicate: { code: test.block.instructions, flag }, body: step.block.instructions });
  outputs.forEach((v, i) => block.setView(v, states[i]!));
}

export function lowerCond(block: Block, { inputs, attributes, outputs }: Equation): void {
  const { yes, no, constants } = attributes as { yes: Graph; no: Graph; constants: readonly [number, number] };
  const [ny, nn] = constants;
  const [given, ...rest] = inputs.map((v) => block.view(v)) as [View, ...View[]];
  const flag = flagView(block, given);
  const results = outputs.map((v) => block.fresh(v.shape, v.dtype));
  const branch = (graph: Graph, operands: readonly View[]): readonly Instruction[] => {
    const { block: code, outputs: out } = inner(block, graph, operands, block.depth);
    const fixed = storagesOf(operands);
    const copies = out.flatMap((from, i) => {
      const made = actual(from.storage);
      const straight = code.instructions.some((ins) => writes(ins, made) && ins.kind !== "loop" && ins.kind !== "cond");
      const result = actual(results[i]!.storage);
      if (!movable(from, fixed) || !straight) return [{ from, to: results[i]! }];
      result.parts = made.parts ?? 1;
      made.same = result;
      fixed.add(result);
      return [];
    });
    for (const { from, to } of copies) code.copyInto(from, to);
    return code.instructions;
  };
  const shared = rest.slice(ny + nn);
  const yesCode = branch(yes, [...rest.slice(0, ny), ...shared]);
  block.push({ kind: "cond", flag, yes: yesCode, no: branch(no, [...rest.slice(ny, ny + nn), ...shared]) });
  outputs.forEach((v, i) => block.setView(v, results[i]!));
}
