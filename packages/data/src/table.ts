import { readFile } from "node:fs/promises";
import { splitRecords } from "./csv.ts";
import { TableError } from "./table-error.ts";

/** A CSV file with a header: every row has a cell for every column. */
export interface Table {
  readonly path: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** 1-based line at which each row starts, for messages. */
  readonly lines: readonly number[];
}

/**
 * Parses comma-separated values (RFC 4180: quotes, doubled quotes, newlines inside quotes) whose first line is a header.
 * Blank lines are skipped; a byte-order mark and Windows line ends are understood.
 *
 * @param path names the file in messages.
 * @throws {TableError} `TABLE_EMPTY`, `TABLE_QUOTE`, `TABLE_RAGGED`, `TABLE_COLUMN` (two columns of one name).
 */
export function parseTable(text: string, path: string): Table {
  const [header, ...records] = splitRecords(text.replace(/^\uFEFF/, ""), path);
  if (header === undefined) throw new TableError("TABLE_EMPTY", path, undefined, "the file is empty; expected a header line and rows");
  const columns = header.cells.map((cell) => cell.trim());
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) {
    throw new TableError("TABLE_COLUMN", path, header.line, `two columns are named "${twice}"; column names must differ`);
  }
  for (const { cells, line } of records) {
    if (cells.length !== columns.length) {
      throw new TableError(
        "TABLE_RAGGED",
        path,
        line,
        `${cells.length} cells, expected ${columns.length} as in the header (${columns.join(", ")})`,
      );
    }
  }
  return { path, columns, rows: records.map(({ cells }) => cells), lines: records.map(({ line }) => line) };
}

/**
 * Parses numbers separated by blanks, one row a line, that have no header; blank lines are skipped.
 *
 * @param columns names of the columns.
 * @throws {TableError} `TABLE_EMPTY`, `TABLE_RAGGED`.
 */
export function parseColumns(text: string, path: string, columns: readonly string[]): Table {
  const rows: string[][] = [];
  const lines: number[] = [];
  text.split(/\r\n|\n|\r/).forEach((line, i) => {
    const cells = line.trim().split(/\s+/);
    if (cells[0] === "") return;
    if (cells.length !== columns.length) {
      throw new TableError("TABLE_RAGGED", path, i + 1, `${cells.length} cells, expected ${columns.length}: ${columns.join(", ")}`);
    }
    rows.push(cells);
    lines.push(i + 1);
  });
  if (rows.length === 0) throw new TableError("TABLE_EMPTY", path, undefined, "the file is empty; expected rows of numbers");
  return { path, columns, rows, lines };
}

/**
 * Reads a UTF-8 CSV file; see {@link parseTable}.
 *
 * @throws {TableError} also `TABLE_UNREADABLE`, and `TABLE_ENCODING` for bytes that are not text.
 */
export async function readTable(path: string): Promise<Table> {
  return parseTable(await readText(path), path);
}

/** @throws {TableError} `TABLE_UNREADABLE`, `TABLE_ENCODING`. */
export async function readText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const fault =
      code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "this is a folder, expected a file" : `cannot be read (${code})`;
    throw new TableError("TABLE_UNREADABLE", path, undefined, fault, { cause: error });
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new TableError("TABLE_ENCODING", path, undefined, "the bytes are not UTF-8 text; expected a table", { cause: error });
  }
  if (text.includes("\0")) throw new TableError("TABLE_ENCODING", path, undefined, "the file holds NUL bytes; expected a table");
  return text;
}

/**
 * A column as numbers; `NA` and an empty cell are missing and become NaN.
 *
 * @throws {TableError} `TABLE_COLUMN` where there is no such column, `TABLE_NUMBER` for a cell that is neither a finite number nor missing.
 */
export function numbersOf(table: Table, column: string): Float64Array {
  const index = table.columns.indexOf(column);
  if (index < 0) {
    throw new TableError(
      "TABLE_COLUMN",
      table.path,
      undefined,
      `there is no column "${column}"; the columns are ${table.columns.join(", ")}`,
    );
  }
  return Float64Array.from(table.rows, (row, i) => {
    const cell = row[index]!.trim();
    if (cell === "" || cell === "NA") return Number.NaN;
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) ? Number(cell) : Number.NaN;
    if (!Number.isFinite(value)) {
      throw new TableError(
        "TABLE_NUMBER",
        table.path,
        table.lines[i],
        `column ${column} holds "${cell}", expected a finite number, or NA where it is missing`,
      );
    }
    return value;
  });
}
