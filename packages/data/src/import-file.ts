import { randomBytes } from "node:crypto";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { sha256 } from "./checksum.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { DatasetError } from "./dataset-error.ts";
import { cacheFolder } from "./locate.ts";

/**
 * Fills a temporary file beside its place in the cache, checks it, and renames it, so that a cache never holds half a file.
 *
 * @throws {DatasetError} `DATASET_CHECKSUM` where the bytes are others, `DATASET_FILE` where the cache cannot be written.
 */
export async function importFile(file: DataFile, fill: (temporary: string) => Promise<void>): Promise<string> {
  const path = join(cacheFolder(), ...file.path.split("/"));
  const temporary = `${path}.${randomBytes(6).toString("hex")}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await fill(temporary);
    const found = await sha256(temporary);
    if (found !== file.sha256) {
      throw new DatasetError(
        "DATASET_CHECKSUM",
        `the bytes given for ${file.path} have SHA-256 ${found}, expected ${file.sha256}; nothing was kept`,
      );
    }
    await rename(temporary, path);
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Only what the file system says carries a syscall's code; anything else (a cancellation, a checksum) is worded already.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new DatasetError("DATASET_FILE", `cannot write ${path} (${code}); free space there, or set XDG_CACHE_HOME to another folder`, {
      cause: error,
    });
  } finally {
    // What stopped the work is the error to report, not that there was nothing to clean up.
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/**
 * Copies the user's file into the cache as the file of a data set, after checking its checksum.
 * Of a data set with several files, the file's own name says which it is.
 *
 * @returns the path in the cache.
 * @throws {DatasetError} as {@link importFile}; `DATASET_FILE` where `source` cannot be read or is none of the data set's files.
 */
export async function addDataset(dataset: Dataset, source: string): Promise<string> {
  const [only, ...more] = dataset.files;
  const file = more.length === 0 ? only : dataset.files.find((candidate) => basename(candidate.path) === basename(source));
  if (file === undefined) {
    throw new DatasetError(
      "DATASET_FILE",
      `${source} is none of the files of ${dataset.name}: expected ${dataset.files.map((f) => basename(f.path)).join(", ")}`,
    );
  }
  try {
    await sha256(source);
  } catch (error) {
    throw new DatasetError("DATASET_FILE", `cannot read ${source} (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
  return importFile(file, (temporary) => copyFile(source, temporary));
}
