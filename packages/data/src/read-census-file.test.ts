import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type CensusFileOptions, readCensusFile } from "./read-census-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "credence-census-"));
});

async function read(text: string, options?: CensusFileOptions) {
  const path = join(folder, "storks.csv");
  await writeFile(path, text);
  return readCensusFile(path, options);
}

test("times and counts come from the named columns, with rows of missing counts left out", async () => {
  const census = await read('"when","pairs","observer"\n2001,12,ab\n2002,NA,cd\n2004.5,0,ef\n2006,7,gh\n', {
    timeColumn: "when",
    countColumn: "pairs",
    unit: "pairs",
  });
  expect(census).toMatchObject({ name: "storks", unit: "pairs", timeUnit: "year" });
  expect([...census.times]).toEqual([2001, 2004.5, 2006]);
  expect([...census.counts]).toEqual([12, 0, 7]);
  expect(census.checksum).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  ["a wrong column", "year,count\n1,2\n2,3\n3,4\n", "TABLE_COLUMN", 'no column "time"; the columns are year, count'],
  ["a negative count", "time,count\n1,2\n2,-3\n3,4\n", "CENSUS_COUNT_NEGATIVE", ":3: count -3; counts must be 0 or more"],
  ["a count of NaN", "time,count\n1,2\n2,NaN\n3,4\n", "TABLE_NUMBER", ':3: column count holds "NaN", expected a finite number'],
  [
    "a count that is no whole number",
    "time,count\n1,2\n2,3.5\n3,4\n",
    "CENSUS_COUNT_FRACTION",
    ":3: count 3.5; counts must be whole numbers",
  ],
  ["a count past exact integers", "time,count\n1,2\n2,1e17\n3,4\n", "CENSUS_COUNT_LARGE", ":3: count 100000000000000000"],
  ["times out of order", "time,count\n1,2\n3,3\n2,4\n", "CENSUS_TIME_ORDER", ":4: time 2 follows 3; times must increase"],
  ["a time given twice", "time,count\n1,2\n1,3\n2,4\n", "CENSUS_TIME_ORDER", ":3: time 1 follows 1"],
  ["a missing time", "time,count\n1,2\nNA,3\n2,4\n", "CENSUS_TIME_MISSING", ":3: the time is missing"],
  ["fewer than three counts", "time,count\n1,2\n2,NA\n3,4\n", "CENSUS_TOO_SHORT", "2 counts in column count, expected at least 3"],
])("%s is refused with what was given and what is expected", async (_, text, code, words) => {
  await expect(read(text)).rejects.toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }));
});

test("one column cannot be both times and counts", async () => {
  await expect(read("time,count\n1,2\n2,3\n3,4\n", { countColumn: "time" })).rejects.toThrow(
    expect.objectContaining({ code: "CENSUS_SAME_COLUMN" }),
  );
});
