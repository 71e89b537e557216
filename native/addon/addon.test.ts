import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { forever, type Handle, native, path, summingPlan } from "./plans.ts";

const ones = (): Handle => {
  const buffer = native.allocate("cpu", 64);
  native.write(buffer, 0, new Float32Array(16).fill(1));
  return buffer;
};
const contents = (buffer: Handle): number[] => {
  const array = new Float32Array(16);
  native.read(buffer, 0, array);
  return Array.from(array);
};
const untilProgress = async (control: Handle, count: number): Promise<void> => {
  while (native.progress(control) < count) await new Promise((resolve) => setTimeout(resolve, 1));
};

describe("the addon", () => {
  it("names its version, opcodes and devices", () => {
    expect(native.planVersion()).toBe(2);
    expect(Object.keys(native.opcodes().rows)).toContain("gather");
    expect(native.opcodes().monoids["and"]).toBe(4);
    expect(native.devices()[0]).toMatchObject({ name: "cpu", kind: "cpu" });
  });

  it("runs a plan synchronously and asynchronously, on any number of threads", async () => {
    const executable = native.compile("cpu", summingPlan(1000));
    for (const threads of [1, 2]) {
      const [x, y] = [ones(), native.allocate("cpu", 64)];
      native.run(executable, [x], [y], threads);
      expect(contents(y)).toEqual(new Array(16).fill(1000));
      native.write(y, 0, new Float32Array(16));
      await native.runAsync(executable, [x], [y], threads);
      expect(contents(y)).toEqual(new Array(16).fill(1000));
    }
  });

  it("keeps many runs of one executable in flight", async () => {
    const executable = native.compile("cpu", summingPlan(20_000));
    const outputs = Array.from({ length: 8 }, () => native.allocate("cpu", 64));
    const runs = outputs.map((y) => native.runAsync(executable, [ones()], [y], 1));
    native.releaseExecutable(executable);
    await Promise.all(runs);
    for (const y of outputs) expect(contents(y)[0]).toBe(20_000);
  });

  it("cancels a run, says so by code, and goes on", async () => {
    const executable = native.compile("cpu", summingPlan(forever));
    for (const threads of [1, 2]) {
      const control = native.createControl();
      const running = native.runAsync(executable, [ones()], [native.allocate("cpu", 64)], threads, control);
      const refused = expect(running).rejects.toMatchObject({ code: "ERR_CANCELLED" });
      await untilProgress(control, 100);
      native.cancel(control);
      await refused;
    }
  });

  it("keeps released buffers alive for the run that uses them", async () => {
    const executable = native.compile("cpu", summingPlan(50_000));
    const [x, y] = [ones(), native.allocate("cpu", 64)];
    const running = native.runAsync(executable, [x], [y], 1);
    native.release(x);
    native.release(x);
    expect(() => native.byteLength(x)).toThrow(/released/);
    await running;
    expect(contents(y)[15]).toBe(50_000);
  });

  it("reads and writes any typed array inside a buffer, and nothing outside", () => {
    const buffer = native.allocate("cpu", 10);
    native.write(buffer, 2, new Uint8Array([1, 2, 3]));
    const whole = new Uint8Array(10);
    native.read(buffer, 0, whole);
    expect(Array.from(whole)).toEqual([0, 0, 1, 2, 3, 0, 0, 0, 0, 0]);
    expect(() => native.write(buffer, 8, new Uint8Array(3))).toThrow("bytes 8 to 11 lie outside the buffer of 10 bytes");
    expect(() => native.read(buffer, 11, new Uint8Array(0))).toThrow(RangeError);
    expect(() => native.read(buffer, -1, whole)).toThrow("byteOffset must be an integer from 0 to 10, got -1");
    expect(() => native.read(buffer, 0.5, whole)).toThrow(RangeError);
    expect(() => native.write(buffer, 0, [1])).toThrow("the array must be a typed array, got an array");
  });

  it("refuses what is not on this machine and what does not fit", () => {
    expect(() => native.allocate("cuda:9", 4)).toThrow(/device "cuda:9" is not on this machine or not in this build; devices: cpu/);
    expect(() => native.allocate("cpu", -1)).toThrow(RangeError);
    expect(() => native.allocate("cpu", 2 ** 46)).toThrow("has no room for 70368744177664 bytes");
    expect(() => native.compile("cpu", new Float32Array(16))).toThrow(TypeError);
    expect(() => native.compile("cpu", new Uint32Array(16))).toThrow(/plan: header: magic word/);
  });

  it("refuses wrong, missing, small and shared buffers", () => {
    const executable = native.compile("cpu", summingPlan(1));
    const [x, y] = [ones(), native.allocate("cpu", 64)];
    expect(() => native.run(executable, [], [y], 1)).toThrow("takes 1 inputs, got 0");
    expect(() => native.run(executable, [x], [native.allocate("cpu", 63)], 1)).toThrow("output 0 must hold at least 64 bytes, got 63");
    expect(() => native.run(executable, [x], [x], 1)).toThrow("input 0 and output 0 are the same buffer");
    expect(() => native.run(executable, [executable], [y], 1)).toThrow("input must be a buffer handle");
    expect(() => native.run(x, [x], [y], 1)).toThrow("the executable must be an executable handle");
    expect(() => native.run(undefined, [x], [y], 1)).toThrow(TypeError);
    expect(() => native.run(executable, x, [y], 1)).toThrow("inputs must be an array");
    expect(() => native.run(executable, [x], [y], 0)).toThrow("threads must be an integer from 1 to 1024, got 0");
    expect(() => native.runAsync(executable, [x], [y], 1, {})).toThrow("the control must be a control handle");
  });

  it("ends its runs when a worker thread is terminated", async () => {
    const worker = new Worker(
      `const { parentPort, workerData } = require("node:worker_threads");
       const native = require(workerData.path);
       const executable = native.compile("cpu", workerData.plan);
       const control = native.createControl();
       native.runAsync(executable, [native.allocate("cpu", 64)], [native.allocate("cpu", 64)], 2, control).catch(() => {});
       const wait = () => (native.progress(control) > 10 ? parentPort.postMessage("running") : setTimeout(wait, 1));
       wait();`,
      { eval: true, workerData: { path, plan: summingPlan(forever) } },
    );
    await new Promise((resolve) => worker.once("message", resolve));
    expect(await worker.terminate()).toBe(1);
  });
});
