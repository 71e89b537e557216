import { array, type NdArray } from "@credence/tensor";

/** What the calibration checks ask of a posterior; a trained `Posterior` has all of it. */
export interface PosteriorSampler {
  /** The parameters that it is over, by name; all columns of the truths if absent. */
  readonly names?: readonly string[];
  /** `count` draws [count, D] for one observation. */
  sample(x: NdArray, count: number, options: SamplerOptions): Promise<NdArray>;
  /** Draws [m, count, D] for m observations [m, ...] at once; used where present. */
  sampleMany?(x: NdArray, count: number, options: SamplerOptions): Promise<NdArray>;
  /** Log densities [n] of theta [n, D] at one observation; used where present. */
  logProb?(theta: NdArray, x: NdArray): Promise<NdArray>;
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
  /** L, independent draws per replicate; 99 or 199 make L + 1 divisible. Draws of a Markov chain must be thinned until they are independent. */
  readonly draws: number;
  readonly seed: number;
  /** Evaluate log densities, which highest-density coverage needs; by default where the posterior has them. */
  readonly logProb?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly phase: string; readonly done: number; readonly total: number }) => void;
}

/** Observations sampled at a time: enough to keep a network busy, little enough to fit. */
const chunk = 64;

/**
 * Draws from the posterior of every held-out simulation.
 * @throws RangeError where theta and x do not fit each other, or the posterior is over a name that theta has no column for
 */
export async function calibrationDraws(options: CalibrationOptions): Promise<CalibrationDraws> {
  const { parameters, theta, x, posterior, draws: drawCount, seed, signal, onProgress } = options;
  const names = posterior.names ?? parameters.names;
  const dimension = names.length;
  const truth = columnsOf(theta, parameters.names, names);
  const replicates = truth.length / dimension;
  if (replicates < 2) throw new RangeError(`calibrationDraws: expected at least two replicates, got ${replicates}`);
  if (x.shape[0] !== replicates) throw new RangeError(`calibrationDraws: theta has ${replicates} rows and x has ${x.shape[0]}`);
  if (!(Number.isInteger(drawCount) && drawCount >= 1))
    throw new RangeError(`calibrationDraws: draws must be an integer >= 1, got ${drawCount}`);
  const evaluates = options.logProb ?? posterior.logProb !== undefined;
  if (evaluates && !posterior.logProb)
    throw new TypeError("calibrationDraws: log densities were asked for and the posterior has no logProb");

  const observations = x.data();
  const width = x.size / replicates;
  const rows = (begin: number, end: number): NdArray =>
    array(observations.slice(begin * width, end * width), { shape: [end - begin, ...x.shape.slice(1)], device: x.device });
  const row = (replicate: number): NdArray =>
    array(observations.slice(replicate * width, (replicate + 1) * width), { shape: x.shape.slice(1), device: x.device });

  const draws = new Float64Array(replicates * drawCount * dimension);
  const step = posterior.sampleMany ? chunk : 1;
  for (let begin = 0; begin < replicates; begin += step) {
    signal?.throwIfAborted();
    const end = Math.min(begin + step, replicates);
    const sampling = { seed: (seed + begin) >>> 0, ...(signal && { signal }) };
    using at = posterior.sampleMany ? rows(begin, end) : row(begin);
    using part = await (posterior.sampleMany ? posterior.sampleMany(at, drawCount, sampling) : posterior.sample(at, drawCount, sampling));
    if (part.size !== (end - begin) * drawCount * dimension)
      throw new RangeError(
        `calibrationDraws: expected ${(end - begin) * drawCount} draws of ${dimension} parameters from the posterior, got shape [${part.shape.join(", ")}]`,
      );
    draws.set(part.data(), begin * drawCount * dimension);
    onProgress?.({ phase: "calibration draws", done: end, total: replicates });
  }
  const drawn = { names, replicates, drawCount, truth, draws };
  if (!evaluates) return drawn;

  // The truth and the draws of a replicate share one observation: one call.
  const logProb = { truth: new Float64Array(replicates), draws: new Float64Array(replicates * drawCount) };
  for (let replicate = 0; replicate < replicates; replicate++) {
    signal?.throwIfAborted();
    const points = new Float64Array((1 + drawCount) * dimension);
    points.set(truth.subarray(replicate * dimension, (replicate + 1) * dimension));
    points.set(draws.subarray(replicate * drawCount * dimension, (replicate + 1) * drawCount * dimension), dimension);
    using at = row(replicate);
    using what = array(points, { shape: [1 + drawCount, dimension], device: x.device });
    using density = await posterior.logProb!(what, at);
    const values = density.data();
    logProb.truth[replicate] = values[0]!;
    logProb.draws.set(values.subarray(1), replicate * drawCount);
    onProgress?.({ phase: "calibration densities", done: replicate + 1, total: replicates });
  }
  return { ...drawn, logProb };
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
