import { inflateRawSync } from "node:zlib";
import { ZipError } from "./zip-error.ts";

/** Signatures of PKWARE's APPNOTE 6.3.10: end of the central directory, its entries, and the header before each file. */
const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const fileSignature = 0x04034b50;

const methods = { stored: 0, deflated: 8 } as const;

/** No data set of the registry comes near; a file that claims more is no data set. */
const sizeMax = 1 << 30;

/**
 * The bytes of the only file of a zip archive, stored or deflated.
 *
 * @param path names the archive in messages.
 * @throws {ZipError} where the archive is damaged, encrypted, in several parts, compressed otherwise, or holds not exactly one file.
 */
export function readZipEntry(archive: Uint8Array, path: string): Uint8Array {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const fail = (fault: string, cause?: unknown): never => {
    throw new ZipError(path, `${fault}; expected a zip archive with one file`, cause === undefined ? undefined : { cause });
  };
  const end = endOfDirectory(view) ?? fail("no end of a zip directory");
  const count = view.getUint16(end + 10, true);
  if (count !== 1) fail(`the archive holds ${count} files`);
  const entry = view.getUint32(end + 16, true);
  if (entry + 46 > end || view.getUint32(entry, true) !== entrySignature) fail("its directory is damaged");
  const flags = view.getUint16(entry + 8, true);
  const method = view.getUint16(entry + 10, true);
  const checksum = view.getUint32(entry + 16, true);
  const compressed = view.getUint32(entry + 20, true);
  const size = view.getUint32(entry + 24, true);
  const header = view.getUint32(entry + 42, true);
  if ((flags & 1) !== 0) fail("the file is encrypted");
  if (method !== methods.stored && method !== methods.deflated) fail(`the file is compressed by method ${method}, expected 0 or 8`);
  if (size > sizeMax) fail(`the file claims ${size} bytes, more than ${sizeMax}`);
  if (header + 30 > end || view.getUint32(header, true) !== fileSignature) fail("the header of its file is damaged");
  const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  if (start + compressed > end) fail("its file is cut short");
  const packed = archive.subarray(start, start + compressed);
  const bytes = method === methods.stored ? packed : inflate(packed, size, fail);
  if (bytes.length !== size || crc32(bytes) !== checksum) fail("its file does not match its checksum");
  return bytes;
}

function inflate(packed: Uint8Array, size: number, fail: (fault: string, cause: unknown) => never): Uint8Array {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    return fail("its file is damaged", error);
  }
}

/** The record stands at the very end, before a comment of up to 65,535 bytes. */
function endOfDirectory(view: DataView): number | undefined {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 65535); at--) {
    if (view.getUint32(at, true) === endSignature) return at;
  }
  return undefined;
}

/** The cyclic redundancy check of ISO 3309, bit-reversed polynomial 0xEDB88320. (`zlib.crc32` is not in Node 20.) */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return (crc ^ 0xffffffff) >>> 0;
}
