import { CensusError } from "./census-error.ts";
import { numbersOf, type Table } from "./table.ts";

/** Counts of a population at known times, which need not be evenly spaced. */
export interface Census {
  readonly name: string;
  readonly title: string;
  /** Strictly increasing, in {@link timeUnit}. */
  readonly times: Float64Array;
  /** Non-negative integers, one for each time. */
  readonly counts: Float64Array;
  /** What is counted. */
  readonly unit: string;
  readonly timeUnit: string;
  readonly source: string;
  readonly licence: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly checksum: string;
  /** What a reader of results should know about these numbers. */
  readonly note?: string;
}

/** Two points define a growth rate and nothing about its noise. */
const countsMin = 3;

/** Largest integer up to which every integer is a double. */
const countMax = Number.MAX_SAFE_INTEGER;

/**
 * Two columns of a table as census times and counts, rows with a missing count left out.
 *
 * @param options.count what a cell of the count column stands for; the number itself unless given.
 * @throws {CensusError} with the line and the value at fault.
 */
export function censusOf(
  table: Table,
  options: { timeColumn: string; countColumn: string; time?: (cell: number) => number; count?: (cell: number) => number },
): { times: Float64Array; counts: Float64Array } {
  const { timeColumn, countColumn, time = Number, count = Number } = options;
  if (timeColumn === countColumn) {
    throw new CensusError("CENSUS_SAME_COLUMN", `${table.path}: column ${timeColumn} cannot be both times and counts; name two columns`);
  }
  const timeCells = numbersOf(table, timeColumn);
  const countCells = numbersOf(table, countColumn).map(count);
  const at = (row: number): string => `${table.path}:${table.lines[row]}:`;
  const kept: number[] = [];
  for (let row = 0; row < countCells.length; row++) {
    const t = timeCells[row]!;
    const n = countCells[row]!;
    const before = timeCells[row - 1];
    if (Number.isNaN(t))
      throw new CensusError("CENSUS_TIME_MISSING", `${at(row)} the time is missing; every row needs one in column ${timeColumn}`);
    if (before !== undefined && t <= before) {
      throw new CensusError(
        "CENSUS_TIME_ORDER",
        `${at(row)} time ${t} follows ${before}; times must increase from row to row, so sort the file and keep one row a time`,
      );
    }
    if (Number.isNaN(n)) continue;
    if (n < 0)
      throw new CensusError("CENSUS_COUNT_NEGATIVE", `${at(row)} count ${n}; counts must be 0 or more, or NA where there was none`);
    if (!Number.isInteger(n)) {
      throw new CensusError(
        "CENSUS_COUNT_FRACTION",
        `${at(row)} count ${n}; counts must be whole numbers: individuals, not densities or indices`,
      );
    }
    if (n > countMax) throw new CensusError("CENSUS_COUNT_LARGE", `${at(row)} count ${n}; counts above ${countMax} cannot be told apart`);
    kept.push(row);
  }
  if (kept.length < countsMin) {
    throw new CensusError(
      "CENSUS_TOO_SHORT",
      `${table.path}: ${kept.length} counts in column ${countColumn}, expected at least ${countsMin}`,
    );
  }
  return { times: Float64Array.from(kept, (row) => time(timeCells[row]!)), counts: Float64Array.from(kept, (row) => countCells[row]!) };
}
