import type { Draws, Model } from "@credence/core";
import { array, type NdArray, program, random, type Tensor } from "@credence/tensor";
import type { Fit } from "./fit.ts";

/** Rows a program takes at a time: what it holds of each stays in the cache. */
const block = 500;

/** Draws of a fit as rows [n, D], at even distances where fewer are wanted. */
export function rowsOf(values: NdArray, count?: number): NdArray {
  const width = values.shape[2]!;
  const all = values.data() as Float64Array;
  const rows = all.length / width;
  const kept = Math.min(count ?? rows, rows);
  const out = new Float64Array(kept * width);
  for (let i = 0; i < kept; i++) {
    const row = Math.floor((i * rows) / kept);
    out.set(all.subarray(row * width, (row + 1) * width), i * width);
  }
  return array(out, { shape: [kept, width] });
}

/** Pointwise log-likelihood at every draw, [chains, draws, N]. */
export async function pointwiseOf(model: Model, fit: Fit): Promise<NdArray> {
  const [chains, draws, width] = fit.unconstrained.shape as [number, number, number];
  const all = fit.unconstrained.data() as Float64Array;
  const run = program((u: Tensor) => model.pointwise(u), { name: "pointwise log-likelihood" });
  const rows = chains * draws;
  let terms: Float64Array | undefined;
  for (let from = 0; from < rows; from += block) {
    const to = Math.min(from + block, rows);
    using u = array(all.slice(from * width, to * width), { shape: [to - from, width] });
    using part = await run.runAsync([u]);
    const size = part.shape[1]!;
    terms ??= new Float64Array(rows * size);
    terms.set(part.data() as Float64Array, from * size);
  }
  return array(terms!, { shape: [chains, draws, terms!.length / rows] });
}

/** Replicated data [count, N] of one part of the likelihood, at draws at even distances. */
export async function replicatedOf(model: Model, fit: Fit, options: { part?: string; count: number; seed: number }): Promise<NdArray> {
  const { part = model.observations[0]!.name, count, seed } = options;
  using u = rowsOf(fit.unconstrained, count);
  const run = program((rows: Tensor, key: Tensor) => model.predict(key, rows)[part]!.reshape([rows.shape[0]!, -1]), {
    name: "replicated data",
  });
  return run.runAsync([u, program(() => random.key(seed))()]);
}

/** Prior draws of the model's quantities, [n, K]. */
export async function priorOf(model: Model, count: number, seed: number): Promise<NdArray> {
  return program(() => model.constrain(model.samplePrior(random.key(seed), count)), { name: "prior draws" }).runAsync([]);
}

/**
 * Draws of quantities as the model has them, and where the model works: what a closed form found, told as any other method's draws.
 *
 * @param quantities f64 [n, K], columns by `model.names`.
 */
export async function drawsOf(model: Model, quantities: NdArray, warnings: readonly string[]): Promise<Draws> {
  const run = program(
    (q: Tensor) => {
      const u = model.unconstrain(q);
      return { draws: model.constrain(u).expandDims(0), unconstrained: u.expandDims(0), logDensity: model.logDensity(u).expandDims(0) };
    },
    { name: "draws of a closed form" },
  );
  return { names: model.names, ...(await run.runAsync([quantities])), stats: {}, warnings };
}

/** Log density of the model at rows u [n, D]. */
export const logDensityOf = (model: Model, u: NdArray): Promise<NdArray> =>
  program((rows: Tensor) => model.logDensity(rows), { name: "log density" }).runAsync([u]);
