import { array, type NdArray, program, random, type Tensor } from "@credence/tensor";
import { describePoint, faultyParts } from "../model/faulty-parts.ts";
import type { Target } from "../model/index.ts";
import { requireSeed } from "../simulate/streams.ts";

/** Where and how the programs of a fit run. */
export interface Placement {
  /** 1 if absent. */
  readonly threads?: number;
  readonly device?: string;
}

export const placementOf = ({ threads = 1, device }: Placement) => ({ threads, ...(device !== undefined && { device }) });

/** Points tried for each one that is needed. */
const candidates = 20;

/**
 * `n` points [n, D] at which the target has a finite log density, the first such of its own proposals.
 * @throws RangeError that shows the first point that failed, where there are too few; TypeError where the log density has another shape than [n]
 */
export async function startingPoints(
  what: string,
  target: Target,
  n: number,
  options: Placement & { readonly seed: number; readonly signal?: AbortSignal },
): Promise<NdArray> {
  requireSeed(options.seed);
  const { dimension, coordinates } = target;
  const propose = program(
    (key: Tensor) => {
      const u = target.initial(key, candidates * n);
      const logDensity = target.logDensity(u);
      if (logDensity.dtype !== "f64" || logDensity.shape.join() !== `${candidates * n}`)
        throw new TypeError(
          `${what}: logDensity must give f64 [n] for u [n, ${dimension}], got ${logDensity.dtype} [${logDensity.shape.join(", ")}] for n = ${candidates * n}`,
        );
      return { u, logDensity };
    },
    { ...placementOf(options), name: `${what}: starting points` },
  );
  using key = array(Uint32Array.of(options.seed, streamOfStarts));
  const proposed = await propose.runAsync([key], options.signal ? { signal: options.signal } : {});
  using u = proposed.u;
  using logDensity = proposed.logDensity;
  const values = logDensity.data();
  const points = u.data();
  const finite = [...values.keys()].filter((row) => Number.isFinite(values[row]!)).slice(0, n);
  if (finite.length < n) {
    const row = values.findIndex((value) => !Number.isFinite(value));
    const point = points.subarray(row * dimension, (row + 1) * dimension);
    const parts = await faultyParts(target, point, options.device);
    throw new RangeError(
      `${what}: the log density is finite at ${finite.length} of ${values.length} points proposed to start from, ${n} are needed. It is ${values[row]} at ${describePoint(coordinates, point)}${parts}: check the model and its data there, or give the target another initial()`,
    );
  }
  const rows = finite.flatMap((row) => [...points.subarray(row * dimension, (row + 1) * dimension)]);
  return array(Float64Array.from(rows), { shape: [n, dimension], ...(options.device !== undefined && { device: options.device }) });
}

/** A stream of its own: "init". */
const streamOfStarts = 0x696e6974;

/** A key made of a seed, in a stream of its own. */
export const keyOf = (seed: number, stream: number): Tensor => random.fold(random.key(seed), stream);
