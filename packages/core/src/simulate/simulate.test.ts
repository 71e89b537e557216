import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { array, random, type Tensor } from "@credence/tensor";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { normal, parameters, uniform } from "../distribution/index.ts";
import { FileFormatError } from "../file/errors.ts";
import { SimulationError } from "./errors.ts";
import { type Simulator, simulate } from "./simulate.ts";

vi.setConfig({ testTimeout: 60_000 });

const prior = parameters({ shift: { prior: uniform(-1, 1) }, size: { prior: normal(0, 1) } });

const asProgram: Simulator = {
  kind: "program",
  run: (key: Tensor, theta: Tensor) => theta.add(random.normal(key, theta.shape, { dtype: theta.dtype })),
};

const moduleOf = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;
const asFunction = (body: string): Simulator => ({
  kind: "function",
  module: moduleOf(`export function model(theta, random) { ${body} }`),
  name: "model",
});

const noisy = asFunction("return [theta[0] + random.normal(), theta[1] * random.uniform(), theta[0]]");

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "credence-simulate-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe.each([
  ["a program", asProgram, 2, 100],
  ["a plain function", noisy, 3, 16],
] as const)("simulating with %s", (_name, simulator, width, chunk) => {
  it("gives the same bits for any number of threads, and a prefix for a smaller count", async () => {
    const one = await simulate({ parameters: prior, simulator, count: 250, seed: 5, threads: 1, chunk });
    const two = await simulate({ parameters: prior, simulator, count: 250, seed: 5, threads: 2, chunk });
    const short = await simulate({ parameters: prior, simulator, count: 130, seed: 5, threads: 2, chunk });
    const other = await simulate({ parameters: prior, simulator, count: 130, seed: 6, threads: 2, chunk });
    expect(one.theta.shape).toEqual([250, 2]);
    expect(one.x.shape).toEqual([250, width]);
    expect(two.x.data()).toEqual(one.x.data());
    expect(two.theta.data()).toEqual(one.theta.data());
    expect(short.x.data()).toEqual(one.x.data().slice(0, 130 * width));
    expect(other.x.data()).not.toEqual(short.x.data());
    expect(one).toMatchObject({ failed: 0, incomplete: 0, failures: [] });
  });

  it("goes on from the chunks on disk, with the same result", async () => {
    const options = { parameters: prior, simulator, count: 250, seed: 5, chunk, directory };
    const stop = new AbortController();
    const started = simulate({ ...options, threads: 1, signal: stop.signal, onProgress: (_phase, done) => done > chunk && stop.abort() });
    await expect(started).rejects.toThrow(/abort/i);
    const kept = await readdir(directory);
    expect(kept.length).toBeGreaterThan(1);
    expect(kept.length).toBeLessThan(1 + Math.ceil(250 / chunk));
    const resumed = await simulate(options);
    const fresh = await simulate({ ...options, directory: join(directory, "fresh") });
    expect(resumed.x.data()).toEqual(fresh.x.data());
    expect(resumed.theta.data()).toEqual(fresh.theta.data());
  });

  it("simulates at given parameters", async () => {
    const one = await simulate({ parameters: prior, simulator, count: 3, seed: 1, theta: array(Float64Array.of(0.25, 2)) });
    expect([...one.theta.data()]).toEqual([0.25, 2, 0.25, 2, 0.25, 2]);
    expect(new Set(one.x.data()).size).toBeGreaterThan(3);
  });
});

describe("failing simulations", () => {
  it("are counted, reported and left as NaN, whether they throw or return no number", async () => {
    const simulator = asFunction(
      'if (theta[0] > 0.5) throw new Error("no equilibrium"); if (theta[0] < -0.5) return [NaN, NaN]; if (theta[1] > 1) return [theta[1], Infinity]; return theta[1] < -1 ? [NaN, 1] : [theta[0], 1]',
    );
    const { theta, x, failed, incomplete, failures } = await simulate({ parameters: prior, simulator, count: 200, seed: 3 });
    const t = theta.data();
    const values = x.data();
    let failing = 0;
    let missing = 0;
    for (let row = 0; row < 200; row++) {
      const fails = Math.abs(t[2 * row]!) > 0.5 || t[2 * row + 1]! > 1;
      if (fails) failing++;
      else if (t[2 * row + 1]! < -1) missing++;
      expect(Number.isNaN(values[2 * row + 1])).toBe(fails);
    }
    expect(failed).toBe(failing);
    expect(incomplete).toBe(missing);
    expect(failures).toHaveLength(10);
    expect(failures.map(({ message }) => message)).toContain("no equilibrium");
  });

  it("are an error when there is nothing else", async () => {
    const throwing = asFunction('throw new Error("no equilibrium")');
    await expect(simulate({ parameters: prior, simulator: throwing, count: 10, seed: 3 })).rejects.toThrow(
      "all 10 simulations failed; row 0: no equilibrium",
    );
    const empty: Simulator = { kind: "program", run: (_key, theta) => theta.mul(Number.NaN) };
    await expect(simulate({ parameters: prior, simulator: empty, count: 10, seed: 3 })).rejects.toThrow(SimulationError);
  });
});

describe("refusals", () => {
  const run = (simulator: Simulator, more = {}) => simulate({ parameters: prior, simulator, count: 10, seed: 3, ...more });

  it("say what is wrong with a simulator", async () => {
    await expect(run({ kind: "function", module: moduleOf("export const a = 1"), name: "model" })).rejects.toThrow(
      'no function named "model"',
    );
    await expect(run({ kind: "function", module: "/nowhere/model.mjs", name: "model" })).rejects.toThrow("could not be imported");
    await expect(run(asFunction("return 'far'"))).rejects.toThrow("row 0 returned string far, expected an array of numbers");
    await expect(run(asFunction("return theta[0] > 0 ? [1] : [1, 2]"))).rejects.toThrow(/returned [12] numbers, an earlier row [12]/);
    await expect(run(asFunction("process.exit(3)"))).rejects.toThrow("exit code 3");
    await expect(run({ kind: "program", run: (_key, theta) => theta.sum(0) })).rejects.toThrow("one row for each of the 1024 rows");
  });

  it("say what is wrong with an option", async () => {
    await expect(run(asProgram, { count: 0 })).rejects.toThrow("count must be a positive integer, got 0");
    await expect(run(asProgram, { seed: 0.5 })).rejects.toThrow("seed must be an integer in [0, 2^32), got 0.5");
    await expect(run(asProgram, { theta: array([1, 2, 3]) })).rejects.toThrow("theta must have shape [10, 2] or [2], got [3]");
  });

  it("a directory of another simulation, and a damaged shard", async () => {
    await run(asProgram, { directory });
    await expect(run(asProgram, { directory, seed: 4 })).rejects.toThrow("belongs to another simulation");
    const shard = join(directory, "rows-0-10.safetensors");
    await writeFile(shard, (await readFile(shard)).subarray(0, 100));
    await expect(run(asProgram, { directory })).rejects.toThrow(FileFormatError);
  });
});
