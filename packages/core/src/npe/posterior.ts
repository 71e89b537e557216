import { array, type NdArray } from "@credence/tensor";
import type { Bounds } from "../distribution/parameters.ts";
import { makeDensity } from "./density.ts";
import type { Embedding } from "./embedding.ts";
import { disposeTree } from "./epoch.ts";
import { asArray, type Fitted, type Observation, observations, type TrainingRecord } from "./fitted.ts";
import { type MapOptions, makeMaximiser } from "./maximise.ts";
import { makeSampler, type SampleOptions } from "./sample.ts";
import { readFitted, writeFitted } from "./storage.ts";

/**
 * A trained approximation q(theta | x) of the posterior, for any observation x. It has no mass outside the support of the prior, and
 * parameters are in the user's own units everywhere.
 */
export class Posterior {
  readonly #fitted: Fitted;
  readonly #sampler: ReturnType<typeof makeSampler>;
  readonly #density: ReturnType<typeof makeDensity>;

  /** `trainPosterior` and {@link Posterior.load} make one. */
  constructor(fitted: Fitted) {
    this.#fitted = fitted;
    this.#sampler = makeSampler(fitted);
    this.#density = makeDensity(fitted);
  }

  /** Reads what {@link save} wrote. `embedding`: your own one, where the posterior was trained with one. Throws FileFormatError. */
  static async load(directory: string, options: { readonly embedding?: Embedding; readonly device?: string } = {}): Promise<Posterior> {
    return new Posterior(await readFitted(directory, options));
  }

  /** Names of the inferred parameters, in the order of theta's columns. */
  get names(): readonly string[] {
    return this.#fitted.names;
  }

  get dimension(): number {
    return this.#fitted.names.length;
  }

  /** Support of each parameter. */
  get bounds(): readonly Bounds[] {
    return this.#fitted.bounds;
  }

  /** Share of each network in the mixture. */
  get weights(): readonly number[] {
    return this.#fitted.weights;
  }

  get record(): TrainingRecord {
    return this.#fitted.record;
  }

  /** Draws for one observation: [count, D], f64. */
  async sample(x: Observation, count: number, options: SampleOptions): Promise<NdArray> {
    const { values } = observations(this.#fitted, x, false);
    return array(await this.#sampler(values, count, options), { shape: [count, this.dimension] });
  }

  /** `count` draws for each of many observations x [n, ...]: [n, count, D], f64. */
  async sampleMany(x: Observation, count: number, options: SampleOptions): Promise<NdArray> {
    const { values, count: n } = observations(this.#fitted, x, true);
    return array(await this.#sampler(values, count, options), { shape: [n, count, this.dimension] });
  }

  /** log q(theta | x) in nats for theta [n, D] and one observation: [n], f64; -Infinity outside the support. */
  async logProb(theta: Observation, x: Observation, options: { readonly signal?: AbortSignal } = {}): Promise<NdArray> {
    return array(await this.#density(this.#rows(theta), observations(this.#fitted, x, false).values, options.signal));
  }

  /** log q(theta_i | x_i) for pairs of rows, [n, D] and [n, ...]: [n], f64. */
  async logProbPairs(theta: Observation, x: Observation, options: { readonly signal?: AbortSignal } = {}): Promise<NdArray> {
    const rows = this.#rows(theta);
    const { values, count } = observations(this.#fitted, x, true);
    if (rows.length / this.dimension !== count)
      throw new RangeError(`theta has ${rows.length / this.dimension} rows and x has ${count}; they must be pairs`);
    return array(await this.#density(rows, values, options.signal));
  }

  /** The most probable theta, by gradient ascent from the best of many draws, and its log probability. */
  async map(x: Observation, options: MapOptions): Promise<{ readonly theta: Float64Array; readonly logProb: number }> {
    const { seed, draws = 1000, candidates = 20, steps = 300, signal } = options;
    if (!(Number.isInteger(candidates) && candidates > 0 && candidates <= draws)) {
      throw new RangeError(`candidates must be an integer in [1, draws = ${draws}], got ${candidates}`);
    }
    const cancellable = signal ? { signal } : {};
    const { values } = observations(this.#fitted, x, false);
    const theta = await this.#sampler(values, draws, { seed, ...cancellable });
    const logProb = await this.#density(theta, values, signal);
    const order = Array.from(logProb.keys()).sort((a, b) => logProb[b]! - logProb[a]!);
    const starts = new Float64Array(candidates * this.dimension);
    for (let i = 0; i < candidates; i++) starts.set(this.#row(theta, order[i]!), i * this.dimension);

    const { members, scales, rowShape } = this.#fitted;
    const ascend = makeMaximiser(this.#fitted, steps);
    const found = await ascend.runAsync(
      [members, scales, array(starts, { shape: [candidates, this.dimension] }), array(values, { shape: [1, ...rowShape] })],
      cancellable,
    );
    const top = Float64Array.from(found.data());
    const topLogProb = (await this.#density(top, values, signal))[0]!;
    const best = order[0]!;
    // In one dimension of a rough density the best draw can beat where the ascent ended.
    return topLogProb >= logProb[best]! ? { theta: top, logProb: topLogProb } : { theta: this.#row(theta, best), logProb: logProb[best]! };
  }

  /** Writes `posterior.json` and `weights.safetensors` to a directory, which is created. */
  async save(directory: string): Promise<void> {
    await writeFitted(this.#fitted, directory);
  }

  /** Gives the native buffers back; the posterior cannot be used afterwards. */
  dispose(): void {
    disposeTree([this.#fitted.members, this.#fitted.scales]);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #rows(theta: Observation): Float64Array {
    const { dimension } = this;
    const given = asArray(theta);
    const values = Float64Array.from(given.data());
    const flat = ArrayBuffer.isView(theta) && values.length % dimension === 0;
    if (!flat && (given.shape.length !== 2 || given.shape[1] !== dimension)) {
      throw new RangeError(`theta must have shape [n, ${dimension}] (${this.names.join(", ")}), got [${given.shape.join(", ")}]`);
    }
    const bad = values.findIndex(Number.isNaN);
    if (bad >= 0) throw new RangeError(`theta is NaN at row ${Math.floor(bad / dimension)}, ${this.names[bad % dimension]}`);
    return values;
  }

  #row(theta: Float64Array, i: number): Float64Array {
    return theta.slice(i * this.dimension, (i + 1) * this.dimension);
  }
}
