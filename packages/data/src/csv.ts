import { TableError } from "./table-error.ts";

/** One record of a CSV file and the 1-based line at which it starts. */
export interface CsvRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

/** One cell, from the start of `rest` on: quoted (a doubled quote is a quote) or plain, and what ends it. */
const cellPattern = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

/** Splits CSV text (RFC 4180) into records; blank lines are left out. */
export function splitRecords(text: string, path: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let line = 1;
  let start = 1;
  cellPattern.lastIndex = 0;
  while (cellPattern.lastIndex < text.length || cells.length > 0) {
    const match = cellPattern.exec(text);
    if (match === null) {
      throw new TableError(
        "TABLE_QUOTE",
        path,
        line,
        'a quote is out of place or never closed; a cell is either "quoted" as a whole or holds no quote',
      );
    }
    const [whole, quoted, plain, end] = match;
    cells.push(quoted?.replaceAll('""', '"') ?? plain!);
    line += whole.match(/\r\n|\n|\r/g)?.length ?? 0;
    if (end === ",") continue;
    if (cells.length > 1 || cells[0]!.trim() !== "" || quoted !== undefined) records.push({ cells, line: start });
    cells = [];
    start = line;
  }
  return records;
}
