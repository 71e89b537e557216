import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { DataFile, Dataset } from "./dataset.ts";
import { DatasetError } from "./dataset-error.ts";
import { importFile } from "./import-file.ts";
import { howToGet, locateDataset } from "./locate.ts";

export interface GetOptions {
  readonly signal?: AbortSignal;
}

async function download(url: string, temporary: string, signal?: AbortSignal): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const cause = (error as Error).cause as Error | undefined;
    throw new DatasetError("DATASET_DOWNLOAD", `cannot reach ${url}: ${cause?.message ?? (error as Error).message}`, {
      cause: error,
    });
  }
  if (!response.ok || response.body === null) {
    throw new DatasetError("DATASET_DOWNLOAD", `${url} answered ${response.status} ${response.statusText}`);
  }
  const body = Readable.fromWeb(response.body as ReadableStream);
  try {
    await pipeline(body, createWriteStream(temporary), signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // A connection that breaks is a TypeError of fetch; what the disk says is left for importFile to word.
    if (!(error instanceof TypeError)) throw error;
    throw new DatasetError("DATASET_DOWNLOAD", `the connection to ${url} broke off: ${error.message}; try again`, { cause: error });
  }
}

function urlOf(dataset: Dataset, file: DataFile): string {
  if (file.url === undefined) {
    throw new DatasetError("DATASET_NOT_SERVED", `cannot download ${dataset.name}: ${howToGet(dataset, file)}`);
  }
  return file.url;
}

/**
 * Makes sure that a data set is on this machine: verifies what lies there, else downloads each file to the cache
 * where the origin serves it.
 *
 * @returns the paths of its files, checksums verified.
 * @throws {DatasetError} `DATASET_NOT_SERVED` says where to get the file and how to lay it out; `DATASET_DOWNLOAD`, `DATASET_CHECKSUM`.
 */
export async function getDataset(dataset: Dataset, options: GetOptions = {}): Promise<string[]> {
  try {
    return await locateDataset(dataset);
  } catch (error) {
    if (!(error instanceof DatasetError) || error.code !== "DATASET_MISSING") throw error;
  }
  const served = dataset.files.map((file) => ({ file, url: urlOf(dataset, file) }));
  const paths: string[] = [];
  for (const { file, url } of served) {
    paths.push(await importFile(file, (temporary) => download(url, temporary, options.signal)));
  }
  return paths;
}
