import type { Equation } from "../ir.ts";
import { rowMajor, type Shape, sizeOf } from "../shape.ts";
import type { View } from "./instruction.ts";

/** Strides for `shape` over the same elements in the same order, or undefined where only a copy has them. */
function reshapeStrides(view: View, shape: Shape): number[] | undefined {
  if (sizeOf(shape) === 0) return rowMajor(shape);
  const from = view.shape.map((d, i) => ({ d, s: view.strides[i]! })).filter(({ d }) => d !== 1);
  const out: number[] = [];
  const groups: { d: number; s: number }[] = [];
  // Merge neighbours that lie one after the other, then cut the runs to the new extents.
  for (const f of from) {
    const last = groups.at(-1);
    if (last && last.s === f.s * f.d) groups[groups.length - 1] = { d: last.d * f.d, s: f.s };
    else groups.push({ ...f });
  }
  let axis = 0;
  let left = groups[0]?.d ?? 1;
  for (const d of shape) {
    if (d === 1) {
      out.push(0);
      continue;
    }
    if (left === 1) left = groups[++axis]?.d ?? 1;
    if (left % d !== 0) return undefined;
    left /= d;
    out.push(groups[axis]!.s * left);
  }
  return out;
}

/** What a view op makes of a view, or undefined where the elements must be copied first. */
export function applyView(view: View, { op, attributes, outputs }: Equation): View | undefined {
  const { shape } = outputs[0]!;
  if (op === "reshape") {
    const strides = reshapeStrides(view, shape);
    return strides && { ...view, shape, strides };
  }
  if (op === "transpose") return { ...view, shape, strides: (attributes.permutation as number[]).map((p) => view.strides[p]!) };
  if (op === "broadcast") {
    const lead = shape.length - view.shape.length;
    return { ...view, shape, strides: shape.map((_, i) => (i < lead || view.shape[i - lead] === 1 ? 0 : view.strides[i - lead]!)) };
  }
  if (op === "slice") {
    const starts = attributes.starts as number[];
    const steps = attributes.steps as number[];
    const offset = sizeOf(shape) === 0 ? view.offset : starts.reduce((at, s, i) => at + s * view.strides[i]!, view.offset);
    return { ...view, shape, offset, strides: view.strides.map((s, i) => s * steps[i]!) };
  }
  if (op === "alias" || op === "stopGradient") return view;
  throw new Error(`${op} is no view`);
}

/** One stride for several axes taken together, or undefined where they do not lie evenly. Extents of 1 do not matter. */
export function collapsedStride(dims: Shape, strides: readonly number[]): number | undefined {
  const axes = dims.map((d, i) => ({ d, s: strides[i]! })).filter(({ d }) => d !== 1);
  if (!axes.length) return 0;
  for (let i = 0; i + 1 < axes.length; i++) if (axes[i]!.s !== axes[i + 1]!.s * axes[i + 1]!.d) return undefined;
  return axes.at(-1)!.s;
}

/** Neighbouring axes merged where every one of the stride lists allows it; extents of 1 disappear. */
export function mergeAxes(dims: readonly number[], lists: readonly (readonly number[])[]): { dims: number[]; lists: number[][] } {
  const keep = dims.map((_, i) => i).filter((i) => dims[i] !== 1);
  const out: { dims: number[]; lists: number[][] } = { dims: [], lists: lists.map(() => []) };
  for (const i of keep) {
    const at = out.dims.length - 1;
    if (at >= 0 && lists.every((l, k) => out.lists[k]![at] === l[i]! * dims[i]!)) {
      out.dims[at]! *= dims[i]!;
      for (const [k, l] of lists.entries()) out.lists[k]![at] = l[i]!;
    } else {
      out.dims.push(dims[i]!);
      for (const [k, l] of lists.entries()) out.lists[k]!.push(l[i]!);
    }
  }
  return out;
}
