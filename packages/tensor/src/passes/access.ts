import { bytesOf, type DType } from "../dtype.ts";
import { actual, type Instruction, type Storage } from "./instruction.ts";

/** Bytes that an operand touches, and how the threads divide them. */
export interface Access {
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
export function accesses(i: Instruction): Access[] {
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

/** The memory that a storage is, or is a slice of. */
export const rootOf = (s: Storage): Storage => (s.base ? actual(s.base) : actual(s));

/**
 * Where a storage's bytes are: the arena is one space, every result one of its own; a slice moves through its base. Before storages have
 * their place in the arena, each is a space of its own.
 */
function spaceOf(s: Storage): { space: string; base: number; slice: string; span: number } {
  const root = rootOf(s);
  const slice = s.base ? `${s.strideBytes}:${s.reversed}:${s.depth}` : "";
  const movable = root.kind === "arena" || root.kind === "own";
  const placed = movable && root.offset !== undefined;
  return {
    space: placed ? root.kind : movable ? `unplaced${root.id}` : `${root.kind}${root.index}`,
    base: placed ? root.offset! : 0,
    slice,
    span: root.bytes,
  };
}

/** Whether one writes bytes that the other touches: their order matters. */
export function overlap(a: Access, b: Access): boolean {
  if (!a.write && !b.write) return false;
  const [sa, sb] = [spaceOf(a.storage), spaceOf(b.storage)];
  if (sa.space !== sb.space) return false;
  const range = (x: Access, s: ReturnType<typeof spaceOf>): [number, number] =>
    s.slice ? [s.base, s.base + s.span] : [s.base + x.low, s.base + x.high];
  const [la, ha] = range(a, sa);
  const [lb, hb] = range(b, sb);
  return ha > lb && hb > la;
}

/** Whether a thread would touch what another one may still be writing or reading, so that a barrier must stand between the two. */
export function conflict(a: Access, b: Access): boolean {
  if (!overlap(a, b)) return false;
  const [sa, sb] = [spaceOf(a.storage), spaceOf(b.storage)];
  if (a.parts === 1 && b.parts === 1) return false; // one thread, the same for both
  if (sa.slice !== sb.slice || a.parts !== b.parts || a.stride !== b.stride || a.stride === 0) return true;
  const starts = [sa.base + a.low, sb.base + b.low];
  return Math.max(starts[0]! + a.extent, starts[1]! + b.extent) - Math.min(...starts) > a.stride;
}
