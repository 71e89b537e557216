import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { phase } from "./phase.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "credence-phase-"));
});

function counted() {
  let times = 0;
  return {
    compute: async () => ({ facts: { times: ++times }, arrays: { draws: Float64Array.of(0.1, -0, Number.MAX_VALUE) } }),
  };
}

test("a phase that is done is read, to the last bit, and not computed again", async () => {
  const { compute } = counted();
  const first = await phase({ directory, format: "test 1", name: "infer", inputs: { seed: 1 }, compute });
  const second = await phase({ directory, format: "test 1", name: "infer", inputs: { seed: 1 }, compute });
  expect(second).toEqual(first);
  expect(second.facts.times).toBe(1);
  expect(Object.is(second.arrays.draws![1], -0)).toBe(true);
});

test("other inputs are computed again, and have another fingerprint", async () => {
  const { compute } = counted();
  const first = await phase({ directory, format: "test 1", name: "infer", inputs: { seed: 1 }, compute });
  const other = await phase({ directory, format: "test 1", name: "infer", inputs: { seed: 2 }, compute });
  expect(other.facts.times).toBe(2);
  expect(other.fingerprint).not.toBe(first.fingerprint);
});

test("a phase that throws leaves nothing behind", async () => {
  const fail = () => Promise.reject(new Error("stopped"));
  await expect(phase({ directory, format: "test 1", name: "train", inputs: null, compute: fail })).rejects.toThrow("stopped");
  await expect(readFile(join(directory, "train.safetensors"))).rejects.toThrow("ENOENT");
});

test("a damaged file is an error that names it", async () => {
  const { compute } = counted();
  await phase({ directory, format: "test 1", name: "infer", inputs: 1, compute });
  const path = join(directory, "infer.safetensors");
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length - 5));
  await expect(phase({ directory, format: "test 1", name: "infer", inputs: 1, compute })).rejects.toThrow(path);
});

test("a folder of another format is computed again", async () => {
  const { compute } = counted();
  await phase({ directory, format: "test 1", name: "infer", inputs: 1, compute });
  const other = await phase({ directory, format: "test 2", name: "infer", inputs: 1, compute });
  expect(other.facts.times).toBe(2);
});
