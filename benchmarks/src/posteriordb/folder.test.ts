import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { indices, matrix, number, vector } from "./data.ts";
import { posteriorsIn, readPosterior } from "./folder.ts";

const directory = mkdtempSync(join(tmpdir(), "posteriordb-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** The checksum of ZIP archives. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

/** An archive of one stored file. */
function stored(value: unknown): Buffer {
  const bytes = Buffer.from(JSON.stringify(value));
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt32LE(crc32(bytes), 16);
  central.writeUInt32LE(bytes.length, 20);
  central.writeUInt32LE(bytes.length, 24);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(30 + bytes.length, 16);
  return Buffer.concat([local, bytes, central, end]);
}

const write = (name: string, files: Readonly<Record<string, unknown>>): void => {
  mkdirSync(join(directory, name));
  for (const [file, value] of Object.entries(files))
    writeFileSync(join(directory, name, file), file.endsWith(".zip") ? stored(value) : JSON.stringify(value));
};

test("data, draws by quantity and divergences are read, and a folder without draws has no reference", () => {
  write("b-line", { "posterior.json": { model_name: "line" }, "data.json.zip": { n: 2, y: [1, 2], x: [[1], [3]], at: [1, 2] } });
  write("a-line", {
    "posterior.json": { model_name: "line" },
    "data.json.zip": { n: 1 },
    "reference_draws.json.zip": [{ "b[1]": [1, 2] }, { "b[1]": [3, 4] }],
    "reference_draws.info.json": { diagnostics: { divergent_transitions: [0, 2, 1] } },
  });
  mkdirSync(join(directory, "something else"));
  expect(posteriorsIn(directory)).toEqual(["a-line", "b-line"]);
  const { model, reference } = readPosterior(directory, "a-line");
  expect(model).toBe("line");
  expect([...reference!.draws]).toEqual([["b[1]", [Float64Array.of(1, 2), Float64Array.of(3, 4)]]]);
  expect(reference!.divergences).toBe(3);
  const { data, reference: none } = readPosterior(directory, "b-line");
  expect(none).toBeUndefined();
  expect([number(data, "n"), vector(data, "y"), matrix(data, "x"), indices(data, "at")]).toEqual([
    2,
    [1, 2],
    [[1], [3]],
    Int32Array.of(0, 1),
  ]);
  expect(() => number(data, "sigma")).toThrow("the data have no sigma; there are n, y, x, at");
  expect(() => vector(data, "x")).toThrow("x must be a list of numbers, got [[1],[3]]");
});
