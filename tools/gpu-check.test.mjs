import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { dumpOf } from "./gpu-check/plans.mjs";
import { root } from "./process.mjs";

const python = (...args) => spawnSync("python3", ["-B", ...args], { cwd: join(root, "tools", "gpu-check"), encoding: "utf8" });
const noPython = python("--version").error ? "python3 is not installed" : false;

test("a dump has the bytes that cuda/test/dump_test.cpp reads", () => {
  const dump = dumpOf({ words: Uint32Array.of(7, 8), inputs: [new TextEncoder().encode("abc"), new Uint8Array(0)] });
  const numbers = (...values) => values.flatMap((value) => [value, 0, 0, 0]);
  const long = (value) => [value, 0, 0, 0, 0, 0, 0, 0];
  assert.deepEqual([...dump], [...Buffer.from("CRDNDUMP"), ...numbers(2, 2, 7, 8), ...long(3), ...Buffer.from("abc"), ...long(0)]);
});

test("the table of a GPU check joins, judges and prints", { skip: noPython }, () => {
  const ran = python("-m", "unittest", "table_test");
  assert.equal(ran.status, 0, ran.stderr);
});

test("a GPU check says what it does", { skip: noPython }, () => {
  const ran = python(".", "--help");
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /--node FILE/);
});
