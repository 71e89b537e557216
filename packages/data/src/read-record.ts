import { readFile } from "node:fs/promises";
import { DatasetError } from "./dataset-error.ts";
import { locateDataset } from "./locate.ts";
import { findDataset } from "./registry.ts";
import { readZipEntry } from "./zip.ts";

/** Numbers and vectors by name, as posteriordb keeps the data of a model. */
export interface DataRecord {
  readonly name: string;
  readonly title: string;
  readonly values: Readonly<Record<string, number | Float64Array>>;
  readonly source: string;
  readonly licence: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly checksum: string;
}

/**
 * A record of the registry by name: radon, eight-schools, peregrine.
 *
 * @throws {DatasetError} `DATASET_UNKNOWN`, `DATASET_OPTION` where it is no record, `DATASET_MISSING`, `DATASET_CHECKSUM`;
 * {@link ZipError} where the archive cannot be read.
 */
export async function readRecord(name: string): Promise<DataRecord> {
  const dataset = findDataset(name);
  if (dataset.reader !== "record") throw new DatasetError("DATASET_OPTION", `${name} is a ${dataset.reader}, not a record`);
  const [path] = await locateDataset(dataset);
  const { title, source, licence, files } = dataset;
  const text = new TextDecoder().decode(readZipEntry(Uint8Array.from(await readFile(path!)), path!));
  return { name, title, values: parseRecord(text, path!), source, licence, checksum: files[0]!.sha256 };
}

/**
 * @param path names the file in messages.
 * @throws {DatasetError} `DATASET_FILE` where a value is neither a finite number nor a list of such.
 */
export function parseRecord(text: string, path: string): Record<string, number | Float64Array> {
  const refuse = (fault: string): never => {
    throw new DatasetError("DATASET_FILE", `${path}: ${fault}; expected an object of numbers and lists of numbers`);
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return refuse("this is no JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return refuse("this is no object");
  const values: Record<string, number | Float64Array> = {};
  for (const [key, value] of Object.entries(parsed)) {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    const at = list.findIndex((item) => typeof item !== "number" || !Number.isFinite(item));
    if (at >= 0) refuse(`${key}${Array.isArray(value) ? `[${at}]` : ""} is ${JSON.stringify(list[at])}`);
    values[key] = Array.isArray(value) ? Float64Array.from(list as readonly number[]) : (value as number);
  }
  return values;
}
