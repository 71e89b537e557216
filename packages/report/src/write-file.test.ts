import { chmod, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WriteError } from "./write-error.ts";
import { writeAtomically } from "./write-file.ts";
import { writeJson } from "./write-json.ts";

const folder = () => mkdtemp(join(tmpdir(), "credence-write-"));

test("a file is written into folders that are made for it, and leaves nothing beside it", async () => {
  const path = join(await folder(), "a", "b", "c.txt");
  await writeAtomically(path, "first");
  await writeAtomically(path, "second");
  expect(await readFile(path, "utf8")).toBe("second");
  expect(await readdir(join(path, ".."))).toEqual(["c.txt"]);
});

test("a path that runs through a file is an error that says so", async () => {
  const root = await folder();
  await writeFile(join(root, "file"), "in the way");
  await expect(writeAtomically(join(root, "file", "x.json"), "")).rejects.toThrow(
    expect.objectContaining({ name: "WriteError", code: "WRITE_FAILED", message: expect.stringContaining("is a file, not a folder") }),
  );
});

test.skipIf(process.getuid?.() === 0)("a folder that may not be written to is an error that says so", async () => {
  const root = await folder();
  await chmod(root, 0o500);
  await expect(writeAtomically(join(root, "x"), "")).rejects.toThrow(expect.objectContaining({ code: "WRITE_DENIED" }));
});

test.each([
  ["ENOSPC", "WRITE_DISK_FULL", "the disk is full"],
  ["EACCES", "WRITE_DENIED", "permission denied"],
  ["EROFS", "WRITE_DENIED", "read-only"],
  ["EIO", "WRITE_FAILED", "i/o error"],
])("the system's %s becomes %s", (code, expected, words) => {
  const error = new WriteError("/results/x.nc", Object.assign(new Error("i/o error"), { code }));
  expect(error.code).toBe(expected);
  expect(error.message).toContain("cannot write /results/x.nc");
  expect(error.message).toContain(words);
});

test("JSON refuses NaN and Infinity by where they stand and keeps what was there", async () => {
  const path = join(await folder(), "summary.json");
  await writeJson(path, { cost: { seconds: [1, 2] } });
  await expect(writeJson(path, { cost: { seconds: [1, Number.NaN] } })).rejects.toThrow("$.cost.seconds.1 is NaN");
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ cost: { seconds: [1, 2] } });
});
