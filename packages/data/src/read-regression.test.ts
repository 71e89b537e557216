import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readDataTable } from "./read-data-table.ts";
import { parseRecord, readRecord } from "./read-record.ts";
import { numbersOf, parseColumns } from "./table.ts";

// The files themselves are never committed; where they are not at hand, these tests say so by being skipped.
const data = process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");

beforeEach(() => vi.stubEnv("CREDENCE_DATA", data));
afterEach(() => vi.unstubAllEnvs());

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
const mean = (values: Float64Array): number => sum(values) / values.length;

describe.skipIf(!existsSync(join(data, "regression")))("tables of the registry", () => {
  test("Auto MPG has 398 cars, and six horsepowers missing", async () => {
    const { table, checksum } = await readDataTable("auto-mpg");
    expect(table.rows).toHaveLength(398);
    expect(checksum).toHaveLength(64);
    const missing = [...numbersOf(table, "horsepower").entries()].filter(([, value]) => Number.isNaN(value)).map(([row]) => row);
    // Rows of the origin's file that have a question mark.
    expect(missing).toEqual([32, 126, 330, 336, 354, 374]);
  });

  test("German credit has 700 good and 300 bad, and columns by the origin's description", async () => {
    const { table, note } = await readDataTable("german-credit");
    expect(table.columns).toHaveLength(25);
    expect(note).toContain("names no columns");
    const label = numbersOf(table, "label");
    expect([label.filter((value) => value === 1).length, label.filter((value) => value === 2).length]).toEqual([700, 300]);
    // The origin's description: durations are 4 to 72 months, ages 19 to 75 years.
    const range = (column: string): [number, number] => {
      const values = numbersOf(table, column);
      return [Math.min(...values), Math.max(...values)];
    };
    expect(range("duration")).toEqual([4, 72]);
    expect(range("age")).toEqual([19, 75]);
    for (const flag of table.columns.slice(15, 24)) expect(range(flag)).toEqual([0, 1]);
  });

  test("WDBC has 357 benign and 212 malignant tumours", async () => {
    const { table } = await readDataTable("wdbc");
    expect(table.columns).toHaveLength(31);
    expect([table.rows.length, sum(numbersOf(table, "target"))]).toEqual([569, 357]);
  });

  test("diabetes has 442 patients whose progression is 152 on average", async () => {
    const { table } = await readDataTable("diabetes");
    expect(mean(numbersOf(table, "target"))).toBeCloseTo(152.13348, 5);
  });

  test("Old Faithful erupts for 3.49 minutes on average, every 70.9", async () => {
    const { table } = await readDataTable("old-faithful");
    // As printed by R: colMeans(faithful).
    expect(mean(numbersOf(table, "eruptions"))).toBeCloseTo(3.487783, 6);
    expect(mean(numbersOf(table, "waiting"))).toBeCloseTo(70.897059, 6);
  });
});

describe.skipIf(!existsSync(join(data, "posteriordb")))("records of the registry", () => {
  test("eight schools are eight effects with their errors", async () => {
    const { values } = await readRecord("eight-schools");
    expect(values).toEqual({
      J: 8,
      y: Float64Array.of(28, 8, -3, 7, -1, 1, 18, 12),
      sigma: Float64Array.of(15, 10, 16, 11, 9, 11, 10, 18),
    });
  });

  test("radon has 919 homes in counties 1 to 85", async () => {
    const { values } = await readRecord("radon");
    const county = values["county_idx"] as Float64Array;
    expect(values["N"]).toBe(919);
    expect(new Set(county).size).toBe(85);
    for (const column of ["floor_measure", "log_radon", "log_uppm"]) expect(values[column]).toHaveLength(919);
  });

  test("peregrines were counted in forty years", async () => {
    const { values } = await readRecord("peregrine");
    expect(values["C"]).toHaveLength(40);
    expect(Math.abs(sum(values["year"] as Float64Array))).toBeLessThan(1e-9);
  });
});

test("a table is not read as a record, nor a census as a table", async () => {
  await expect(readRecord("auto-mpg")).rejects.toThrow("auto-mpg is a table, not a record");
  await expect(readDataTable("grizzly")).rejects.toThrow("grizzly is a census, not a table");
});

test("a file that is not the registry's is refused before it is parsed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "credence-table-"));
  await writeFile(join(folder, "x"), "");
  vi.stubEnv("CREDENCE_DATA", folder);
  vi.stubEnv("XDG_CACHE_HOME", folder);
  await expect(readDataTable("wdbc")).rejects.toMatchObject({ code: "DATASET_MISSING" });
});

test.each([
  ["[1, 2]", "this is no object"],
  ["{", "this is no JSON"],
  ['{"y": [1, null]}', "y[1] is null"],
  ['{"y": "many"}', 'y is "many"'],
  ['{"y": [[1]]}', "y[0] is [1]"],
])("a record that holds anything but numbers is refused with its place: %s", (text, words) => {
  expect(() => parseRecord(text, "d.json")).toThrow(words);
});

test("rows separated by blanks have a cell for every column, or are refused with their line", () => {
  expect(parseColumns("  1 2 \n\n3\t4\n", "d.txt", ["a", "b"]).rows).toEqual([
    ["1", "2"],
    ["3", "4"],
  ]);
  expect(() => parseColumns("1 2\n3\n", "d.txt", ["a", "b"])).toThrow("d.txt:2: 1 cells, expected 2: a, b");
  expect(() => parseColumns("\n", "d.txt", ["a"])).toThrow("the file is empty");
});
