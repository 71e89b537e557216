import { array, program, random, type Tensor } from "@credence/tensor";
import type { Block, BlockSource } from "./block.ts";
import type { Prior } from "./prior.ts";
import { streams } from "./streams.ts";

/** A simulator written with arrays: theta [n, D] -> x [n, ...]. Traced; runs natively in chunks of n rows. */
export interface ProgramSimulator {
  readonly kind: "program";
  /** Row i of the result must depend on row i of theta alone. */
  readonly run: (key: Tensor, theta: Tensor) => Tensor;
  readonly device?: string;
}

/**
 * Chunk c runs with keys folded with c, always whole, so that a row does not depend on how many rows were asked for.
 * `given` holds parameters [count, D], row-major, in place of the prior's draws.
 */
export function programBlocks(
  simulator: ProgramSimulator,
  options: { readonly parameters: Prior; readonly seed: number; readonly chunk: number; readonly given?: Float32Array | Float64Array },
): BlockSource {
  const { parameters, seed, chunk, given } = options;
  const { dimension } = parameters;
  const placement = { threads: 1, ...(simulator.device !== undefined && { device: simulator.device }) };
  const keyed = (c: Tensor, stream: number) => random.fold(random.fold(random.key(seed), stream), c);
  const fromPrior = program(
    (c: Tensor) => {
      const theta = parameters.sample(keyed(c, streams.prior), [chunk]);
      return { theta, x: requireRows(simulator.run(keyed(c, streams.simulator), theta), chunk) };
    },
    { ...placement, name: "simulate" },
  );
  const fromGiven = program(
    (c: Tensor, theta: Tensor) => ({ theta, x: requireRows(simulator.run(keyed(c, streams.simulator), theta), chunk) }),
    { ...placement, name: "simulate" },
  );

  return async (start, rows, signal): Promise<Block> => {
    const c = array(Int32Array.of(start / chunk), { shape: [] });
    const options = signal ? { signal } : {};
    const result = given
      ? await fromGiven.runAsync([c, chunkOf(given, start, chunk, dimension)], options)
      : await fromPrior.runAsync([c], options);
    const rowShape = result.x.shape.slice(1);
    const values = result.x.data();
    const x = values instanceof Float64Array ? values : Float32Array.from(values);
    const block: Block = {
      theta: (result.theta.data() as Block["theta"]).slice(0, rows * dimension),
      x: x.slice(0, (rows * x.length) / chunk),
      rowShape,
      failures: [],
    };
    result.theta.dispose();
    result.x.dispose();
    return block;
  };
}

/** Rows of `given` from `start` on; the last row is repeated where the chunk reaches past the end. */
function chunkOf(given: Float32Array | Float64Array, start: number, chunk: number, dimension: number) {
  const part = given.slice(start * dimension, (start + chunk) * dimension);
  const whole = new (part.constructor as Float64ArrayConstructor)(chunk * dimension);
  whole.set(part);
  const last = part.slice(part.length - dimension);
  for (let at = part.length; at < whole.length; at += dimension) whole.set(last, at);
  return array(whole, { shape: [chunk, dimension] });
}

function requireRows(x: Tensor, rows: number): Tensor {
  if (x.rank < 1 || x.shape[0] !== rows) {
    throw new RangeError(`the simulator must return one row for each of the ${rows} rows of theta, got shape [${x.shape.join(", ")}]`);
  }
  return x;
}
