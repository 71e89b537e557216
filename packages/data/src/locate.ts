import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { sha256 } from "./checksum.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { DatasetError } from "./dataset-error.ts";

/** The cache: `$XDG_CACHE_HOME/credence`, or `~/.cache/credence`. */
export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME;
  // The XDG base directory specification says to ignore a relative path.
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), ".cache"), "credence");
}

/** Folders that are looked in, in order: `CREDENCE_DATA` where it is set, then the cache. */
export function dataFolders(): string[] {
  const named = process.env.CREDENCE_DATA;
  return named === undefined || named === "" ? [cacheFolder()] : [named, cacheFolder()];
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw new DatasetError("DATASET_FILE", `cannot look at ${path} (${code}); check its permissions`, { cause: error });
  }
}

/** What to do about a file that no folder holds. */
export function howToGet(dataset: Dataset, file: DataFile): string {
  return file.url !== undefined
    ? `run "credence data get ${dataset.name}"`
    : `the origin, ${dataset.origin}, does not serve this very file: ${file.layout}; ` +
        `then run "credence data add ${dataset.name} FILE", or put it at ${file.path} in a folder named by CREDENCE_DATA`;
}

async function locateFile(dataset: Dataset, file: DataFile): Promise<string> {
  const tried = dataFolders().map((folder) => join(folder, ...file.path.split("/")));
  for (const path of tried) {
    if (!(await isFile(path))) continue;
    const found = await sha256(path);
    if (found === file.sha256) return path;
    throw new DatasetError(
      "DATASET_CHECKSUM",
      `${path} is not the file that the registry describes: its SHA-256 is ${found}, expected ${file.sha256}; ` +
        `remove it, or replace it (${howToGet(dataset, file)})`,
    );
  }
  throw new DatasetError(
    "DATASET_MISSING",
    `data set ${dataset.name} is not on this machine; looked for ${tried.join(" and ")}; ${howToGet(dataset, file)}`,
  );
}

/**
 * Paths of a data set's files, in the registry's order, each with its checksum verified.
 *
 * @throws {DatasetError} `DATASET_MISSING` lists what was tried; `DATASET_CHECKSUM` names the file that differs.
 */
export async function locateDataset(dataset: Dataset): Promise<string[]> {
  const paths: string[] = [];
  for (const file of dataset.files) paths.push(await locateFile(dataset, file));
  return paths;
}
