export type TableErrorCode =
  | "TABLE_UNREADABLE"
  | "TABLE_ENCODING"
  | "TABLE_EMPTY"
  | "TABLE_QUOTE"
  | "TABLE_RAGGED"
  | "TABLE_COLUMN"
  | "TABLE_NUMBER";

/** A CSV file that cannot be read as a table. The message starts with `path:line:` where the fault has a line. */
export class TableError extends Error {
  override readonly name = "TableError";
  readonly code: TableErrorCode;
  readonly path: string;
  /** 1-based line of the file; undefined where the fault is of the whole file. */
  readonly line: number | undefined;

  constructor(code: TableErrorCode, path: string, line: number | undefined, fault: string, options?: ErrorOptions) {
    super(`${path}${line === undefined ? "" : `:${line}`}: ${fault}`, options);
    this.code = code;
    this.path = path;
    this.line = line;
  }
}
