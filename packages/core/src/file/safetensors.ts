import { createHash } from "node:crypto";
import type { DType } from "@credence/tensor";
import { FileFormatError } from "./errors.ts";

/**
 * The safetensors format (https://github.com/huggingface/safetensors): a little-endian u64 with the length of a JSON header, the header
 * `{ name: { dtype, shape, data_offsets } }`, then the arrays end to end. The metadata holds the SHA-256 of the arrays, so that a
 * changed bit is seen; files of other writers, which lack it, are read as well.
 */
export interface StoredArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;
}

export interface StoredArrays {
  readonly arrays: Readonly<Record<string, StoredArray>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const types = {
  F32: { dtype: "f32", bytes: 4, view: Float32Array },
  F64: { dtype: "f64", bytes: 8, view: Float64Array },
  I32: { dtype: "i32", bytes: 4, view: Int32Array },
  U32: { dtype: "u32", bytes: 4, view: Uint32Array },
  BOOL: { dtype: "bool", bytes: 1, view: Uint8Array },
} as const;

const codeOf = { f32: "F32", f64: "F64", i32: "I32", u32: "U32", bool: "BOOL" } as const;

const headerBytesMax = 100_000_000;

export function encodeSafetensors(
  arrays: Readonly<Record<string, StoredArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  // Widest types first: every array then starts at a multiple of its element size.
  const entries = Object.entries(arrays).sort(([, a], [, b]) => types[codeOf[b.dtype]].bytes - types[codeOf[a.dtype]].bytes);
  const hash = createHash("sha256");
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    if (name === "__metadata__") throw new RangeError('an array cannot be named "__metadata__"');
    if (data.length !== sizeOf(shape))
      throw new RangeError(`array ${name}: shape [${shape.join(", ")}] does not hold ${data.length} values`);
    header[name] = { dtype: codeOf[dtype], shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
    hash.update(bytesOf(data));
  }
  const text = JSON.stringify({ __metadata__: { ...metadata, sha256: hash.digest("hex") }, ...header });
  const encoded = new TextEncoder().encode(text);
  const padded = Math.ceil(encoded.length / 8) * 8;
  const file = new Uint8Array(8 + padded + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(encoded, 8);
  file.fill(0x20, 8 + encoded.length, 8 + padded);
  let at = 8 + padded;
  for (const [, { data }] of entries) {
    file.set(bytesOf(data), at);
    at += data.byteLength;
  }
  return file;
}

/** Reads what {@link encodeSafetensors} or another writer made; `file` names it in errors. Throws {@link FileFormatError}. */
export function decodeSafetensors(bytes: Uint8Array, file: string): StoredArrays {
  const refuse = (problem: string): never => {
    throw new FileFormatError(file, `${problem}; the file is corrupt or cut short`);
  };
  if (bytes.byteLength < 8) refuse(`${bytes.byteLength} bytes are too few for a safetensors file`);
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerLength > headerBytesMax || 8 + headerLength > bytes.byteLength) {
    refuse(`its header claims ${headerLength} bytes, the file has ${bytes.byteLength}`);
  }
  const header = parseHeader(bytes.subarray(8, 8 + headerLength), refuse);
  const data = bytes.subarray(8 + headerLength);

  const arrays: Record<string, StoredArray> = {};
  const metadata: Record<string, string> = {};
  let expectedStart = 0;
  const entries = Object.entries(header);
  for (const [key, value] of Object.entries(header["__metadata__"] ?? {})) metadata[key] = String(value);
  const described = entries.filter(([name]) => name !== "__metadata__").map(([name, entry]) => describe(name, entry, refuse));
  for (const { name, code, shape, start, end } of described.sort((a, b) => a.start - b.start)) {
    if (start !== expectedStart) refuse(`array ${name} starts at byte ${start}, expected ${expectedStart}`);
    if (end > data.byteLength) refuse(`array ${name} ends at byte ${end} of the data, which has ${data.byteLength}`);
    const type = types[code];
    if (end - start !== sizeOf(shape) * type.bytes) refuse(`array ${name} of shape [${shape.join(", ")}] has ${end - start} bytes`);
    // A copy, aligned for its type; `slice` would not do, which on a Buffer is a view.
    const copy = new Uint8Array(data.subarray(start, end));
    arrays[name] = { dtype: type.dtype, shape, data: new type.view(copy.buffer, 0, sizeOf(shape)) };
    expectedStart = end;
  }
  if (expectedStart !== data.byteLength) refuse(`${data.byteLength - expectedStart} bytes follow the last array`);
  const { sha256, ...rest } = metadata;
  if (sha256 !== undefined && sha256 !== createHash("sha256").update(data).digest("hex")) refuse("its checksum does not match its data");
  return { arrays, metadata: rest };
}

type Refuse = (problem: string) => never;

function parseHeader(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  } catch {
    // Told below, as any other header that is no object.
  }
  return refuse("its header is no JSON object");
}

function describe(name: string, entry: unknown, refuse: Refuse) {
  const { dtype, shape, data_offsets } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (typeof dtype !== "string" || !(dtype in types))
    refuse(`array ${name} has element type ${String(dtype)}, expected one of ${Object.keys(types).join(", ")}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) refuse(`array ${name} has no valid shape`);
  if (!Array.isArray(data_offsets) || data_offsets.length !== 2 || !data_offsets.every(isCount))
    refuse(`array ${name} has no valid offsets`);
  const [start, end] = data_offsets as [number, number];
  return { name, code: dtype as keyof typeof types, shape: shape as number[], start, end };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

function bytesOf(data: StoredArray["data"]): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
