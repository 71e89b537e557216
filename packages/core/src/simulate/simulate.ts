import { array, defaultThreads, type NdArray } from "@credence/tensor";
import type { Progress } from "../application.ts";
import type { Block, BlockSource, Failure } from "./block.ts";
import { concurrent } from "./concurrent.ts";
import { SimulationError } from "./errors.ts";
import { drawPrior, type FunctionSimulator, functionBlocks, SimulationWorkers } from "./function-simulator.ts";
import type { Prior } from "./prior.ts";
import { type ProgramSimulator, programBlocks } from "./program-simulator.ts";
import { fingerprint, storedBlocks } from "./shards.ts";
import { requireSeed } from "./streams.ts";

export type Simulator = ProgramSimulator | FunctionSimulator;

export interface SimulateOptions {
  readonly parameters: Prior;
  readonly simulator: Simulator;
  /** Number of rows. */
  readonly count: number;
  /** An integer in [0, 2^32). */
  readonly seed: number;
  /** Parameters to simulate at, [count, D], or one row [D] for all; drawn from the prior if absent. */
  readonly theta?: NdArray;
  /** Threads that simulate at the same time; all cores if absent. The result does not depend on it. */
  readonly threads?: number;
  /**
   * Rows that are simulated together: 1024 if absent, or 32 for a plain function. A program draws its random numbers by chunk, and so
   * the chunk is part of what fixes its result.
   */
  readonly chunk?: number;
  /** Where finished chunks are kept: a run that was stopped goes on from there, with the same result. */
  readonly directory?: string;
  /** A name for the simulator in `directory`, to be changed with it; its kind and export name if absent. */
  readonly version?: string;
  readonly signal?: AbortSignal;
  /** Called with phase "simulate". */
  readonly onProgress?: Progress;
}

export interface Simulations {
  /** [count, D]. */
  readonly theta: NdArray;
  /** [count, ...]. A failed row is NaN throughout. */
  readonly x: NdArray;
  /** Rows that threw, or hold an infinity, or nothing but NaN. */
  readonly failed: number;
  /** Rows with some values missing (NaN). */
  readonly incomplete: number;
  /** The first ten failures. */
  readonly failures: readonly Failure[];
}

const failuresShown = 10;

/**
 * Draws parameters from the prior and simulates at each of them. Row i is a function of (seed, i): the same for any number of threads
 * and any `count`.
 *
 * @throws RangeError for an impossible option; SimulationError where the simulator cannot be used or every row fails.
 */
export async function simulate(options: SimulateOptions): Promise<Simulations> {
  const { parameters, simulator, count, seed, threads = defaultThreads(), directory, signal, onProgress } = options;
  const { chunk = simulator.kind === "program" ? 1024 : 32 } = options;
  for (const [name, value] of Object.entries({ count, threads, chunk })) {
    if (!(Number.isInteger(value) && value > 0)) throw new RangeError(`${name} must be a positive integer, got ${value}`);
  }
  requireSeed(seed);
  const given = options.theta && givenRows(options.theta, count, parameters.dimension);
  signal?.throwIfAborted();

  const workers = simulator.kind === "function" ? new SimulationWorkers(simulator, { seed, dimension: parameters.dimension }) : undefined;
  try {
    let source: BlockSource;
    if (simulator.kind === "program") source = programBlocks(simulator, { parameters, seed, chunk, ...(given && { given }) });
    else source = functionBlocks(workers!, given ?? (await drawPrior(parameters, { count, seed })), parameters.dimension);
    if (directory !== undefined) {
      source = await storedBlocks(source, directory, {
        seed,
        chunk,
        names: parameters.names,
        simulator: options.version ?? (simulator.kind === "program" ? "program" : `function ${simulator.name}`),
        ...(given && { given: fingerprint(given) }),
      });
    }

    const blocks: Block[] = [];
    let done = 0;
    const run = async (b: number) => {
      const start = b * chunk;
      const rows = Math.min(chunk, count - start);
      blocks[b] = await source(start, rows, signal);
      done += rows;
      onProgress?.("simulate", done, count);
    };
    await concurrent(Math.ceil(count / chunk), threads, run, signal);
    return assemble(blocks, count, parameters.dimension);
  } finally {
    await workers?.close();
  }
}

function givenRows(theta: NdArray, count: number, dimension: number): Float32Array | Float64Array {
  const values = theta.data();
  if (!(values instanceof Float32Array || values instanceof Float64Array))
    throw new TypeError(`theta must be f32 or f64, got ${theta.dtype}`);
  const { shape } = theta;
  if (shape.length === 2 && shape[0] === count && shape[1] === dimension) return values;
  if (shape.length !== 1 || shape[0] !== dimension) {
    throw new RangeError(`theta must have shape [${count}, ${dimension}] or [${dimension}], got [${shape.join(", ")}]`);
  }
  const repeated = new (values.constructor as Float64ArrayConstructor)(count * dimension);
  for (let row = 0; row < count; row++) repeated.set(values, row * dimension);
  return repeated;
}

function assemble(blocks: readonly Block[], count: number, dimension: number): Simulations {
  const shaped = blocks.find((block) => block.x.length > 0);
  const thrown = blocks.flatMap((block) => block.failures);
  if (!shaped) throw new SimulationError(`all ${count} simulations failed; row ${thrown[0]?.row}: ${thrown[0]?.message}`);
  const { rowShape } = shaped;
  const width = rowShape.reduce((product, extent) => product * extent, 1);

  const theta = new (blocks[0]!.theta.constructor as Float64ArrayConstructor)(count * dimension);
  const x = new (shaped.x.constructor as Float64ArrayConstructor)(count * width).fill(Number.NaN);
  let row = 0;
  for (const block of blocks) {
    if (block.x.length > 0 && block.rowShape.join() !== rowShape.join()) {
      throw new SimulationError(`row ${row} has shape [${block.rowShape.join(", ")}], an earlier one [${rowShape.join(", ")}]`);
    }
    theta.set(block.theta, row * dimension);
    x.set(block.x, row * width);
    row += block.theta.length / dimension;
  }

  const { failures, incomplete } = classify(x, width, new Map(thrown.map((failure) => [failure.row, failure])));
  if (failures.length === count) throw new SimulationError(`all ${count} simulations failed; row 0: ${failures[0]!.message}`);
  return {
    theta: array(theta, { shape: [count, dimension] }),
    x: array(x, { shape: [count, ...rowShape] }),
    failed: failures.length,
    incomplete,
    failures: failures.slice(0, failuresShown),
  };
}

/** Finds failed rows, fills them with NaN, and counts rows with missing values. */
function classify(x: Float32Array | Float64Array, width: number, thrown: ReadonlyMap<number, Failure>) {
  const failures: Failure[] = [];
  let incomplete = 0;
  for (let row = 0; row < x.length / width; row++) {
    let missing = 0;
    let infinite = false;
    for (let at = row * width; at < (row + 1) * width; at++) {
      if (Number.isNaN(x[at])) missing++;
      else if (!Number.isFinite(x[at])) infinite = true;
    }
    if (infinite || missing === width) {
      failures.push(thrown.get(row) ?? { row, message: infinite ? "a value is infinite" : "every value is NaN" });
      x.fill(Number.NaN, row * width, (row + 1) * width);
    } else if (missing > 0) incomplete++;
  }
  return { failures, incomplete };
}
