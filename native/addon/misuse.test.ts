// Whatever JavaScript gives the addon: an error of the right kind, or a result; never a crash, and the addon goes on working.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Addon, native, path, summingPlan } from "./plans.ts";

const corpus = new URL("../test/corpus/", import.meta.url);
const plans = readdirSync(corpus).map((name) => {
  const bytes = readFileSync(new URL(name, corpus));
  return { name, words: new Uint32Array(new Uint8Array(bytes).buffer) };
});

/** Values that no argument expects, made anew for each call. */
const oddities = (): unknown[] => {
  const executable = native.compile("cpu", summingPlan(1));
  const released = native.allocate("cpu", 64);
  native.release(released);
  return [
    undefined,
    null,
    true,
    "cpu",
    "cuda:99",
    "",
    0,
    -1,
    0.5,
    64,
    2 ** 31,
    2 ** 53,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    10n,
    Symbol("s"),
    {},
    [],
    [null],
    [[]],
    new Array(3),
    () => {},
    new Float32Array(16),
    new Uint32Array(0),
    new Uint32Array(64).fill(0xffffffff),
    new Uint32Array(new SharedArrayBuffer(64)),
    detached(),
    new DataView(new ArrayBuffer(8)),
    new Proxy([], {
      get: () => {
        throw new Error("a trap");
      },
    }),
    native.allocate("cpu", 0),
    native.allocate("cpu", 64),
    native.createControl(),
    executable,
    released,
    [native.allocate("cpu", 64)],
    [executable],
    [released],
  ];
};

/** A typed array whose memory has gone to someone else. */
function detached(): Uint32Array {
  const words = new Uint32Array(16);
  structuredClone(words.buffer, { transfer: [words.buffer] });
  return words;
}

describe("the addon, given anything,", () => {
  // A linear congruential generator: the calls are the same on every run.
  let state = 20261120;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };

  it.each(Object.keys(native) as (keyof Addon)[])("%s throws an error with a message, or answers", async (name) => {
    const call = native[name] as (...args: unknown[]) => unknown;
    let refused = 0;
    let pool: unknown[] = [];
    for (let round = 0; round < 1500; ++round) {
      if (round % 100 === 0) pool = oddities(); // some of the calls release what is in it
      const args = Array.from({ length: below(6) }, () => pool[below(pool.length)]);
      try {
        const answer = call(...args);
        if (answer instanceof Promise) await answer.catch((error) => expect(error).toBeInstanceOf(Error));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).message).not.toBe("");
        ++refused;
      }
    }
    if (["planVersion", "opcodes", "devices", "createControl"].includes(name)) expect(refused).toBe(0);
    else expect(refused).toBeGreaterThan(500);
  });

  it("still works", () => {
    const [x, y] = [native.allocate("cpu", 64), native.allocate("cpu", 64)];
    native.write(x, 0, new Float32Array(16).fill(2));
    native.run(native.compile("cpu", summingPlan(3)), [x], [y], 2);
    const sums = new Float32Array(16);
    native.read(y, 0, sums);
    expect([...sums]).toEqual(new Array(16).fill(6));
  });

  it("refuses handles of other addons and of other environments' making", () => {
    const imposter = Object.freeze({ kind: "buffer" });
    expect(() => native.byteLength(imposter)).toThrow("the buffer must be a buffer handle, got an object");
    expect(() => structuredClone(native.allocate("cpu", 8))).toThrow();
  });

  it("refuses every plan that is cut short", () => {
    for (const { words } of plans)
      for (let i = 0; i < 50; ++i) {
        const length = below(words.length - 16); // the last line may be padding
        expect(() => native.compile("cpu", words.slice(0, length))).toThrow(RangeError);
      }
  });
});

describe("a plan in which words are damaged", () => {
  it("is refused with a message or compiles, in a process that ends well", () => {
    const script = `
      const native = require(${JSON.stringify(path)});
      const plans = ${JSON.stringify(plans.map(({ words }) => [...words]))}.map((words) => Uint32Array.from(words));
      let state = 1, compiled = 0, refused = 0;
      const below = (n) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * n);
      };
      const small = (words) => words[2] * 8 + words[3] < 1e6 && [4, 11].every((low) => words[low + 1] === 0 && words[low] < 2 ** 22);
      for (let round = 0; round < 20000; ++round) {
        const words = plans[below(plans.length)].slice();
        for (let n = 1 + below(3); n > 0; --n) words[below(words.length)] = [0, 1, 2, 3, 8, 64, 0x7fffffff, 0xffffffff, below(100)][below(9)];
        if (!small(words)) continue; // an arena of gigabytes is allowed, and slow
        try {
          native.releaseExecutable(native.compile("cpu", words));
          ++compiled;
        } catch (error) {
          if (!(error instanceof RangeError) || !/^plan: /.test(error.message)) throw error;
          ++refused;
        }
      }
      console.log(JSON.stringify({ compiled, refused }));`;
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["-"], { input: script, encoding: "utf8", timeout: 100_000 });
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
    const counts = JSON.parse(stdout) as { compiled: number; refused: number };
    expect(counts.compiled).toBeGreaterThan(1000);
    expect(counts.refused).toBeGreaterThan(1000);
  });
});
