import { bytesOf, type DType } from "../dtype.ts";
import type { Equation, Variable } from "../ir.ts";
import type { NativeBuffer } from "../native.ts";
import { type Shape, sizeOf } from "../shape.ts";
import {
  actual,
  type Cluster,
  type Instruction,
  isContiguous,
  type Lane,
  type Step,
  type Storage,
  storage,
  type View,
  wholeView,
} from "./instruction.ts";

/** Loads and steps of one cluster together; each may need a register. */
const clusterMax = 60;

interface OpenCluster {
  readonly shape: Shape;
  readonly loads: Lane[];
  readonly loadKeys: Map<string, number>;
  /** Operands: >= 0 a step, < 0 the load ~n. */
  readonly steps: Step[];
  readonly stepKeys: Map<string, number>;
  readonly members: Map<number, number>;
  readonly insideUses: Map<number, number>;
  closed: boolean;
}

type Value = { readonly view: View } | { readonly fill: number } | { readonly cluster: OpenCluster; readonly step: number };

/** What all blocks of a program share. */
export interface Unit {
  readonly values: Map<number, Value>;
  readonly constants: NativeBuffer[];
  readonly constantStorages: Map<NativeBuffer, Storage>;
  readonly argumentCount: number;
  depthMax: number;
}

/** Lowers one straight list of equations: chains of elementwise ops gather in open clusters until something else needs their result. */
export class Block {
  readonly unit: Unit;
  readonly depth: number;
  readonly instructions: Instruction[] = [];
  readonly #open = new Map<string, OpenCluster>();
  readonly #uses = new Map<number, number>();

  constructor(unit: Unit, depth: number, equations: readonly Equation[], outputs: readonly Variable[]) {
    this.unit = unit;
    this.depth = depth;
    unit.depthMax = Math.max(unit.depthMax, depth);
    const count = (v: Variable): void => void this.#uses.set(v.id, (this.#uses.get(v.id) ?? 0) + 1);
    for (const e of equations) e.inputs.forEach(count);
    outputs.forEach(count);
  }

  setView(v: Variable, view: View): void {
    this.unit.values.set(v.id, { view });
  }

  setFill(v: Variable, fill: number): void {
    this.unit.values.set(v.id, { fill });
  }

  fillOf(v: Variable): number | undefined {
    const value = this.unit.values.get(v.id)!;
    return "fill" in value ? value.fill : undefined;
  }

  /** The memory that holds `v`, computed by now. */
  view(v: Variable): View {
    const value = this.unit.values.get(v.id)!;
    if ("view" in value) return value.view;
    if ("cluster" in value) {
      this.#close(value.cluster);
      return this.view(v);
    }
    const view = this.fresh(v.shape, v.dtype);
    this.emitCluster(
      v.shape,
      [],
      [{ op: "constant", dtype: v.dtype, result: v.dtype, operands: [], immediate: value.fill }],
      [{ value: 0, view }],
    );
    this.setView(v, view);
    return view;
  }

  /** As `view`, with elements in row-major order one after the other. */
  contiguous(v: Variable): View {
    const view = this.view(v);
    if (isContiguous(view)) return view;
    const copy = this.copy(view);
    this.setView(v, copy);
    return copy;
  }

  fresh(shape: Shape, dtype: DType): View {
    return wholeView(storage("arena", Math.max(1, sizeOf(shape)) * bytesOf[dtype]), shape, dtype);
  }

  copy(view: View): View {
    const to = this.fresh(view.shape, view.dtype);
    this.copyInto(view, to);
    return to;
  }

  copyInto(from: View, to: View): void {
    this.emitCluster(from.shape, [from], [], [{ value: 0, view: to }]);
  }

  push(instruction: Instruction): void {
    this.instructions.push(instruction);
  }

  /** A cluster of the given operands; `value` counts loads, then steps. */
  emitCluster(shape: Shape, loads: readonly View[], steps: readonly Step[], stores: readonly { value: number; view: View }[]): void {
    const lane = (v: View): Lane => ({ storage: v.storage, dtype: v.dtype, offset: v.offset, strides: [...v.strides] });
    const dims = shape.length ? [...shape] : [1];
    const scalar = (l: Lane): Lane => (shape.length ? l : { ...l, strides: [0] });
    const cluster: Cluster = {
      kind: "cluster",
      dims,
      parts: 1,
      loads: loads.map((v) => scalar(lane(v))),
      steps: [...steps],
      stores: stores.map(({ value, view }) => ({ value, lane: scalar(lane(view)) })),
    };
    const axis = dims.findIndex((d) => d !== 1);
    cluster.parts =
      axis < 0
        ? 1
        : partsOf(
            dims[axis]!,
            loads.map((v) => v.storage),
          );
    for (const { view } of stores) actual(view.storage).parts = cluster.parts;
    this.push(cluster);
  }

  /** Adds an elementwise equation to a cluster of its shape. */
  elementwise(e: Equation): void {
    const [out] = e.outputs as [Variable];
    const key = out.shape.join(",");
    const prepared = e.inputs.map((v) => {
      const value = this.unit.values.get(v.id)!;
      if ("cluster" in value && value.cluster !== this.#open.get(key)) {
        this.#close(value.cluster);
        return { view: this.view(v) };
      }
      return value;
    });
    let cluster = this.#open.get(key);
    if (cluster && cluster.loads.length + cluster.steps.length + e.inputs.length + 1 > clusterMax) {
      this.#close(cluster);
      return this.elementwise(e);
    }
    if (!cluster) {
      cluster = {
        shape: out.shape,
        loads: [],
        loadKeys: new Map(),
        steps: [],
        stepKeys: new Map(),
        members: new Map(),
        insideUses: new Map(),
        closed: false,
      };
      this.#open.set(key, cluster);
    }
    const into = cluster;
    const operands = prepared.map((value, i) => {
      const v = e.inputs[i]!;
      if ("fill" in value) return constantStep(into, value.fill, v.dtype);
      if ("view" in value) return ~loadOf(into, value.view);
      into.insideUses.set(v.id, (into.insideUses.get(v.id) ?? 0) + 1);
      return value.step;
    });
    const step = into.steps.length;
    const immediate = e.op === "iota" ? (e.attributes.axis as number) : undefined;
    into.steps.push({
      op: e.op,
      dtype: e.inputs.at(-1)?.dtype ?? out.dtype,
      result: out.dtype,
      operands,
      ...(immediate !== undefined ? { immediate } : {}),
    });
    into.members.set(out.id, step);
    this.unit.values.set(out.id, { cluster: into, step });
  }

  #close(cluster: OpenCluster): void {
    if (cluster.closed) return;
    cluster.closed = true;
    const key = cluster.shape.join(",");
    if (this.#open.get(key) === cluster) this.#open.delete(key);
    const loads = cluster.loads.length;
    const position = (operand: number): number => (operand < 0 ? ~operand : loads + operand);
    const stores: { value: number; view: View }[] = [];
    for (const [id, step] of cluster.members) {
      if ((this.#uses.get(id) ?? 0) <= (cluster.insideUses.get(id) ?? 0)) continue;
      const view = this.fresh(cluster.shape, cluster.steps[step]!.result);
      stores.push({ value: loads + step, view });
      this.unit.values.set(id, { view });
    }
    const views = cluster.loads.map(
      (l): View => ({ storage: l.storage, dtype: l.dtype, offset: l.offset, shape: cluster.shape, strides: l.strides }),
    );
    this.emitCluster(
      cluster.shape,
      views,
      cluster.steps.map((s) => ({ ...s, operands: s.operands.map(position) })),
      stores,
    );
  }
}

function loadOf(cluster: OpenCluster, view: View): number {
  const key = `${view.storage.id}:${view.dtype}:${view.offset}:${view.strides.join(",")}`;
  const known = cluster.loadKeys.get(key);
  if (known !== undefined) return known;
  cluster.loads.push({ storage: view.storage, dtype: view.dtype, offset: view.offset, strides: [...view.strides] });
  cluster.loadKeys.set(key, cluster.loads.length - 1);
  return cluster.loads.length - 1;
}

function constantStep(cluster: OpenCluster, value: number, dtype: DType): number {
  const key = `${dtype}:${Object.is(value, -0) ? "-0" : value}`;
  const known = cluster.stepKeys.get(key);
  if (known !== undefined) return known;
  cluster.steps.push({ op: "constant", dtype, result: dtype, operands: [], immediate: value });
  cluster.stepKeys.set(key, cluster.steps.length - 1);
  return cluster.steps.length - 1;
}

/** Parts for a leading extent: as the operands are divided already, where that goes, so that threads stay on their own rows. */
export function partsOf(extent: number, operands: readonly Storage[]): number {
  const divided = operands
    .map(actual)
    .filter((s) => s.parts !== undefined && s.parts > 1 && extent % s.parts === 0)
    .sort((a, b) => b.bytes - a.bytes);
  return Math.max(1, divided[0]?.parts ?? extent);
}
