import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { WriteError } from "./write-error.ts";

/**
 * Writes a file whole or not at all: to a temporary file beside it, flushed to the disk, then renamed over it. Makes the folder.
 *
 * @throws {WriteError} `WRITE_DISK_FULL`, `WRITE_DENIED` or `WRITE_FAILED`; the file that was there before stays.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // What stopped the writing is the error to report, not that there was nothing to clean up.
    await rm(temporary, { force: true }).catch(() => {});
    throw new WriteError(path, error as NodeJS.ErrnoException);
  }
}
