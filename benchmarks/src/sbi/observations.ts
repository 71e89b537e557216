import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

/** A table of numbers, row-major. */
export interface Table {
  readonly values: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** A published observation, and 10,000 draws of its reference posterior. */
export interface Observation {
  readonly x: Float64Array;
  readonly reference: Table;
}

/** Observation `number` (from 1) of a task, from a folder laid out as that of sbibm: TASK/num_observation_N/*.csv. */
export async function readObservation(directory: string, task: string, number: number): Promise<Observation> {
  const folder = join(directory, task, `num_observation_${number}`);
  const [x, reference] = await Promise.all([
    readCsv(join(folder, "observation.csv")),
    readCsv(join(folder, "reference_posterior_samples.csv.gz")),
  ]);
  return { x: x.values, reference };
}

/** Comma-separated numbers under an optional line of names, gunzipped where the name ends in .gz. */
export async function readCsv(path: string): Promise<Table> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new RangeError(`there is no ${path}: --data must name the folder "files" of the sbibm package's tasks, or a copy of it`);
  });
  const text = (path.endsWith(".gz") ? await promisify(gunzip)(bytes) : bytes).toString("utf8");
  return parseCsv(text, path);
}

/** @param path names the file in errors */
export function parseCsv(text: string, path: string): Table {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  if (lines[0]?.split(",").some((cell) => Number.isNaN(Number(cell)))) lines.shift();
  const columns = lines[0]?.split(",").length ?? 0;
  if (columns === 0) throw new RangeError(`${path} holds no row of numbers`);
  const values = new Float64Array(lines.length * columns);
  lines.forEach((line, row) => {
    const cells = line.split(",");
    if (cells.length !== columns) throw new RangeError(`${path}, row ${row + 1}: expected ${columns} numbers, got ${cells.length}`);
    cells.forEach((cell, column) => {
      const value = cell.trim() === "" ? Number.NaN : Number(cell);
      if (Number.isNaN(value)) throw new RangeError(`${path}, row ${row + 1}, column ${column + 1}: expected a number, got "${cell}"`);
      values[row * columns + column] = value;
    });
  });
  return { values, rows: lines.length, columns };
}
