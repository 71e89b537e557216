import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { array, program, random, type Tensor } from "@credence/tensor";
import type { Block, BlockSource } from "./block.ts";
import { SimulationError } from "./errors.ts";
import type { Prior } from "./prior.ts";
import type { WorkerReply, WorkerRequest, WorkerSetup } from "./simulation-worker.ts";
import { streams } from "./streams.ts";

/**
 * A simulator written as a plain function `(theta: Float64Array, random: Random) => number[]` (or a typed array, or a promise of one),
 * exported by a module that worker threads can import.
 */
export interface FunctionSimulator {
  readonly kind: "function";
  readonly module: URL | string;
  readonly name: string;
}

/** The worker's file: found through the package's own import map, for which source and build are one place. */
const workerFile = createRequire(import.meta.url).resolve("#simulation-worker");

/** Worker threads that hold one simulator. A thread takes one request at a time. */
export class SimulationWorkers {
  readonly #setup: WorkerSetup;
  readonly #idle: Promise<Worker>[] = [];
  readonly #all = new Set<Worker>();

  constructor(simulator: FunctionSimulator, options: { readonly seed: number; readonly dimension: number }) {
    const { module, name } = simulator;
    const isUrl = module instanceof URL || /^[a-z][a-z0-9+.-]+:/i.test(module);
    this.#setup = { module: isUrl ? String(module) : pathToFileURL(module).href, name, ...options };
  }

  async run(request: WorkerRequest, signal?: AbortSignal): Promise<Extract<WorkerReply, { kind: "rows" }>> {
    const worker = await (this.#idle.pop() ?? this.#start());
    const answered = nextReply(worker, signal);
    worker.postMessage(request);
    const reply = await answered;
    this.#idle.push(Promise.resolve(worker));
    if (reply.kind === "unusable") throw new SimulationError(`the simulator "${this.#setup.name}" cannot be used: ${reply.message}`);
    return reply as Extract<WorkerReply, { kind: "rows" }>;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  async #start(): Promise<Worker> {
    const worker = new Worker(workerFile, { workerData: this.#setup });
    this.#all.add(worker);
    const reply = await nextReply(worker);
    if (reply.kind === "unusable") throw new SimulationError(`the simulator "${this.#setup.name}" cannot be used: ${reply.message}`);
    return worker;
  }
}

function nextReply(worker: Worker, signal?: AbortSignal): Promise<WorkerReply> {
  const settled = new AbortController();
  return new Promise<WorkerReply>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", (error) => reject(new SimulationError(`a simulation thread failed: ${error.message}`, { cause: error })));
    worker.once("exit", (code) =>
      reject(new SimulationError(`a simulation thread ended with exit code ${code}; the simulator must not exit`)),
    );
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true, signal: settled.signal });
  }).finally(() => {
    settled.abort();
    for (const event of ["message", "error", "exit"]) worker.removeAllListeners(event);
    // A failure between two requests is told by the next one.
    worker.on("error", () => {});
  });
}

/** Rows `rowsPerDraw` at a time, so that a row's parameters do not depend on how many rows are asked for. */
const rowsPerDraw = 1024;

/** Independent draws from the prior, [count, D] row-major, the same as a program simulator of the default chunk gets. */
export async function drawPrior(
  parameters: Prior,
  options: { readonly count: number; readonly seed: number },
): Promise<Float32Array | Float64Array> {
  const { count, seed } = options;
  const draw = program((c: Tensor) => parameters.sample(random.fold(random.fold(random.key(seed), streams.prior), c), [rowsPerDraw]), {
    threads: 1,
    name: "prior",
  });
  let theta: Float32Array | Float64Array | undefined;
  for (let start = 0; start < count; start += rowsPerDraw) {
    const drawn = await draw.runAsync([array(Int32Array.of(start / rowsPerDraw), { shape: [] })]);
    const values = drawn.data() as Float32Array | Float64Array;
    drawn.dispose();
    theta ??= new (values.constructor as Float64ArrayConstructor)(count * parameters.dimension);
    theta.set(values.subarray(0, Math.min(rowsPerDraw, count - start) * parameters.dimension), start * parameters.dimension);
  }
  return theta!;
}

/** `theta`: [count, dimension], row-major. */
export function functionBlocks(workers: SimulationWorkers, theta: Float32Array | Float64Array, dimension: number): BlockSource {
  return async (start, rows, signal): Promise<Block> => {
    const part = theta.slice(start * dimension, (start + rows) * dimension);
    const reply = await workers.run({ start, rows, theta: Float64Array.from(part) }, signal);
    return { theta: part, x: reply.x, rowShape: [reply.length], failures: reply.failures };
  };
}
