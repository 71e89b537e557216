// Threads, cancellation and the end of a process: what native code holds is used safely and let go.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { forever, type Handle, native, path, summingPlan } from "./plans.ts";

const count = 1 << 20;

/** What the scripts of workers and child processes start with. Their plan adds x to `sum` in every turn; `bytes` is the size of each. */
const prelude = (trips: number, elements = 16): string => `
  const { Worker, parentPort } = require("node:worker_threads");
  const native = require(${JSON.stringify(path)});
  const bytes = ${4 * elements};
  const executable = native.compile("cpu", Uint32Array.from(${JSON.stringify([...summingPlan(trips, elements)])}));
  const filled = (value) => {
    const buffer = native.allocate("cpu", bytes);
    native.write(buffer, 0, new Float32Array(${elements}).fill(value));
    return buffer;
  };
  const running = async (control) => {
    while (native.progress(control) < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  };
`;

const endless = `
  const control = native.createControl();
  const run = native.runAsync(executable, [filled(1)], [filled(0)], 2, control);
`;

/** Runs a script in a process of its own, which must end within a minute. */
function child(script: string, more: readonly string[] = []) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...more, "-e", script], { encoding: "utf8", timeout: 60_000 });
  return { status, signal, stdout: stdout.trim(), stderr: stderr.trim() };
}

const clean = { status: 0, signal: null, stderr: "" };

describe("worker threads", () => {
  it("run at the same time, each with results of its own", async () => {
    const script = `${prelude(50)}
      (async () => {
        const own = Number(require("node:worker_threads").threadId);
        const x = filled(own), wrong = [];
        for (let round = 0; round < 30; ++round) {
          const y = filled(0), sum = new Float32Array(16);
          if (round % 2) native.run(executable, [x], [y], 1 + round % 3);
          else await Promise.all([native.runAsync(executable, [x], [y], 2), native.runAsync(executable, [x], [filled(0)], 1)]);
          native.read(y, 0, sum);
          if (sum.some((value) => value !== 50 * own)) wrong.push([...sum]);
        }
        parentPort.postMessage(wrong);
      })();`;
    const workers = Array.from({ length: 4 }, () => new Worker(script, { eval: true }));
    for (const [wrong] of await Promise.all(workers.map((worker) => once(worker, "message")))) expect(wrong).toEqual([]);
  });

  it("give back what they hold when they are terminated in the middle of a run", () => {
    // Each holds an input, an output and an arena of 32 MiB: 20 of them would be 1.9 GiB.
    const held = 1 << 23;
    const inWorker = `${prelude(forever, held)} ${endless} running(control).then(() => parentPort.postMessage("running")); run.catch(() => {});`;
    const { stdout, ...end } = child(`
      const { Worker } = require("node:worker_threads");
      const { once } = require("node:events");
      (async () => {
        const resident = [];
        for (let round = 0; round < 21; ++round) {
          const worker = new Worker(${JSON.stringify(inWorker)}, { eval: true });
          await once(worker, "message");
          await worker.terminate();
          resident.push(process.memoryUsage().rss);
        }
        process.stdout.write(String((resident.at(-1) - resident[0]) / 2 ** 20)); // a number logged may come in colour
      })();`);
    expect(end).toEqual(clean);
    expect(Number(stdout)).toBeLessThan(96); // MiB: not even one of them is left
  });
});

describe("cancellation", () => {
  it("stops within the step that is under way, and the executable runs again", async () => {
    const filled = (value: number): Handle => {
      const buffer = native.allocate("cpu", 4 * count);
      native.write(buffer, 0, new Float32Array(count).fill(value));
      return buffer;
    };
    const endless = native.compile("cpu", summingPlan(forever, count));
    const [x, y] = [filled(1), filled(0)];
    for (const threads of [1, 2]) {
      const control = native.createControl();
      const run = native.runAsync(endless, [x], [y], threads, control);
      const refused = expect(run).rejects.toMatchObject({ code: "ERR_CANCELLED" });
      while (native.progress(control) < 3) await new Promise((resolve) => setTimeout(resolve, 1));
      const before = native.progress(control);
      native.cancel(control);
      await refused;
      // One step is under way, and one may have ended between the reading and the cancellation.
      expect(native.progress(control) - before).toBeLessThanOrEqual(2);
    }
    const again = native.compile("cpu", summingPlan(3, count));
    native.run(again, [x], [y], 2);
    const sums = new Float32Array(count);
    native.read(y, 0, sums);
    expect(sums.every((sum) => sum === 3)).toBe(true);
    const control = native.createControl();
    native.cancel(control);
    await expect(native.runAsync(endless, [x], [y], 2, control)).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  });
});

describe("the end of a process during a run", () => {
  it("is clean where process.exit is called", () => {
    expect(child(`${prelude(forever)} ${endless} running(control).then(() => process.exit(0));`)).toEqual({ ...clean, stdout: "" });
  });

  it("is clean where the run is in a worker thread", () => {
    const inWorker = `${prelude(forever)} ${endless} running(control).then(() => parentPort.postMessage("running")); run.catch(() => {});`;
    const script = `new (require("node:worker_threads").Worker)(${JSON.stringify(inWorker)}, { eval: true }).on("message", () => process.exit(0));`;
    expect(child(script)).toEqual({ ...clean, stdout: "" });
  });

  it("is clean where a worker blocks in a run that ends", () => {
    const inWorker = `${prelude(20_000, 1 << 12)} parentPort.postMessage("running"); native.run(executable, [filled(1)], [filled(0)], 2);`;
    const script = `new (require("node:worker_threads").Worker)(${JSON.stringify(inWorker)}, { eval: true }).on("message", () => process.exit(0));`;
    expect(child(script)).toEqual({ ...clean, stdout: "" });
  });

  it("keeps the message and the code of an error that nobody caught", () => {
    const end = child(`${prelude(forever)} ${endless} running(control).then(() => { throw new Error("the model is wrong"); });`);
    expect(end).toMatchObject({ status: 1, signal: null });
    expect(end.stderr).toContain("the model is wrong");
  });

  it("waits for the run where nothing ends it before", () => {
    const end = child(`${prelude(50_000)} native.runAsync(executable, [filled(1)], [filled(0)], 2).then(() => console.log("done"));`);
    expect(end).toEqual({ ...clean, stdout: "done" });
  });

  it("is the signal's", () => {
    const end = child(`${prelude(forever)} ${endless} running(control).then(() => process.kill(process.pid, "SIGTERM"));`);
    expect(end).toMatchObject({ status: null, signal: "SIGTERM", stderr: "" });
  });
});
