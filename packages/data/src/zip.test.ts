import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { readZipEntry } from "./zip.ts";

const text = new TextEncoder().encode("123456789");
/** CRC-32 of "123456789", the check value of the catalogue of CRC algorithms. */
const checkValue = 0xcbf43926;

/** An archive of one file by the APPNOTE, written out field by field. */
function archive({ content = text, crc = checkValue, method = 8, flags = 0, files = 1, comment = "" } = {}): Uint8Array {
  const packed = method === 8 ? deflateRawSync(content) : content;
  const name = Buffer.from("data.json");
  const common = Buffer.alloc(22);
  common.writeUInt16LE(flags, 0);
  common.writeUInt16LE(method, 2);
  common.writeUInt32LE(crc, 8);
  common.writeUInt32LE(packed.length, 12);
  common.writeUInt32LE(content.length, 16);
  common.writeUInt16LE(name.length, 20);
  const u16 = (value: number): Buffer => Buffer.of(value & 255, value >> 8);
  const u32 = (value: number): Buffer => Buffer.concat([u16(value & 0xffff), u16(value >>> 16)]);
  const file = Buffer.concat([u32(0x04034b50), u16(20), common, u16(0), name, packed]);
  const directory = Buffer.concat([u32(0x02014b50), u16(20), u16(20), common, Buffer.alloc(12), u32(0), name]);
  const entry = Buffer.concat([u32(0x02014b50), u16(20), u16(20), common, u16(0), u16(0), u16(0), u16(0), u32(0), u32(0), name]);
  expect(entry.length).toBe(directory.length);
  const end = [u32(0x06054b50), u16(0), u16(0), u16(files), u16(files), u32(entry.length), u32(file.length), u16(comment.length)];
  return Uint8Array.from(Buffer.concat([file, entry, ...end, Buffer.from(comment)]));
}

test.each([
  ["deflated", archive()],
  ["stored", archive({ method: 0 })],
  ["followed by a comment", archive({ comment: "made by hand" })],
])("the file of an archive comes out as it went in: %s", (_, bytes) => {
  expect(Buffer.from(readZipEntry(bytes, "a.zip")).toString()).toBe("123456789");
});

test.each([
  ["no archive", new Uint8Array(40), "no end of a zip directory"],
  ["an empty file", new Uint8Array(0), "no end of a zip directory"],
  ["two files", archive({ files: 2 }), "the archive holds 2 files"],
  ["an encrypted file", archive({ flags: 1 }), "encrypted"],
  ["another compression", archive({ method: 12 }), "method 12"],
  ["a wrong checksum", archive({ crc: 1 }), "does not match its checksum"],
])("%s is refused by name", (_, bytes, words) => {
  expect(() => readZipEntry(bytes, "a.zip")).toThrow(words);
});

test("whatever byte of an archive is changed or cut off, nothing worse comes of it than a refusal or the same content", () => {
  const whole = archive();
  const attempt = (bytes: Uint8Array): void => {
    try {
      expect(Buffer.from(readZipEntry(bytes, "a.zip")).toString()).toBe("123456789");
    } catch (error) {
      expect((error as { code?: string }).code).toBe("ZIP");
    }
  };
  for (let i = 0; i < whole.length; i++) {
    attempt(whole.subarray(0, i));
    const changed = whole.slice();
    changed[i]! ^= 0xff;
    attempt(changed);
  }
});
