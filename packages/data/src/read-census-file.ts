import { basename } from "node:path";
import { type Census, censusOf } from "./census.ts";
import { sha256 } from "./checksum.ts";
import { readTable } from "./table.ts";

export interface CensusFileOptions {
  /** Column of times; `time` unless given. */
  readonly timeColumn?: string;
  /** Column of counts; `count` unless given. */
  readonly countColumn?: string;
  /** What is counted; `individuals` unless given. */
  readonly unit?: string;
  /** Unit of the times; `year` unless given. */
  readonly timeUnit?: string;
}

/**
 * A census of the user's: a CSV file with a header, a column of increasing times and a column of counts (NA where there is none).
 *
 * @throws {TableError} where the file is no such table; {@link CensusError} where its numbers are no census.
 */
export async function readCensusFile(path: string, options: CensusFileOptions = {}): Promise<Census> {
  const { timeColumn = "time", countColumn = "count", unit = "individuals", timeUnit = "year" } = options;
  const table = await readTable(path);
  const { times, counts } = censusOf(table, { timeColumn, countColumn });
  return {
    name: basename(path).replace(/\.[^.]+$/, ""),
    title: `${countColumn} of ${basename(path)}`,
    times,
    counts,
    unit,
    timeUnit,
    source: "the user's file",
    licence: "the user's",
    checksum: await sha256(path),
  };
}
