import { expect, test } from "vitest";
import { splitRecords } from "./csv.ts";

const cells = (text: string) => splitRecords(text, "f.csv").map((record) => record.cells);

test("plain cells split at commas and line ends of every platform", () => {
  expect(cells("a,b\n1,2\r\n3,4\r5,6")).toEqual([
    ["a", "b"],
    ["1", "2"],
    ["3", "4"],
    ["5", "6"],
  ]);
});

test("a quoted cell keeps commas, newlines and doubled quotes", () => {
  expect(cells('"a, b","say ""yes""","two\nlines"\n')).toEqual([["a, b", 'say "yes"', "two\nlines"]]);
});

test("empty cells are kept, blank lines are not", () => {
  expect(cells("a,,\n\n   \n,,c\n")).toEqual([
    ["a", "", ""],
    ["", "", "c"],
  ]);
});

test("a record knows the line at which it starts, past newlines inside quotes", () => {
  expect(splitRecords('h\n"x\ny"\nz\n', "f.csv").map((record) => record.line)).toEqual([1, 2, 4]);
});

test.each(['a,"never closed\n1,2\n', 'a,b\n1,in"side\n', 'a,b\n"quoted"tail,2\n'])(
  "a quote out of place is refused with its line: %j",
  (text) => {
    expect(() => splitRecords(text, "f.csv")).toThrow(
      expect.objectContaining({ code: "TABLE_QUOTE", line: text.startsWith("a,b") ? 2 : 1 }),
    );
  },
);
