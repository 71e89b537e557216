import { basename } from "node:path";
import type { ApplicationOptions } from "@credence/core";
import { numbersOf, readTable, sha256, type Table } from "@credence/data";
import { completeRows, requireComplete } from "./features.ts";
import type { Observation, RegressionProblem } from "./observation.ts";

export const families = ["linear", "logistic", "poisson"] as const;

const isNumeric = (table: Table, column: string): boolean => {
  try {
    numbersOf(table, column);
    return true;
  } catch {
    return false;
  }
};

/**
 * A CSV file of the user's as a regression: `outcome` names a column; `features` are columns by name, separated by commas, or all other columns of
 * numbers.
 *
 * @throws {TableError} where the file is no table; {RangeError} where a column is not there or a value is missing, with its line.
 */
export async function readUserTable(path: string, own: ApplicationOptions["own"]): Promise<Observation> {
  const table = await readTable(path);
  const columns = `the columns are ${table.columns.join(", ")}`;
  if (own["outcome"] === undefined) throw new RangeError(`--outcome must name the column to explain; ${columns}`);
  const outcomeName = String(own["outcome"]);
  const family = families.find((known) => known === (own["family"] ?? "linear"));
  if (family === undefined) throw new RangeError(`--family must be one of ${families.join(", ")}, got ${own["family"]}`);
  const named =
    own["features"] === undefined
      ? undefined
      : String(own["features"])
          .split(",")
          .map((name) => name.trim());
  const names = named ?? table.columns.filter((column) => column !== outcomeName && isNumeric(table, column));
  if (names.length === 0) throw new RangeError(`${path} has no other column of numbers than ${outcomeName}; ${columns}`);
  if (names.includes(outcomeName)) throw new RangeError(`${outcomeName} cannot be both outcome and feature`);
  const all = { ...Object.fromEntries(names.map((name) => [name, numbersOf(table, name)])), [outcomeName]: numbersOf(table, outcomeName) };
  const drop = own["missing"] === "drop";
  if (!drop) {
    try {
      requireComplete(basename(path), all, { rowName: (row) => `line ${table.lines[row]}` });
    } catch (error) {
      throw new RangeError(`${(error as Error).message.replace(/; leave such rows out.*/, "")}; --missing drop leaves such rows out`);
    }
  }
  const { columns: kept, dropped } = completeRows(all);
  const { [outcomeName]: outcome, ...features } = kept;
  const problem: RegressionProblem = {
    family,
    features,
    outcome: outcome!,
    outcomeName,
    unit: family === "linear" ? outcomeName : family === "logistic" ? "logit" : "log",
  };
  const skipped = table.columns.filter((column) => column !== outcomeName && !names.includes(column));
  const notes = [
    ...(dropped.length > 0 ? [`${dropped.length} of ${table.rows.length} rows were left out because a value is missing`] : []),
    ...(skipped.length > 0 ? [`columns that are not used: ${skipped.join(", ")}`] : []),
  ];
  return {
    dataset: basename(path).replace(/\.[^.]+$/, ""),
    title: `${outcomeName} of ${basename(path)}`,
    source: "the user's file",
    licence: "the user's",
    checksum: await sha256(path),
    ...(notes.length > 0 ? { note: notes.join("; ") } : {}),
    problem: { kind: "regression", ...problem },
  };
}
