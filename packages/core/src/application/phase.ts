import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonValue } from "../application.ts";
import { writeAtomically } from "../file/atomic.ts";
import { decodeSafetensors, encodeSafetensors } from "../file/safetensors.ts";

/** What a phase leaves: plain facts, and numbers by name. */
export interface PhaseResult<Facts extends JsonValue = JsonValue> {
  readonly facts: Facts;
  readonly arrays?: Readonly<Record<string, Float64Array>>;
}

/** A phase that is done, now or in an earlier run. */
export interface DonePhase<Facts extends JsonValue = JsonValue> {
  readonly facts: Facts;
  readonly arrays: Readonly<Record<string, Float64Array>>;
  /** SHA-256 of all that fixes the result; an input of the phases that follow. */
  readonly fingerprint: string;
  /** What it cost when it was computed. */
  readonly seconds: number;
}

export interface PhaseOptions<Facts extends JsonValue> {
  readonly directory: string;
  /** Of the application, such as `birth-death 1`; bump it where a phase comes to mean something else, so that a folder of an older release is computed again. */
  readonly format: string;
  readonly name: string;
  /** All that fixes the result, the fingerprints of earlier phases included. */
  readonly inputs: JsonValue;
  readonly compute: (fingerprint: string) => Promise<PhaseResult<Facts>>;
}

/**
 * The result of a phase: read where `directory` holds it for the same inputs, else computed and kept there. A run that was killed
 * thus goes on where it stopped, and ends with the same bits.
 *
 * @throws {FileFormatError} where the file is damaged.
 */
export async function phase<Facts extends JsonValue>({
  directory,
  format,
  name,
  inputs,
  compute,
}: PhaseOptions<Facts>): Promise<DonePhase<Facts>> {
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([format, name, inputs]))
    .digest("hex");
  const path = join(directory, `${name}.safetensors`);
  const stored = await read<Facts>(path, fingerprint);
  if (stored !== undefined) return stored;

  const begun = performance.now();
  const { facts, arrays = {} } = await compute(fingerprint);
  const seconds = (performance.now() - begun) / 1000;
  const encoded = Object.fromEntries(
    Object.entries(arrays).map(([key, data]) => [key, { dtype: "f64" as const, shape: [data.length], data }]),
  );
  await writeAtomically(path, encodeSafetensors(encoded, { fingerprint, seconds: String(seconds), facts: JSON.stringify(facts) }));
  return { facts, arrays, fingerprint, seconds };
}

async function read<Facts extends JsonValue>(path: string, fingerprint: string): Promise<DonePhase<Facts> | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const { arrays, metadata } = decodeSafetensors(bytes, path);
  if (metadata.fingerprint !== fingerprint) return undefined;
  return {
    facts: JSON.parse(metadata.facts!) as Facts,
    arrays: Object.fromEntries(Object.entries(arrays).map(([key, { data }]) => [key, Float64Array.from(data)])),
    fingerprint,
    seconds: Number(metadata.seconds),
  };
}
