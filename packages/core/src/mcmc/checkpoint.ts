import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { NdArray } from "@credence/tensor";
import { writeAtomically } from "../file/atomic.ts";
import { FileFormatError } from "../file/errors.ts";
import { fromNamed, toNamed } from "../file/named-arrays.ts";
import { decodeSafetensors, encodeSafetensors, type StoredArray } from "../file/safetensors.ts";

const version = "1";

/** What a run that was stopped goes on from: arrays on the device, numbers on the host, and counts. */
export interface Stopped<A> {
  readonly arrays: A;
  readonly numbers: Readonly<Record<string, Float64Array>>;
  readonly counts: Readonly<Record<string, number>>;
}

/** Keeps a run of chains in a directory, so that one that was stopped goes on and ends with the same bits. */
export interface ChainCheckpoint<A> {
  read(template: Stopped<A>): Promise<Stopped<A> | undefined>;
  write(stopped: Stopped<A>): Promise<void>;
}

/** A digest of options, and of numbers that stand for a model and its data. */
export const identityOf = (options: unknown, numbers: readonly ArrayLike<number>[]): string => {
  const hash = createHash("sha256").update(JSON.stringify(options));
  for (const list of numbers) hash.update(Float64Array.from(list));
  return hash.digest("hex");
};

/** `identity` fixes model, data and options: a directory holds one run, and refuses another. */
export function chainCheckpointIn<A>(directory: string, identity: string, device?: string): ChainCheckpoint<A> {
  const path = join(directory, "chains.safetensors");
  return {
    async read(template) {
      let bytes: Uint8Array;
      try {
        bytes = await readFile(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
      const { arrays, metadata } = decodeSafetensors(bytes, path);
      if (metadata["version"] !== version)
        throw new FileFormatError(path, `it is a checkpoint of version ${metadata["version"]}, this release reads version ${version}`);
      if (metadata["identity"] !== identity)
        throw new RangeError(
          `${path} belongs to a run with another model, data, seed or options: give another directory, or remove that one`,
        );
      const number = (name: string, length: number): Float64Array => {
        const stored = arrays[`numbers.${name}`];
        if (stored?.dtype !== "f64" || stored.data.length !== length)
          throw new FileFormatError(path, `it lacks ${length} numbers ${name}; the file is of another model`);
        return stored.data as Float64Array;
      };
      return {
        arrays: fromNamed(template.arrays, arrays, "arrays", path, device),
        numbers: Object.fromEntries(Object.entries(template.numbers).map(([name, { length }]) => [name, number(name, length)])),
        counts: JSON.parse(metadata["counts"]!) as Record<string, number>,
      };
    },
    async write({ arrays, numbers, counts }) {
      const stored: Record<string, StoredArray> = toNamed(arrays as unknown as NdArray, "arrays");
      for (const [name, data] of Object.entries(numbers)) stored[`numbers.${name}`] = { dtype: "f64", shape: [data.length], data };
      await writeAtomically(path, encodeSafetensors(stored, { version, identity, counts: JSON.stringify(counts) }));
    },
  };
}
