import type { NdArray } from "../array.ts";
import { bytesOf } from "../dtype.ts";
import type { Equation, Graph, Variable } from "../ir.ts";
import { ruleOf } from "../op.ts";
import type { RowAttributes } from "../ops/rows.ts";
import { rowMajor, sizeOf } from "../shape.ts";
import { Block, partsOf, type Unit } from "./block.ts";
import { lowerCond, lowerScan, lowerWhile } from "./fuse-control.ts";
import { actual, isContiguous, type Lowered, type RowOperand, type Storage, storage, type View, wholeView } from "./instruction.ts";
import { applyView, collapsedStride, mergeAxes } from "./view.ts";

/** From equations to instructions: elementwise chains become clusters, views cost nothing, loops become nested lists. */
export function fuse(graph: Graph): Lowered {
  const unit: Unit = { values: new Map(), constants: [], constantStorages: new Map(), argumentCount: graph.inputs.length, depthMax: 0 };
  const block = new Block(unit, 0, graph.equations, graph.outputs);
  const inputs = graph.inputs.map((v, index) => {
    const s = storage("input", sizeOf(v.shape) * bytesOf[v.dtype], { index });
    block.setView(v, wholeView(s, v.shape, v.dtype));
    return s;
  });
  lowerEquations(block, graph.equations);
  const outputs: Storage[] = [];
  graph.outputs.forEach((v, index) => {
    let view = block.view(v);
    const s = actual(view.storage);
    if (s.kind !== "arena" || view.offset !== 0 || !isContiguous(view) || s.bytes !== Math.max(1, sizeOf(v.shape)) * bytesOf[v.dtype])
      view = block.copy(view);
    const result = actual(view.storage);
    result.kind = "output";
    result.index = index;
    outputs.push(result);
  });
  return {
    instructions: block.instructions,
    inputs: [...inputs, ...unit.constantStorages.values()],
    constants: unit.constants,
    outputs,
    depth: unit.depthMax,
  };
}

export function lowerEquations(block: Block, equations: readonly Equation[]): void {
  for (const equation of equations) lower[ruleOf(equation.op).kind](block, equation);
}

const lower = {
  elementwise: (block: Block, e: Equation) => block.elementwise(e),
  fill: (block: Block, e: Equation) => block.setFill(e.outputs[0]!, e.attributes.value as number),
  constant: lowerConstant,
  view: lowerView,
  reduce: lowerReduce,
  matmul: lowerMatmul,
  rows: lowerRows,
  concat: lowerConcat,
  pad: lowerPad,
  scan: lowerScan,
  while: lowerWhile,
  cond: lowerCond,
} as const;

function lowerConstant(block: Block, { attributes, outputs: [out] }: Equation): void {
  const { unit } = block;
  const { buffer } = attributes.array as NdArray;
  let s = unit.constantStorages.get(buffer);
  if (!s) {
    s = storage("input", sizeOf(out!.shape) * bytesOf[out!.dtype], { index: unit.argumentCount + unit.constants.length });
    unit.constants.push(buffer);
    unit.constantStorages.set(buffer, s);
  }
  block.setView(out!, wholeView(s, out!.shape, out!.dtype));
}

function lowerView(block: Block, e: Equation): void {
  const [input] = e.inputs as [Variable];
  const [out] = e.outputs as [Variable];
  const fill = block.fillOf(input);
  if (fill !== undefined) return block.setFill(out, fill);
  const view = block.view(input);
  block.setView(out, applyView(view, e) ?? applyView(block.copy(view), e)!);
}

function lowerReduce(block: Block, { op, inputs: [x], attributes, outputs: [out] }: Equation): void {
  const input = block.view(x!);
  const axes = op === "arg" ? [attributes.axis as number] : (attributes.axes as number[]);
  const output = block.fresh(out!.shape, out!.dtype);
  reduceInto(block, attributes.monoid as string, input, axes, output);
  block.setView(out!, output);
}

/** Rows into which a long sum to few numbers is cut first, so that threads share it; the cut does not depend on their number. */
const firstStage = 64;

function reduceInto(block: Block, monoid: string, input: View, axes: readonly number[], output: View): void {
  const rank = input.shape.length;
  const pick = (list: readonly number[], reduced: boolean): number[] =>
    Array.from({ length: rank }, (_, i) => i)
      .filter((i) => axes.includes(i) === reduced)
      .map((i) => list[i]!);
  const kept = mergeAxes(pick(input.shape, false), [pick(input.strides, false)]);
  const reduced = mergeAxes(pick(input.shape, true), [pick(input.strides, true)]);
  const n = reduced.dims[0] ?? 1;
  if (!monoid.startsWith("arg") && sizeOf(output.shape) === 1 && reduced.dims.length === 1 && n >= 16384 && n % firstStage === 0) {
    const rows: View = {
      ...input,
      shape: [firstStage, n / firstStage],
      strides: [(n / firstStage) * reduced.lists[0]![0]!, reduced.lists[0]![0]!],
    };
    const partial = block.fresh([firstStage], input.dtype);
    reduceInto(block, monoid, rows, [1], partial);
    return reduceInto(block, monoid, partial, [0], output);
  }
  const keptDims = kept.dims.length ? kept.dims : [1];
  const axis = keptDims.length === 1 && keptDims[0] === 1 ? 1 : (input.shape.find((d, i) => d !== 1 && !axes.includes(i)) ?? 1);
  const parts = axis === 1 ? 1 : partsOf(axis, [input.storage]);
  actual(output.storage).parts = parts;
  block.push({
    kind: "reduce",
    parts,
    monoid,
    input,
    output,
    kept: { dims: keptDims, strides: kept.dims.length ? kept.lists[0]! : [0] },
    reduced: { dims: reduced.dims.length ? reduced.dims : [1], strides: reduced.dims.length ? reduced.lists[0]! : [0] },
  });
}

/** `v` as batch, row, column with one unit stride among the last two, copied where it does not lie so. */
function matrixView(block: Block, v: Variable): View {
  const attempt = (view: View): View | undefined => {
    const lead = view.shape.slice(0, -2);
    const batch = collapsedStride(lead, view.strides.slice(0, -2));
    const [rows, columns] = view.shape.slice(-2) as [number, number];
    const [rowStride, columnStride] = view.strides.slice(-2) as [number, number];
    const unit = columnStride === 1 ? rowStride >= columns || rows === 1 : rowStride === 1 && (columnStride >= rows || columns === 1);
    if (batch === undefined || (!unit && rows !== 1 && columns !== 1) || batch < 0) return undefined;
    if (rows === 1 && columnStride !== 1)
      return columnStride > 0 ? { ...view, shape: [sizeOf(lead), rows, columns], strides: [batch, 1, columnStride] } : undefined;
    if (columns === 1 && rowStride !== 1)
      return rowStride > 0 ? { ...view, shape: [sizeOf(lead), rows, columns], strides: [batch, rowStride, 1] } : undefined;
    return { ...view, shape: [sizeOf(lead), rows, columns], strides: [batch, rowStride, columnStride] };
  };
  const view = block.view(v);
  return attempt(view) ?? attempt(block.copy(view))!;
}

/** A bias [..., n] of one row, its numbers one after the other. */
function biasView(block: Block, v: Variable): View {
  const view = block.view(v);
  const n = v.shape.at(-1)!;
  const unit = view.strides.at(-1) === 1 || n === 1 ? view : block.copy(view);
  return { ...unit, shape: [n], strides: [1] };
}

function lowerMatmul(block: Block, { inputs: [x, y, start], attributes, outputs: [out] }: Equation): void {
  const a = matrixView(block, x!);
  const b = matrixView(block, y!);
  const [batch, m, k] = a.shape as [number, number, number];
  const n = b.shape[2]!;
  const bias = start && biasView(block, start);
  const output = block.fresh(out!.shape, out!.dtype);
  const c: View = { ...output, shape: [batch, m, n], strides: [m * n, n, 1] };
  const parts = batch > 1 ? partsOf(batch, [a.storage, b.storage]) : partsOf(m, [a.storage]);
  actual(output.storage).parts = parts;
  const activation = attributes.activation as string | undefined;
  block.push({
    kind: "matmul",
    parts,
    dtype: out!.dtype,
    batch,
    m,
    k,
    n,
    a,
    b,
    c,
    ...(bias && { bias }),
    ...(activation !== undefined && { activation }),
  });
  block.setView(out!, output);
}

function lowerRows(block: Block, { op, inputs, attributes, outputs }: Equation): void {
  const a = attributes as unknown as RowAttributes;
  const rows = sizeOf(a.rows);
  const operand = (v: Variable, shared: boolean): RowOperand => {
    const attempt = (view: View): RowOperand | undefined => {
      const length = view.shape.at(-1)!;
      const stride = shared ? 0 : collapsedStride(view.shape.slice(0, -1), view.strides.slice(0, -1));
      return stride === undefined || stride < 0 || (length > 1 && view.strides.at(-1) !== 1)
        ? undefined
        : { view, rowStride: stride, rowLength: length };
    };
    const view = block.view(v);
    return attempt(view) ?? attempt(block.copy(view))!;
  };
  const ins = inputs.map((v, i) => operand(v, a.shared[i]!));
  const parts = partsOf(
    rows,
    ins.filter((i) => i.rowStride !== 0).map((i) => i.view.storage),
  );
  const outs = outputs.map((v) => {
    const view = block.fresh(v.shape, v.dtype);
    actual(view.storage).parts = parts;
    block.setView(v, view);
    return { view, rowStride: v.shape.at(-1)!, rowLength: v.shape.at(-1)! };
  });
  block.push({ kind: "rows", parts, op, rows, inputs: ins, outputs: outs, integers: a.integers, numbers: a.numbers });
}

function lowerConcat(block: Block, { inputs, attributes, outputs: [out] }: Equation): void {
  const axis = attributes.axis as number;
  const whole = block.fresh(out!.shape, out!.dtype);
  let at = 0;
  for (const v of inputs) {
    const part: View = { ...whole, shape: v.shape, offset: at * whole.strides[axis]! };
    if (sizeOf(v.shape) > 0) block.copyInto(block.view(v), part);
    at += v.shape[axis]!;
  }
  block.setView(out!, whole);
}

function lowerPad(block: Block, { inputs: [x], attributes, outputs: [out] }: Equation): void {
  const [low, inner] = [attributes.low as number[], attributes.inner as number[]];
  const whole = block.fresh(out!.shape, out!.dtype);
  block.emitCluster(
    out!.shape,
    [],
    [{ op: "constant", dtype: out!.dtype, result: out!.dtype, operands: [], immediate: attributes.value as number }],
    [{ value: 0, view: whole }],
  );
  const strides = rowMajor(out!.shape);
  if (sizeOf(x!.shape) > 0) {
    const offset = low.reduce((n, l, i) => n + l * strides[i]!, 0);
    block.copyInto(block.view(x!), { ...whole, shape: x!.shape, offset, strides: strides.map((s, i) => s * (inner[i]! + 1)) });
  }
  block.setView(out!, whole);
}
