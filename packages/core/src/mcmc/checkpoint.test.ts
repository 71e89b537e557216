import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NdArray } from "@credence/tensor";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Draws, Target } from "../model/index.ts";
import type { ChainOptions } from "./options.ts";
import { chees } from "./run-chees.ts";
import { nuts } from "./run-nuts.ts";
import { plainTarget, tilted } from "./test/targets.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "credence-chains-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const bits = (draws: Draws): unknown =>
  [draws.draws, draws.logDensity, ...Object.values(draws.stats)].map((array: NdArray) => [...array.data()]);

/** Stops a run when it has come so far, as often as asked, and lets it end. */
async function inPieces(
  run: (target: Target, options: ChainOptions) => Promise<Draws>,
  options: ChainOptions,
  stops: readonly [string, number][],
): Promise<Draws> {
  for (const [phase, done] of stops) {
    const controller = new AbortController();
    const onProgress: ChainOptions["onProgress"] = (progress) => {
      if (progress.phase === phase && progress.done >= done) controller.abort(new Error("stopped"));
    };
    await expect(run(tilted, { ...options, signal: controller.signal, onProgress })).rejects.toThrow("stopped");
  }
  return run(tilted, options);
}

describe("chains that are stopped", { timeout: 120_000 }, () => {
  test.each([
    { name: "nuts", run: nuts, options: { seed: 3, chains: 3, warmup: 300, draws: 400, thin: 2 } },
    { name: "chees", run: chees, options: { seed: 3, chains: 16, warmup: 300, draws: 600 } },
  ])("go on and end with the same bits: $name", async ({ run, options }) => {
    const whole = await run(tilted, options);
    const pieces = await inPieces(run, { ...options, checkpoint: directory }, [
      ["warmup", 60],
      ["warmup", 200],
      ["draws", 100],
    ]);
    expect(bits(pieces)).toEqual(bits(whole));
    // The run has ended: its draws are there at once, without a step.
    const asked: string[] = [];
    const again = await run(tilted, { ...options, checkpoint: directory, onProgress: ({ phase }) => void asked.push(phase) });
    expect(asked).toEqual([]);
    expect(bits(again)).toEqual(bits(whole));
  });

  test("a directory holds one run: another seed, option or model is refused, and so is a file that is damaged", async () => {
    const options = { seed: 1, chains: 2, warmup: 20, draws: 20, checkpoint: directory };
    await nuts(tilted, options);
    await expect(nuts(tilted, { ...options, seed: 2 })).rejects.toThrow("belongs to a run with another model, data, seed or options");
    await expect(nuts(tilted, { ...options, draws: 30 })).rejects.toThrow("belongs to a run with another model");
    await expect(
      nuts(
        plainTarget(3, (u) => u.square().sum(-1).neg()),
        options,
      ),
    ).rejects.toThrow("belongs to a run with another model");
    const [file] = await readdir(directory);
    const path = join(directory, file!);
    const content = await readFile(path);
    content[content.length - 5]! ^= 1;
    await writeFile(path, content);
    await expect(nuts(tilted, options)).rejects.toThrow("checksum");
  });
});
