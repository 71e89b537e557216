import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { numbersOf, parseTable, readTable } from "./table.ts";

const refusal = (code: string, line: number | undefined, words: string) =>
  expect.objectContaining({ name: "TableError", code, line, message: expect.stringContaining(words) });

test("quoted headers name columns, and NA and empty cells are missing", () => {
  const table = parseTable('\uFEFF"Year","Count"\n1952,2894\n1953,NA\n1954,\n1955,-1.5e3\n', "f.csv");
  expect(table.columns).toEqual(["Year", "Count"]);
  expect([...numbersOf(table, "Count")]).toEqual([2894, Number.NaN, Number.NaN, -1500]);
});

test.each(["NaN", "Infinity", "-inf", "12 cranes", "0x10", "1,5", "--3", "1e999"])(
  "the cell %j is no number and its line is named",
  (cell) => {
    const table = parseTable(`a,b\n1,2\n3,"${cell}"\n`, "f.csv");
    expect(() => numbersOf(table, "b")).toThrow(refusal("TABLE_NUMBER", 3, `f.csv:3: column b holds "${cell}"`));
  },
);

test("a column that is not there is refused with those that are", () => {
  expect(() => numbersOf(parseTable("year,n\n1,2\n", "f.csv"), "count")).toThrow(
    refusal("TABLE_COLUMN", undefined, "the columns are year, n"),
  );
});

test("a short row is refused with its line and both lengths", () => {
  expect(() => parseTable("a,b\n1,2\n3\n", "f.csv")).toThrow(refusal("TABLE_RAGGED", 3, "1 cells, expected 2"));
});

test("two columns of one name are refused", () => {
  expect(() => parseTable("a,a\n1,2\n", "f.csv")).toThrow(refusal("TABLE_COLUMN", 1, 'two columns are named "a"'));
});

test("an empty file is refused", () => {
  expect(() => parseTable("\n\n", "f.csv")).toThrow(refusal("TABLE_EMPTY", undefined, "the file is empty"));
});

test("a file that is not there, a folder and a binary file are refused by what they are", async () => {
  const folder = await mkdtemp(join(tmpdir(), "credence-table-"));
  await writeFile(join(folder, "latin.csv"), Buffer.from([0x61, 0xff, 0xfe, 0x0a]));
  await writeFile(join(folder, "nul.csv"), "a,b\n1,\0\n");
  await expect(readTable(join(folder, "none.csv"))).rejects.toThrow(refusal("TABLE_UNREADABLE", undefined, "there is no such file"));
  await expect(readTable(folder)).rejects.toThrow(refusal("TABLE_UNREADABLE", undefined, "this is a folder"));
  await expect(readTable(join(folder, "latin.csv"))).rejects.toThrow(refusal("TABLE_ENCODING", undefined, "not UTF-8"));
  await expect(readTable(join(folder, "nul.csv"))).rejects.toThrow(refusal("TABLE_ENCODING", undefined, "NUL bytes"));
});
