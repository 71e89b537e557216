import { describe, expect, it } from "vitest";
import { FileFormatError } from "./errors.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

const arrays = {
  flags: { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) },
  weight: { dtype: "f32", shape: [2, 2], data: Float32Array.of(1.5, -2, 3, Number.NaN) },
  scale: { dtype: "f64", shape: [], data: Float64Array.of(Math.PI) },
  none: { dtype: "i32", shape: [0, 4], data: new Int32Array(0) },
} as const;

describe("safetensors", () => {
  it("gives back the arrays and the metadata", () => {
    const { arrays: read, metadata } = decodeSafetensors(encodeSafetensors(arrays, { epoch: "12" }), "memory");
    expect(metadata).toEqual({ epoch: "12" });
    for (const [name, array] of Object.entries(arrays)) expect(read[name]).toEqual(array);
  });

  it("reads a part of a larger buffer, as files come from the disk", () => {
    const bytes = encodeSafetensors(arrays);
    const pool = Buffer.alloc(bytes.length + 13);
    pool.set(bytes, 5);
    expect(decodeSafetensors(pool.subarray(5, 5 + bytes.length), "pool").arrays["weight"]).toEqual(arrays.weight);
  });

  it("follows the published layout: length, JSON header, data", () => {
    const bytes = encodeSafetensors({ a: { dtype: "f32", shape: [1], data: Float32Array.of(1) } });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toMatchObject({
      a: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
    });
    expect(bytes.length).toBe(8 + length + 4);
  });

  it("refuses a file cut at any length", () => {
    const bytes = encodeSafetensors(arrays);
    for (let length = 0; length < bytes.length; length += 3) {
      expect(() => decodeSafetensors(bytes.subarray(0, length), "cut")).toThrow(FileFormatError);
    }
  });

  it("refuses a file with any single byte of its data changed", () => {
    const bytes = encodeSafetensors(arrays);
    const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    for (let at = start; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 0x10;
      expect(() => decodeSafetensors(changed, "changed")).toThrow(/checksum/);
    }
  });

  it("never does anything worse than refuse when bytes of the header are changed", () => {
    const bytes = encodeSafetensors(arrays);
    const headerEnd = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    let refused = 0;
    for (let at = 0; at < headerEnd; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 0x15;
      try {
        decodeSafetensors(changed, "changed");
      } catch (error) {
        expect(error).toBeInstanceOf(FileFormatError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(headerEnd / 2);
  });

  it("refuses to write an array whose shape does not hold its values", () => {
    expect(() => encodeSafetensors({ a: { dtype: "f32", shape: [3], data: Float32Array.of(1) } })).toThrow(RangeError);
  });
});
