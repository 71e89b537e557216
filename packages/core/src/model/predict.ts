import { array, type NdArray, random, type Tensor } from "@credence/tensor";
import { requireSeed } from "../simulate/streams.ts";
import { byRows, type RunOptions } from "./by-rows.ts";
import { type Data, dataArray } from "./data.ts";
import type { Draws } from "./draws.ts";
import type { Model } from "./model.ts";

/** Arrays with the axes of the draws in front: f64 [chains, draws, ...]. */
export type NamedDraws = Readonly<Record<string, NdArray>>;

/** Draws of every parameter and derived quantity in its own shape, by name. */
export function valuesOfDraws(model: Model, draws: Draws, options: RunOptions = {}): Promise<NamedDraws> {
  return ofDraws(model, draws, model.names.length, (u) => model.values(u), options);
}

/** Log-likelihood of every datum at every draw, f64 [chains, draws, N]: what `loo` and `waic` ask for, in the order of `observations`. */
export async function pointwiseOfDraws(model: Model, draws: Draws, options: RunOptions = {}): Promise<NdArray> {
  const terms = model.observations.reduce((n, observation) => n + observation.terms.length, 0);
  const { pointwise } = await ofDraws(model, draws, terms, (u) => ({ pointwise: model.pointwise(u) }), options);
  return pointwise!;
}

export interface PredictOptions extends RunOptions {
  readonly seed: number;
  /** Rows to predict, in place of those of the model; what is only observed may be left out. */
  readonly data?: Readonly<Record<string, Data>>;
}

/** New data at every draw, by name: the posterior predictive. The same whatever the device, for one seed. */
export function predictOfDraws(model: Model, draws: Draws, { seed, data, ...options }: PredictOptions): Promise<NamedDraws> {
  const key = keyOf(seed);
  const arrays = data && Object.fromEntries(Object.entries(data).map(([name, values]) => [name, dataArray(name, values)]));
  const width = Math.max(dataSize(model), ...Object.values(arrays ?? {}).map(({ shape }) => shape[0] ?? 1));
  return ofDraws(model, draws, width, (u, row) => model.predict(random.fold(key(), row), u, arrays), options);
}

/** Draws from the prior, [count, ...] by name, and data drawn from each: the prior predictive. */
export async function priorPredictive(
  model: Model,
  { count, seed, ...options }: RunOptions & { readonly count: number; readonly seed: number },
): Promise<{ readonly values: NamedDraws; readonly data: NamedDraws }> {
  if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`priorPredictive: count must be an integer >= 1, got ${count}`);
  const key = keyOf(seed);
  const predicts = model.observations.some(({ shape }) => shape !== undefined);
  const rowsOf = (row: Tensor) => random.fold(random.fold(key(), 0), row);
  const both = await byRows(
    (_, row) => {
      const u = model.samplePrior(rowsOf(row), row.size);
      const data = predicts ? model.predict(random.fold(random.fold(key(), 1), row), u) : {};
      return Object.fromEntries([...renamed("v", model.values(u)), ...renamed("d", data)]);
    },
    new Float64Array(count),
    1,
    model.names.length + dataSize(model),
    options,
  );
  const taken = (mark: string) =>
    Object.fromEntries(Object.entries(both).flatMap(([name, value]) => (name[0] === mark ? [[name.slice(1), value]] : [])));
  return { values: taken("v"), data: taken("d") };
}

const renamed = (mark: string, record: Readonly<Record<string, Tensor>>): [string, Tensor][] =>
  Object.entries(record).map(([name, value]) => [mark + name, value]);

const dataSize = ({ observations }: Model): number =>
  observations.reduce((n, { shape }) => n + (shape ?? []).reduce((size, extent) => size * extent, 1), 0);

function keyOf(seed: number): () => Tensor {
  requireSeed(seed);
  return () => random.key(seed);
}

/** Results of `f` at every draw, with the axes of chains and draws in front. */
async function ofDraws(
  model: Model,
  { unconstrained }: Draws,
  width: number,
  f: (u: Tensor, row: Tensor) => Readonly<Record<string, Tensor>>,
  options: RunOptions,
): Promise<NamedDraws> {
  const [chains, count, dimension] = unconstrained.shape as [number, number, number];
  if (dimension !== model.dimension)
    throw new RangeError(`the draws are of ${dimension} coordinates, the model has ${model.dimension}; they are of another model`);
  const results = await byRows(f, unconstrained.data() as Float64Array, dimension, width, options);
  return Object.fromEntries(
    Object.entries(results).map(([name, result]) => {
      const values = result.data();
      result.dispose();
      return [name, array(values, { shape: [chains, count, ...result.shape.slice(1)] })];
    }),
  );
}
