import { array, type NdArray } from "@credence/tensor";

/** What the calibration checks ask of a posterior; a trained `Posterior` has all of it. */
export interface PosteriorSampler {
  /** The parameters that it is over, by name; all columns of the truths if absent. */
  readonly names?: readonly string[];
  /** `count` draws [count, D] for one observation. */
  sample(x: NdArray, count: number, options: SamplerOptions): Promise<NdArray>;
  /** Draws [m, count, D] for m observations [m, ...] at once; used where present. */
  sampleMany?(x: NdArray, count: number, options: SamplerOptions): Promise<NdArray>;
  /** Log densities [n] of rows of theta [n, D], each at its own row of x [n, ...]; used where present. */
  logProbPairs?(theta: NdArray, x: NdArray, options: { readonly signal?: AbortSignal }): Promise<NdArray>;
}

export interface SamplerOptions {
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** Truths and posterior draws of R replicates: what {@link sbc}, {@link expectedCoverage} and {@link tarp} are computed from. Row-major. */
export interface CalibrationDraws {
  readonly names: readonly string[];
  /** R. */
  readonly replicates: number;
  /** L, draws per replicate. */
  readonly drawCount: number;
  /** [R, D] */
  readonly truth: Float64Array;
  /** [R, L, D] */
  readonly draws: Float64Array;
  /** Log posterior density of the truths [R] and of the draws [R, L], where they are known. */
  readonly logProb?: { readonly truth: Float64Array; readonly draws: Float64Array };
}

export interface CalibrationOptions {
  /** Names the columns of theta. */
  readonly parameters: { readonly names: readonly string[] };
  /** [R, D] truths drawn from the prior: simulations that the posterior was not trained on. */
  readonly theta: NdArray;
  /** [R, ...] the observations simulated from them. */
  readonly x: NdArray;
  readonly posterior: PosteriorSampler;
  /**
   * L, independent draws per replicate; 99 or 199 make L + 1 divisible. Draws of a Markov chain must be thinned until they are independent.
   */
  readonly draws: number;
  readonly seed: number;
  /** Evaluate log densities, which highest-density coverage needs; by default where the posterior has them. */
  readonly logProb?: boolean;
  /** Observations given to `sampleMany` at a time; 64 if absent: enough to keep a network busy, little enough to fit. */
  readonly batch?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly phase: string; readonly done: number; readonly total: number }) => void;
}

/**
 * Draws from the posterior of every held-out simulation.
 * @throws RangeError where theta and x do not fit each other, or the posterior is over a name that theta has no column for
 */
export async function calibrationDraws(options: CalibrationOptions): Promise<CalibrationDraws> {
  const { parameters, theta, x, posterior, draws: drawCount, seed, batch = 64, signal, onProgress } = options;
  const names = posterior.names ?? parameters.names;
  const dimension = names.length;
  const truth = columnsOf(theta, parameters.names, names);
  const replicates = truth.length / dimension;
  if (replicates < 2) throw new RangeError(`calibrationDraws: expected at least two replicates, got ${replicates}`);
  if (x.shape[0] !== replicates) throw new RangeError(`calibrationDraws: theta has ${replicates} rows and x has ${x.shape[0]}`);
  if (!(Number.isInteger(drawCount) && drawCount >= 1))
    throw new RangeError(`calibrationDraws: draws must be an integer >= 1, got ${drawCount}`);
  if (!(Number.isInteger(batch) && batch >= 1)) throw new RangeError(`calibrationDraws: batch must be an integer >= 1, got ${batch}`);
  const evaluates = options.logProb ?? posterior.logProbPairs !== undefined;
  if (evaluates && !posterior.logProbPairs)
    throw new TypeError("calibrationDraws: log densities were asked for and the posterior has no logProbPairs");

  const observations: Observations = { values: Float64Array.from(x.data()), width: x.size / replicates, like: x };
  const draws = new Float64Array(replicates * drawCount * dimension);
  const step = posterior.sampleMany ? batch : 1;
  for (let begin = 0; begin < replicates; begin += step) {
    signal?.throwIfAborted();
    const end = Math.min(begin + step, replicates);
    const sampling = { seed: (seed + begin) >>> 0, ...(signal && { signal }) };
    using at = posterior.sampleMany ? rowsOf(observations, begin, end) : rowOf(observations, begin);
    using part = await (posterior.sampleMany ? posterior.sampleMany(at, drawCount, sampling) : posterior.sample(at, drawCount, sampling));
    if (part.size !== (end - begin) * drawCount * dimension)
      throw new RangeError(
        `calibrationDraws: expected ${(end - begin) * drawCount} draws of ${dimension} parameters from the posterior, got shape [${part.shape.join(", ")}]`,
      );
    draws.set(part.data(), begin * drawCount * dimension);
    onProgress?.({ phase: "calibration draws", done: end, total: replicates });
  }
  const drawn = { names, replicates, drawCount, truth, draws };
  return evaluates ? { ...drawn, logProb: await densities(drawn, observations, options) } : drawn;
}

/** Rows, and numbers of observations, whose density is asked for at a time. */
const rowsMax = 8192;
const numbersMax = 2 ** 24;

/** Log density of the truth and the draws of every replicate, at copies of its observation. */
async function densities(
  drawn: CalibrationDraws,
  observations: Observations,
  options: CalibrationOptions,
): Promise<{ truth: Float64Array; draws: Float64Array }> {
  const { replicates, drawCount, truth, draws, names } = drawn;
  const { posterior, signal, onProgress } = options;
  const dimension = names.length;
  const points = 1 + drawCount;
  const result = { truth: new Float64Array(replicates), draws: new Float64Array(replicates * drawCount) };
  const step = Math.max(1, Math.floor(Math.min(rowsMax, numbersMax / observations.width) / points));
  for (let begin = 0; begin < replicates; begin += step) {
    signal?.throwIfAborted();
    const end = Math.min(begin + step, replicates);
    const theta = new Float64Array((end - begin) * points * dimension);
    for (let replicate = begin; replicate < end; replicate++) {
      const at = (replicate - begin) * points * dimension;
      theta.set(truth.subarray(replicate * dimension, (replicate + 1) * dimension), at);
      theta.set(draws.subarray(replicate * drawCount * dimension, (replicate + 1) * drawCount * dimension), at + dimension);
    }
    using what = array(theta, { shape: [(end - begin) * points, dimension], device: observations.like.device });
    using where = rowsOf(observations, begin, end, points);
    using density = await posterior.logProbPairs!(what, where, signal ? { signal } : {});
    const values = density.data();
    for (let replicate = begin; replicate < end; replicate++) {
      const at = (replicate - begin) * points;
      result.truth[replicate] = values[at]!;
      result.draws.set(values.subarray(at + 1, at + points), replicate * drawCount);
    }
    onProgress?.({ phase: "calibration densities", done: end, total: replicates });
  }
  return result;
}

/** All observations on the host, `width` numbers each; `like` has their shape, type and device. */
interface Observations {
  readonly values: Float64Array;
  readonly width: number;
  readonly like: NdArray;
}

function rowOf({ values, width, like }: Observations, i: number): NdArray {
  return array(values.slice(i * width, (i + 1) * width), { shape: like.shape.slice(1), dtype: like.dtype, device: like.device });
}

/** Observations [begin, end), each `copies` times. */
function rowsOf({ values, width, like }: Observations, begin: number, end: number, copies = 1): NdArray {
  const count = (end - begin) * copies;
  const rows = new Float64Array(count * width);
  for (let i = 0; i < count; i++) {
    const source = begin + Math.floor(i / copies);
    rows.set(values.subarray(source * width, (source + 1) * width), i * width);
  }
  return array(rows, { shape: [count, ...like.shape.slice(1)], dtype: like.dtype, device: like.device });
}

/** The columns `wanted` of theta [R, D], in f64. */
function columnsOf(theta: NdArray, names: readonly string[], wanted: readonly string[]): Float64Array {
  const width = names.length;
  if (theta.shape.length !== 2 || theta.shape[1] !== width)
    throw new RangeError(`calibrationDraws: theta must have shape [replicates, ${width}], got [${theta.shape.join(", ")}]`);
  const columns = wanted.map((name) => {
    const column = names.indexOf(name);
    if (column < 0) throw new RangeError(`calibrationDraws: the posterior has a parameter ${name}, theta has ${names.join(", ")}`);
    return column;
  });
  const values = theta.data();
  return Float64Array.from({ length: theta.shape[0]! * wanted.length }, (_, i) => {
    const replicate = Math.floor(i / wanted.length);
    return values[replicate * width + columns[i % wanted.length]!]!;
  });
}
