import { type DType, dtypes } from "../dtype.ts";
import { type Opcodes, planVersion } from "../native.ts";
import { actual, type Cluster, type Instruction, type Storage, type View } from "./instruction.ts";
import type { Scheduled } from "./schedule.ts";
import { mergeAxes } from "./view.ts";

const magic = 0x4e445243;
const headerWords = 16;
const none = 0xffffffff;

const typeCode = (dtype: DType): number => dtypes.indexOf(dtype);
const low = (n: number): number => n >>> 0;
const high = (n: number): number => Math.floor(n / 2 ** 32) >>> 0;

function doubleWords(value: number): [number, number] {
  const bits = new Uint32Array(Float64Array.of(value).buffer);
  return [bits[0]!, bits[1]!];
}

/** The flat form of a program that native code takes: see native/include/credence/plan.hpp for every word. */
export function encode(program: Scheduled, opcodes: Opcodes): Uint32Array {
  const slots: number[][] = [];
  const slotIds = new Map<Storage, number>();

  const slot = (storage: Storage): number => {
    const s = actual(storage);
    const known = slotIds.get(s);
    if (known !== undefined) return known;
    const base = s.base && slot(s.base);
    const words =
      s.kind === "arena" || s.kind === "own"
        ? [s.kind === "arena" ? 0 : 5, 0, low(s.offset!), high(s.offset!), low(s.bytes), high(s.bytes), 0, 0]
        : s.kind === "slice"
          ? [4, base!, s.depth!, 0, low(s.bytes), high(s.bytes), s.strideBytes!, s.reversed ? 1 : 0]
          : [s.kind === "input" ? 1 : 2, s.index!, 0, 0, low(s.bytes), high(s.bytes), 0, 0];
    slots.push(words);
    slotIds.set(s, slots.length - 1);
    return slots.length - 1;
  };

  const codeOf = (table: keyof Opcodes, name: string): number => {
    const code = opcodes[table][name];
    if (code === undefined) throw new Error(`the native binary knows no ${table} "${name}"; it is older than this package: build it anew`);
    return code;
  };
  const at = (v: View): number[] => [slot(v.storage), v.offset];

  const instruction = (i: Instruction): number[] => {
    const body = encodeBody(i);
    return [codeOf("instructions", i.kind), body.length + 2, ...body];
  };
  const block = (list: readonly Instruction[]): number[] => list.flatMap(instruction);

  const encodeBody = (i: Instruction): number[] => {
    switch (i.kind) {
      case "barrier":
        return [];
      case "cluster":
        return encodeCluster(i, slot, (name) => codeOf("steps", name));
      case "reduce":
        return [
          i.parts,
          codeOf("monoids", i.monoid),
          typeCode(i.input.dtype),
          i.kept.dims.length,
          i.reduced.dims.length,
          ...i.kept.dims,
          ...i.reduced.dims,
          ...at(i.input),
          ...i.kept.strides,
          ...i.reduced.strides,
          ...at(i.output),
        ];
      case "matmul":
        return [
          i.parts,
          typeCode(i.dtype),
          i.batch,
          i.m,
          i.n,
          i.k,
          ...at(i.a),
          ...i.a.strides,
          ...at(i.b),
          ...i.b.strides,
          ...at(i.c),
          i.c.strides[0]!,
          i.c.strides[1]!,
          ...(i.bias ? at(i.bias) : [none, 0]),
          i.activation ? codeOf("steps", i.activation) : 0,
          0,
        ];
      case "rows":
        return [
          i.parts,
          codeOf("rows", i.op),
          i.rows,
          i.inputs.length + i.outputs.length,
          i.integers.length,
          i.numbers.length,
          ...[...i.inputs, ...i.outputs].flatMap((o) => [
            slot(o.view.storage),
            typeCode(o.view.dtype),
            o.view.offset,
            o.rowStride,
            o.rowLength,
          ]),
          ...i.integers,
          ...i.numbers.flatMap(doubleWords),
        ];
      case "loop": {
        const predicate = i.predicate ? block(i.predicate.code) : [];
        const body = block(i.body);
        return [
          i.predicate ? 1 : i.independent ? 2 : 0,
          i.trips ?? none,
          i.predicate ? slot(i.predicate.flag.storage) : none,
          predicate.length,
          body.length,
          ...predicate,
          ...body,
        ];
      }
      case "cond": {
        const [yes, no] = [block(i.yes), block(i.no)];
        return [slot(i.flag.storage), yes.length, no.length, ...yes, ...no];
      }
    }
  };

  const inputs = program.inputs.map(slot).length;
  const outputs = program.outputs.map(slot).length;
  const code = block(program.instructions);
  const header = new Array<number>(headerWords).fill(0);
  const arena = Math.max(program.arenaBytes, 64);
  const { depth, ownBytes: own } = program;
  header.splice(
    0,
    13,
    magic,
    planVersion,
    slots.length,
    code.length,
    low(arena),
    high(arena),
    inputs,
    outputs,
    0,
    0,
    depth,
    low(own),
    high(own),
  );
  const words = [...header, ...slots.flat(), ...code];
  while (words.length % 16) words.push(0);
  return Uint32Array.from(words);
}

/** Words of a cluster: axes merged where all operands allow it, registers given to values for as long as they are needed. */
function encodeCluster(c: Cluster, slot: (s: Storage) => number, step: (name: string) => number): number[] {
  const hasIota = c.steps.some((s) => s.op === "iota");
  const strideLists = [...c.loads.map((l) => l.strides), ...c.stores.map((s) => s.lane.strides)];
  const lead = c.dims.findIndex((d) => d !== 1);
  // An index along an axis needs that axis as it is: only leading extents of 1 go.
  const merged = hasIota
    ? { dims: lead < 0 ? [] : c.dims.slice(lead), lists: strideLists.map((l) => l.slice(lead)) }
    : mergeAxes(c.dims, strideLists);
  const dims = merged.dims.length ? merged.dims : [1];
  const lists = merged.dims.length ? merged.lists : strideLists.map(() => [0]);

  const loads = c.loads.length;
  const lastUse = new Array<number>(loads + c.steps.length).fill(-1);
  c.steps.forEach((s, i) => {
    for (const o of s.operands) lastUse[o] = i;
  });
  for (const { value } of c.stores) lastUse[value] = c.steps.length;
  const registers: number[] = [];
  const free: number[] = [];
  let count = 0;
  const take = (): number => free.pop() ?? count++;
  for (let i = 0; i < loads; i++) registers.push(take());
  c.steps.forEach((s, i) => {
    registers.push(take());
    for (const o of new Set(s.operands)) if (lastUse[o] === i) free.push(registers[o]!);
    if (lastUse[loads + i]! < 0) free.push(registers[loads + i]!);
  });

  const words = [c.parts, dims.length, loads, Math.max(count, 1), c.steps.length, c.stores.length, ...dims];
  c.loads.forEach((l, i) => words.push(registers[i]!, typeCode(l.dtype), slot(l.storage), l.offset, ...lists[i]!));
  c.steps.forEach((s, i) => {
    const [a = 0, b = 0, third = 0] = s.operands.map((o) => registers[o]!);
    const still = s.op === "iota" && (lead < 0 || s.immediate! < lead); // an axis of extent 1: the index is 0
    const op = still ? "constant" : s.op;
    const fields =
      op === "constant"
        ? [0, ...doubleWords(still ? 0 : s.immediate!)]
        : op === "iota"
          ? [s.immediate! - lead, 0, 0]
          : op === "cast"
            ? [a, typeCode(s.result), 0]
            : [a, b, third];
    words.push(step(op), typeCode(s.dtype), registers[loads + i]!, ...fields);
  });
  c.stores.forEach(({ value, lane }, i) =>
    words.push(registers[value]!, typeCode(lane.dtype), slot(lane.storage), lane.offset, ...lists[loads + i]!),
  );
  return words;
}
