import { bytesOf, type DType } from "../dtype.ts";
import { actual, type Instruction, type Lowered, type Storage } from "./instruction.ts";

/** A lowered program with a place in the arena for every storage, and barriers where threads read what others wrote. */
export interface Scheduled extends Lowered {
  readonly arenaBytes: number;
}

export function schedule(lowered: Lowered): Scheduled {
  const arenaBytes = placeStorages(lowered.instructions);
  return { ...lowered, instructions: placeBarriers(lowered.instructions), arenaBytes };
}

/** Bytes that an operand touches, and how the threads divide them. */
interface Access {
  readonly storage: Storage;
  readonly write: boolean;
  /** Bytes from the start of the storage. */
  readonly low: number;
  readonly high: number;
  readonly parts: number;
  /** Bytes from one part to the next; 0 = every thread touches all of it. */
  readonly stride: number;
  /** Bytes of one part. */
  readonly extent: number;
}

function access(
  storage: Storage,
  write: boolean,
  dtype: DType,
  offset: number,
  dims: readonly number[],
  strides: readonly number[],
  parts: number,
): Access {
  const bytes = bytesOf[dtype];
  let low = offset * bytes;
  let high = low + bytes;
  dims.forEach((d, i) => {
    const reach = (Math.max(d, 1) - 1) * strides[i]! * bytes;
    if (reach < 0) low += reach;
    else high += reach;
  });
  const axis = dims.findIndex((d) => d !== 1);
  const stride = axis < 0 || parts <= 0 ? 0 : (dims[axis]! / parts) * strides[axis]! * bytes;
  const whole = parts === 1 ? high - low : 0;
  const extent = stride > 0 ? high - low - (parts - 1) * stride : whole;
  return { storage: actual(storage), write, low, high, parts, stride: Math.max(stride, 0), extent };
}

/** Everything that one instruction (not a loop or branch) touches. */
function accesses(i: Instruction): Access[] {
  switch (i.kind) {
    case "cluster":
      return [
        ...i.loads.map((l) => access(l.storage, false, l.dtype, l.offset, i.dims, l.strides, i.parts)),
        ...i.stores.map(({ lane: l }) => access(l.storage, true, l.dtype, l.offset, i.dims, l.strides, i.parts)),
      ];
    case "reduce":
      return [
        access(
          i.input.storage,
          false,
          i.input.dtype,
          i.input.offset,
          [...i.kept.dims, ...i.reduced.dims],
          [...i.kept.strides, ...i.reduced.strides],
          i.kept.dims[0] === 1 && i.kept.dims.length === 1 ? 1 : i.parts,
        ),
        access(i.output.storage, true, i.output.dtype, i.output.offset, i.output.shape, i.output.strides, i.parts),
      ];
    case "matmul": {
      const rowsOnly = i.batch > 1 ? 0 : i.parts;
      const dims = (v: { shape: readonly number[] }): readonly number[] => v.shape;
      return [
        access(i.a.storage, false, i.dtype, i.a.offset, dims(i.a), i.a.strides, i.batch > 1 ? i.parts : rowsOnly),
        access(i.b.storage, false, i.dtype, i.b.offset, dims(i.b), i.b.strides, i.batch > 1 ? i.parts : i.parts === 1 ? 1 : 0),
        access(i.c.storage, true, i.dtype, i.c.offset, dims(i.c), i.c.strides, i.parts),
        ...(i.bias ? [access(i.bias.storage, false, i.dtype, i.bias.offset, i.bias.shape, i.bias.strides, i.parts === 1 ? 1 : 0)] : []),
      ];
    }
    case "rows":
      return [...i.inputs.map((o) => ({ o, write: false })), ...i.outputs.map((o) => ({ o, write: true }))].map(({ o, write }) =>
        access(o.view.storage, write, o.view.dtype, o.view.offset, [i.rows, o.rowLength], [o.rowStride, 1], i.rows === 1 ? 1 : i.parts),
      );
    default:
      return [];
  }
}

const children = (i: Instruction): readonly (readonly Instruction[])[] =>
  i.kind === "loop" ? [i.predicate?.code ?? [], i.body] : i.kind === "cond" ? [i.yes, i.no] : [];
const flags = (i: Instruction): Storage[] =>
  i.kind === "loop" && i.predicate ? [actual(i.predicate.flag.storage)] : i.kind === "cond" ? [actual(i.flag.storage)] : [];

interface Life {
  first: number;
  last: number;
}

/** First and last instruction that touches each piece of the arena; inside a loop, what exists outside of it lives to its end. */
function lifetimes(instructions: readonly Instruction[]): Map<Storage, Life> {
  const lives = new Map<Storage, Life>();
  let clock = 0;
  const touch = (s: Storage, at: number): void => {
    const root = s.base ? actual(s.base) : s;
    if (root.kind !== "arena") return;
    const life = lives.get(root);
    if (life) life.last = Math.max(life.last, at);
    else lives.set(root, { first: at, last: at });
  };
  const walk = (list: readonly Instruction[], sliced: Set<Storage>): void => {
    for (const i of list) {
      const at = clock++;
      for (const a of accesses(i)) {
        touch(a.storage, at);
        if (a.storage.base) sliced.add(actual(a.storage.base));
      }
      for (const s of flags(i)) touch(s, at);
      if (i.kind !== "loop") {
        for (const code of children(i)) walk(code, sliced);
        for (const s of flags(i)) touch(s, at);
        continue;
      }
      const before = new Set(lives.keys());
      const inside = new Set<Storage>();
      for (const code of children(i)) walk(code, inside);
      const end = clock++;
      for (const s of flags(i)) touch(s, end);
      for (const [s, life] of lives) if (before.has(s) && life.last > at) life.last = end;
      for (const s of inside) {
        touch(s, end);
        const life = lives.get(s);
        if (life) life.first = Math.min(life.first, at);
        sliced.add(s);
      }
    }
  };
  walk(instructions, new Set());
  return lives;
}

const align = (n: number): number => Math.ceil(n / 64) * 64;

/** Gives every storage the lowest place that is free during its life. Returns the bytes in all. */
function placeStorages(instructions: readonly Instruction[]): number {
  const lives = [...lifetimes(instructions)].sort(([, a], [, b]) => a.first - b.first);
  let live: { low: number; high: number; last: number }[] = [];
  let total = 0;
  for (const [s, { first, last }] of lives) {
    live = live.filter((l) => l.last >= first).sort((a, b) => a.low - b.low);
    const bytes = align(s.bytes);
    let at = 0;
    let best: number | undefined;
    let bestGap = Infinity;
    for (const l of live) {
      const gap = l.low - at;
      if (gap >= bytes && gap < bestGap) {
        best = at;
        bestGap = gap;
      }
      at = Math.max(at, l.high);
    }
    s.offset = best ?? at;
    live.push({ low: s.offset, high: s.offset + bytes, last });
    total = Math.max(total, s.offset + bytes);
  }
  return total;
}

/** Where a storage's bytes are: the arena is one space, every result one of its own; a slice moves through its base. */
function spaceOf(s: Storage): { space: string; base: number; slice: string; span: number } {
  const root = s.base ? actual(s.base) : s;
  const slice = s.base ? `${s.strideBytes}:${s.reversed}:${s.depth}` : "";
  return {
    space: root.kind === "arena" ? "arena" : `${root.kind}${root.index}`,
    base: root.kind === "arena" ? root.offset! : 0,
    slice,
    span: root.bytes,
  };
}

function conflict(a: Access, b: Access): boolean {
  if (!a.write && !b.write) return false;
  const [sa, sb] = [spaceOf(a.storage), spaceOf(b.storage)];
  if (sa.space !== sb.space) return false;
  const range = (x: Access, s: ReturnType<typeof spaceOf>): [number, number] =>
    s.slice ? [s.base, s.base + s.span] : [s.base + x.low, s.base + x.high];
  const [la, ha] = range(a, sa);
  const [lb, hb] = range(b, sb);
  if (ha <= lb || hb <= la) return false;
  if (a.parts === 1 && b.parts === 1) return false; // one thread, the same for both
  if (sa.slice !== sb.slice || a.parts !== b.parts || a.stride !== b.stride || a.stride === 0) return true;
  const starts = [sa.base + a.low, sb.base + b.low];
  return Math.max(starts[0]! + a.extent, starts[1]! + b.extent) - Math.min(...starts) > a.stride;
}

/** Barriers before every instruction that touches what another thread may still write or read. */
function placeBarriers(instructions: readonly Instruction[]): Instruction[] {
  const walk = (list: readonly Instruction[], pending: Access[]): { code: Instruction[]; pending: Access[] } => {
    const code: Instruction[] = [];
    let open = pending;
    for (const i of list) {
      if (i.kind === "loop") {
        if (open.length) code.push({ kind: "barrier" });
        const predicate = i.predicate && { ...i.predicate, code: walk(i.predicate.code, []).code };
        code.push({ ...i, predicate, body: walk(i.body, []).code });
        open = [];
        continue;
      }
      if (i.kind === "cond") {
        const [yes, no] = [walk(i.yes, []), walk(i.no, [])];
        code.push({ ...i, yes: yes.code, no: no.code });
        open = [...yes.pending, ...no.pending];
        continue;
      }
      const next = accesses(i);
      if (next.some((a) => open.some((b) => conflict(a, b)))) {
        code.push({ kind: "barrier" });
        open = [];
      }
      open.push(...next.filter((a) => a.storage.kind !== "input"));
      code.push(i);
    }
    return { code, pending: open };
  };
  return walk(instructions, []).code;
}
