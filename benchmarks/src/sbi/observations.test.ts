import { expect, test } from "vitest";
import { parseCsv } from "./observations.ts";

test("a table is read with or without a line of names", () => {
  const named = parseCsv("a,$\\beta$\n1,-2.5\n3e-1,4\n", "table.csv");
  expect(named).toEqual({ values: Float64Array.of(1, -2.5, 0.3, 4), rows: 2, columns: 2 });
  expect(parseCsv("1,-2.5\r\n3e-1,4\r\n", "table.csv")).toEqual(named);
});

test("a row that is too short, or no number, is refused by file, row and column", () => {
  expect(() => parseCsv("1,2\n3", "t.csv")).toThrow("t.csv, row 2: expected 2 numbers, got 1");
  expect(() => parseCsv("1,2\n3,x", "t.csv")).toThrow('t.csv, row 2, column 2: expected a number, got "x"');
  expect(() => parseCsv("a,b\n", "t.csv")).toThrow("t.csv holds no row of numbers");
});
