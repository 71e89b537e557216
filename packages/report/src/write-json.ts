import { writeAtomically } from "./write-file.ts";

/** JSON has no NaN and no Infinity, and JSON.stringify would write null in silence. */
function refuseNonFinite(value: unknown, path: string): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new RangeError(`${path} is ${value}; JSON holds finite numbers only: leave it out, or write null and say why`);
  }
  if (typeof value === "object" && value !== null) {
    for (const [key, entry] of Object.entries(value)) refuseNonFinite(entry, `${path}.${key}`);
  }
}

/**
 * Writes a value as indented JSON, atomically.
 *
 * @throws {RangeError} for NaN and Infinity, with where they stand; {@link WriteError} as {@link writeAtomically}.
 */
export async function writeJson(path: string, value: unknown): Promise<void> {
  refuseNonFinite(value, "$");
  await writeAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}
