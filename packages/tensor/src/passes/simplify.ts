import { type DType, isFloat } from "../dtype.ts";
import { type Attributes, type Equation, type Graph, type Variable, variable } from "../ir.ts";
import { control, keyOf } from "../merge.ts";
import type { ScanAttributes } from "../ops/scan.ts";
import { sizeOf } from "../shape.ts";
import { hoist } from "./hoist.ts";
import { concatOf, joined, type Pieces, piecesOfPad } from "./join-pads.ts";

/**
 * The same graph with less to compute: names resolved, arithmetic on constants done, neutral elements dropped, equal equations
 * merged, sums of slices' derivatives laid side by side, what a loop computes alike in every turn moved out of it, and what no result needs removed. Nothing that could turn a NaN into a number (x * 0) is rewritten.
 */
export function simplify(graph: Graph): Graph {
  return removeDead(rewrite(graph));
}

interface Rewriting {
  readonly names: Map<number, Variable>;
  readonly fills: Map<number, number>;
  readonly pieces: Map<number, Pieces>;
  /** x by -x. */
  readonly negated: Map<number, Variable>;
  /** Results by what computes them. */
  readonly seen: Map<string, readonly Variable[]>;
  readonly equations: Equation[];
}

const resolve = (r: Rewriting, v: Variable): Variable => r.names.get(v.id) ?? v;

/** f32 values are rounded as the device would round them. */
const rounded = (value: number, dtype: DType): number => (dtype === "f32" ? Math.fround(value) : value);

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: Math.max,
  min: Math.min,
};

/** Of one operand: rounded once, as IEEE 754 has it, on every device alike. */
const unary: Readonly<Record<string, (a: number) => number>> = {
  neg: (a) => -a,
  abs: Math.abs,
  square: (a) => a * a,
  reciprocal: (a) => 1 / a,
  sqrt: Math.sqrt,
};

/** The operand that the result equals, if the other is neutral. */
function neutral(op: string, [a, b]: readonly Variable[], fills: ReadonlyMap<number, number>): Variable | undefined {
  const [x, y] = [fills.get(a!.id), fills.get(b!.id)];
  if (
    (op === "add" && y === 0) ||
    (op === "sub" && y === 0) ||
    (op === "mul" && y === 1) ||
    (op === "div" && y === 1) ||
    (op === "pow" && y === 1)
  )
    return a;
  if ((op === "add" && x === 0) || (op === "mul" && x === 1)) return b;
  return undefined;
}

function filled(r: Rewriting, { op, attributes, outputs }: Equation, inputs: readonly Variable[]): number | undefined {
  const [out] = outputs as [Variable];
  if (op === "fill") return attributes.value as number;
  const values = inputs.map((v) => r.fills.get(v.id));
  if (!values.length || values.some((v) => v === undefined)) return undefined;
  const [a, b] = values as [number, number];
  if (op === "reshape" || op === "broadcast" || op === "transpose" || op === "slice") return a;
  if (op === "cast") return isFloat(out.dtype) && isFloat(inputs[0]!.dtype) ? rounded(a, out.dtype) : undefined;
  if (!isFloat(out.dtype)) return undefined;
  if (unary[op]) return rounded(unary[op](a), out.dtype);
  if (op === "reduce" && attributes.monoid === "sum")
    return rounded(a * sizeOf((attributes.axes as number[]).map((axis) => inputs[0]!.shape[axis]!)), out.dtype);
  return binary[op] && rounded(binary[op](a, b), out.dtype);
}

/** pow with a constant exponent as the cheaper op. */
function power(r: Rewriting, inputs: readonly Variable[]): string | undefined {
  const exponent = r.fills.get(inputs[1]!.id);
  return exponent === 2 ? "square" : exponent === 0.5 ? "sqrt" : exponent === -1 ? "reciprocal" : undefined;
}

function rewrite(graph: Graph): Graph {
  const r: Rewriting = { names: new Map(), fills: new Map(), pieces: new Map(), negated: new Map(), seen: new Map(), equations: [] };
  for (const equation of graph.equations) visit(r, equation);
  return { inputs: graph.inputs, equations: r.equations, outputs: graph.outputs.map((v) => resolve(r, v)) };
}

function visit(r: Rewriting, equation: Equation): void {
  const inputs = equation.inputs.map((v) => resolve(r, v));
  const [out] = equation.outputs as [Variable];
  let { op } = equation;
  if (op === "alias" || op === "stopGradient") return void r.names.set(out.id, inputs[0]!);
  const same = inputs.length === 2 ? neutral(op, inputs, r.fills) : undefined;
  if (same) return void r.names.set(out.id, same);
  if (control.has(op)) return visitControl(r, equation);
  const parts =
    op === "pad" ? piecesOfPad(equation, inputs[0]!) : op === "add" ? joined(...pair(inputs.map((v) => r.pieces.get(v.id)))) : undefined;
  if (parts) {
    r.pieces.set(out.id, parts);
    if (op === "add") return concatOf(parts, out).forEach((e) => void visit(r, e));
  }
  const positive = inputs.findIndex((v) => r.negated.has(v.id));
  if (positive >= 0 && isLinear(equation) && sizeOf(out.shape) < sizeOf(inputs[positive]!.shape)) {
    const opposite = variable(out.shape, out.dtype);
    visit(r, { ...equation, inputs: inputs.with(positive, r.negated.get(inputs[positive]!.id)!), outputs: [opposite] });
    return visit(r, { op: "neg", inputs: [opposite], attributes: {}, outputs: [out] });
  }
  const value = filled(r, equation, inputs);
  if (value !== undefined) r.fills.set(out.id, value);
  const attributes = value !== undefined ? { value, shape: out.shape, dtype: out.dtype } : equation.attributes;
  let ins = value !== undefined ? [] : inputs;
  if (value !== undefined) op = "fill";
  const cheaper = op === "pow" ? power(r, ins) : undefined;
  if (cheaper) {
    op = cheaper;
    ins = [ins[0]!];
  }
  const key = keyOf(op, ins, attributes, equation.outputs);
  const known = r.seen.get(key);
  if (known)
    return equation.outputs.forEach((v, i) => {
      r.names.set(v.id, known[i]!);
      const f = r.fills.get(known[i]!.id);
      if (f !== undefined) r.fills.set(v.id, f);
    });
  r.seen.set(key, equation.outputs);
  if (op === "neg") r.negated.set(out.id, ins[0]!);
  r.equations.push({ op, inputs: ins, attributes, outputs: equation.outputs });
}

/** Ops of which -f(x) is f(-x) to the bit: the sign is changed where there are fewer numbers. */
const isLinear = ({ op, attributes }: Equation): boolean => op === "matmul" || (op === "reduce" && attributes.monoid === "sum");

const pair = <T>(list: readonly T[]): [T, T] => [list[0]!, list[1]!];

/** A loop or branch: simplified inside, and without what every turn would compute alike. */
function visitControl(r: Rewriting, equation: Equation): void {
  const { before, loop } = hoist({ ...equation, attributes: simplifyBodies(equation.attributes) });
  for (const e of before) visit(r, e);
  const attributes = before.length > 0 ? { ...loop.attributes, body: removeDead(loop.attributes.body as Graph) } : loop.attributes;
  r.equations.push({ op: loop.op, inputs: loop.inputs.map((v) => resolve(r, v)), attributes, outputs: loop.outputs });
}

function simplifyBodies(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([k, v]) => [k, v !== null && typeof v === "object" && "equations" in v ? simplify(v as Graph) : v]),
  );
}

function removeDead(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((v) => v.id));
  const kept: Equation[] = [];
  for (let i = graph.equations.length - 1; i >= 0; i--) {
    let equation = graph.equations[i]!;
    if (!equation.outputs.some((v) => needed.has(v.id))) continue;
    if (equation.op === "scan") equation = pruneScan(equation, needed);
    kept.push(equation);
    for (const v of equation.inputs) needed.add(v.id);
  }
  return { ...graph, equations: kept.reverse() };
}

/** Which inputs of a body the given outputs need. */
function bodyNeeds(body: Graph, live: readonly boolean[]): Set<number> {
  const needed = new Set(body.outputs.filter((_, i) => live[i]).map((v) => v.id));
  for (let i = body.equations.length - 1; i >= 0; i--) {
    const { inputs, outputs } = body.equations[i]!;
    if (outputs.some((v) => needed.has(v.id))) for (const v of inputs) needed.add(v.id);
  }
  return needed;
}

/** A scan without the state, sequences and results that nobody reads. */
function pruneScan(equation: Equation, used: ReadonlySet<number>): Equation {
  const a = equation.attributes as unknown as ScanAttributes;
  const { constants: c, carries: s } = a;
  const live = equation.outputs.map((v) => used.has(v.id));
  let needs = bodyNeeds(a.body, live);
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < s; i++)
      if (!live[i] && needs.has(a.body.inputs[c + i]!.id)) {
        live[i] = true;
        changed = true;
      }
    if (changed) needs = bodyNeeds(a.body, live);
  }
  const keepInput = a.body.inputs.map((v, i) => (i >= c && i < c + s ? live[i - c]! : needs.has(v.id)));
  if (live.every(Boolean) && keepInput.every(Boolean)) return equation;
  const body = removeDead({
    inputs: a.body.inputs.filter((_, i) => keepInput[i]),
    equations: a.body.equations,
    outputs: a.body.outputs.filter((_, i) => live[i]),
  });
  const attributes = {
    ...a,
    body,
    constants: keepInput.slice(0, c).filter(Boolean).length,
    carries: live.slice(0, s).filter(Boolean).length,
  };
  return {
    op: "scan",
    inputs: equation.inputs.filter((_, i) => keepInput[i]),
    attributes: attributes as never,
    outputs: equation.outputs.filter((_, i) => live[i]),
  };
}
