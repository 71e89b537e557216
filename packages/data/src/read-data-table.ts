import { DatasetError } from "./dataset-error.ts";
import { locateDataset } from "./locate.ts";
import { findDataset } from "./registry.ts";
import { parseColumns, readTable, readText, type Table } from "./table.ts";

/** A table of the registry, cells as they stand in the file. */
export interface DataTable {
  readonly name: string;
  readonly title: string;
  readonly table: Table;
  readonly source: string;
  readonly licence: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly checksum: string;
  /** What a reader of results should know about these columns. */
  readonly note?: string;
}

/**
 * The file has no header. The names are ours, found by comparing its rows with those of the categorical file, whose attributes the origin
 * describes; codes are the digits of the origin's (checking status 1 is A11, below 0 DM; 4 is A14, no account).
 */
const germanCreditColumns = [
  "checking status",
  "duration",
  "credit history",
  "amount",
  "savings",
  "employment",
  "personal status",
  "residence since",
  "property",
  "age",
  "other plans",
  "existing credits",
  "people liable",
  "telephone",
  "foreign worker",
  "new car",
  "used car",
  "no other debtor",
  "co-applicant",
  "rents",
  "owns home",
  "unemployed",
  "unskilled",
  "skilled",
  "label",
];

/** Files that are no CSV with a header. */
const columnsOf: Readonly<Record<string, { columns: readonly string[]; note: string }>> = {
  "german-credit": {
    columns: germanCreditColumns,
    note: "the file names no columns; the names used here were found by comparing it with the origin's categorical file",
  },
};

/**
 * A table of the registry by name: auto-mpg, german-credit, wdbc, diabetes, old-faithful, haghighat-s100, haghighat-s400, s235-plate. {@link numbersOf} gives a column as numbers.
 *
 * @throws {DatasetError} `DATASET_UNKNOWN`, `DATASET_OPTION` where it is no table, `DATASET_MISSING`, `DATASET_CHECKSUM`.
 */
export async function readDataTable(name: string): Promise<DataTable> {
  const dataset = findDataset(name);
  if (dataset.reader !== "table") throw new DatasetError("DATASET_OPTION", `${name} is a ${dataset.reader}, not a table`);
  const [path] = await locateDataset(dataset);
  const { title, source, licence, files } = dataset;
  const given = columnsOf[name];
  const table = given === undefined ? await readTable(path!) : parseColumns(await readText(path!), path!, given.columns);
  return { name, title, table, source, licence, checksum: files[0]!.sha256, ...(given && { note: given.note }) };
}
