import { parentPort, workerData } from "node:worker_threads";
import type { Failure } from "./block.ts";
import { Random } from "./random.ts";

/** What a worker thread is started with. */
export interface WorkerSetup {
  readonly module: string;
  readonly name: string;
  readonly seed: number;
  readonly dimension: number;
}

export interface WorkerRequest {
  readonly start: number;
  readonly rows: number;
  /** [rows, dimension], row-major. */
  readonly theta: Float64Array;
}

export type WorkerReply =
  | { readonly kind: "ready" }
  | { readonly kind: "unusable"; readonly message: string }
  | {
      readonly kind: "rows";
      readonly start: number;
      readonly x: Float64Array;
      readonly length: number;
      readonly failures: readonly Failure[];
    };

const port = parentPort!;
const { module, name, seed, dimension } = workerData as WorkerSetup;

const reply = (message: WorkerReply) => port.postMessage(message);

try {
  const imported = ((await import(module)) as Record<string, unknown>)[name];
  if (typeof imported === "function") {
    port.on("message", async (request: WorkerRequest) => reply(await simulateRows(imported, request)));
    reply({ kind: "ready" });
  } else {
    reply({ kind: "unusable", message: `${module} exports no function named "${name}", but ${describe(imported)}` });
  }
} catch (error) {
  reply({ kind: "unusable", message: `${module} could not be imported: ${describe(error)}` });
}

/** Rows that throw are left NaN and listed; rows of another length than the first one make the simulator unusable. */
async function simulateRows(simulator: CallableFunction, { start, rows, theta }: WorkerRequest): Promise<WorkerReply> {
  const results: (ArrayLike<number> | undefined)[] = [];
  const failures: Failure[] = [];
  let length: number | undefined;
  for (let i = 0; i < rows; i++) {
    const row = start + i;
    try {
      const x: unknown = await simulator(theta.slice(i * dimension, (i + 1) * dimension), new Random(seed, row));
      if (!isNumbers(x)) return { kind: "unusable", message: `row ${row} returned ${describe(x)}, expected an array of numbers` };
      length ??= x.length;
      if (x.length !== length) return { kind: "unusable", message: `row ${row} returned ${x.length} numbers, an earlier row ${length}` };
      results.push(x);
    } catch (error) {
      failures.push({ row, message: describe(error) });
      results.push(undefined);
    }
  }
  const x = new Float64Array(rows * (length ?? 0)).fill(Number.NaN);
  results.forEach((result, i) => {
    if (result) x.set(result, i * length!);
  });
  return { kind: "rows", start, x, length: length ?? 0, failures };
}

function isNumbers(value: unknown): value is ArrayLike<number> {
  if (Array.isArray(value)) return value.every((entry) => typeof entry === "number");
  return (
    ArrayBuffer.isView(value) && !(value instanceof DataView) && !(value instanceof BigInt64Array) && !(value instanceof BigUint64Array)
  );
}

function describe(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === "object" || value === undefined ? String(value) : `${typeof value} ${String(value)}`;
}
