import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../file/atomic.ts";
import { FileFormatError } from "../file/errors.ts";
import { decodeSafetensors, encodeSafetensors, type StoredArray } from "../file/safetensors.ts";
import type { Block, BlockSource, Failure } from "./block.ts";

/** What makes two simulations the same one: a directory holds the shards of one of them. */
export interface SimulationIdentity {
  readonly seed: number;
  readonly chunk: number;
  readonly names: readonly string[];
  readonly simulator: string;
  /** SHA-256 of the parameters where they were given. */
  readonly given?: string;
}

const version = 1;

/** A source that keeps every block it gave in `directory` and reads it from there the next time. */
export async function storedBlocks(source: BlockSource, directory: string, identity: SimulationIdentity): Promise<BlockSource> {
  await claim(join(directory, "simulation.json"), identity);
  return async (start, rows, signal) => {
    // The name holds both ends: a last, partial block of a shorter run is not mistaken for a whole one.
    const path = join(directory, `rows-${start}-${start + rows}.safetensors`);
    const stored = await readIfPresent(path);
    if (stored) return decodeBlock(stored, path, rows);
    const block = await source(start, rows, signal);
    await writeAtomically(path, encodeBlock(block, rows));
    return block;
  };
}

/** SHA-256 of numbers, in hexadecimal. */
export function fingerprint(values: Float32Array | Float64Array): string {
  return createHash("sha256")
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest("hex");
}

async function claim(path: string, identity: SimulationIdentity): Promise<void> {
  const wanted = JSON.stringify({ version, ...identity }, null, 2);
  const found = await readIfPresent(path);
  if (found === undefined) return writeAtomically(path, wanted);
  const text = new TextDecoder().decode(found);
  if (text !== wanted) {
    throw new RangeError(
      `${path} belongs to another simulation:\n${text}\nThis one is\n${wanted}\nGive another directory, or remove that one.`,
    );
  }
}

function encodeBlock(block: Block, rows: number): Uint8Array {
  const stored = (data: Float32Array | Float64Array, shape: readonly number[]): StoredArray => ({
    dtype: data instanceof Float64Array ? "f64" : "f32",
    shape,
    data,
  });
  const arrays = {
    theta: stored(block.theta, [rows, block.theta.length / rows]),
    x: stored(block.x, [rows, ...block.rowShape]),
  };
  return encodeSafetensors(arrays, { failures: JSON.stringify(block.failures) });
}

function decodeBlock(bytes: Uint8Array, path: string, rows: number): Block {
  const { arrays, metadata } = decodeSafetensors(bytes, path);
  const { theta, x } = arrays;
  if (theta?.shape[0] !== rows || x?.shape[0] !== rows || metadata["failures"] === undefined) {
    throw new FileFormatError(path, `expected ${rows} rows of theta and x; remove the file and its rows are simulated again`);
  }
  return {
    theta: theta.data as Block["theta"],
    x: x.data as Block["x"],
    rowShape: x.shape.slice(1),
    failures: JSON.parse(metadata["failures"]) as Failure[],
  };
}

async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
