import { array, index, map, NdArray, ones, program, random, type Tensor, type Tree } from "@credence/tensor";
import { keyOf, requireCount, requirePositive, scalar, type Table, tableOf } from "../exact/table.ts";
import type { Network } from "../network/network.ts";
import type { PredictiveMoments } from "./predictive.ts";
import { totalVariance } from "./split-variance.ts";

export interface McDropoutDrawsOptions {
  /** Masks; 200 if absent. */
  readonly samples?: number;
  readonly seed: number;
}

export interface McDropoutOptions extends McDropoutDrawsOptions {
  /**
   * Variance of the noise of y: a number, or `"predicted"` where the network has 2 outputs, the mean and the log variance (Nix and Weigend 1994).
   */
  readonly noiseVariance: number | "predicted";
}

/**
 * Outputs of a network with dropout kept on, f64 [samples, N, outputs]: under each mask, which is the same for all rows, the network is one function drawn
 * from an approximate posterior. Gal and Ghahramani 2016, "Dropout as a Bayesian approximation".
 * @param params trained parameters of the network, arrays
 * @param x [N, features]
 * @throws RangeError where outputs are the same under every mask: the network has no dropout
 */
export async function mcDropoutDraws<P extends Tree<Tensor>>(
  network: Network<P>,
  params: Tree<NdArray>,
  x: Table,
  options: McDropoutDrawsOptions,
): Promise<NdArray> {
  const outputs = await drawn(network, params, x, options);
  const values = outputs.data();
  const [samples, rows, width] = outputs.shape as [number, number, number];
  const size = rows * width;
  if (samples > 1 && values.every((v: number, i: number) => v === values[i % size]))
    throw new RangeError("mcDropout: outputs are the same under every mask; give the network dropout, as in mlp({ ..., dropout: 0.1 })");
  return outputs;
}

/**
 * Mean of y at `x` [N, features], and its variance as noise and doubt, from a network of one output (or two, see `noiseVariance`) with dropout kept on.
 * @throws RangeError as `mcDropoutDraws`, and where outputs are not finite
 */
export async function mcDropout<P extends Tree<Tensor>>(
  network: Network<P>,
  params: Tree<NdArray>,
  x: Table,
  options: McDropoutOptions,
): Promise<PredictiveMoments> {
  const owner = "mcDropout";
  const { noiseVariance } = options;
  const predicted = noiseVariance === "predicted";
  if (!predicted) requirePositive(owner, "noiseVariance", noiseVariance);
  const width = predicted ? 2 : 1;
  if (network.output !== width)
    throw new RangeError(
      `${owner}: the network must have ${width} output${predicted ? "s, mean and log variance" : ""}, got ${network.output}`,
    );
  const outputs = await mcDropoutDraws(network, params, x, options);
  if (!outputs.data().every(Number.isFinite))
    throw new RangeError(`${owner}: outputs of the network are not finite; see its parameters and x`);
  return predicted ? fromPairs.runAsync([outputs]) : fromMeans.runAsync([outputs, scalar(noiseVariance)]);
}

async function drawn<P extends Tree<Tensor>>(
  network: Network<P>,
  params: Tree<NdArray>,
  x: Table,
  { samples = 200, seed }: McDropoutDrawsOptions,
): Promise<NdArray> {
  requireCount("mcDropout", "samples", samples, 2);
  const rows = tableOf("mcDropout", "x", x);
  // In the type of the network, f32 unless the caller's array says otherwise.
  const inputs = x instanceof NdArray && x.dtype === "f64" ? rows : array(Float32Array.from(rows.data()), { shape: rows.shape });
  const run = program(
    (weights: P, table: Tensor, key: Tensor) => {
      const sample = (own: Tensor): Tensor => network.apply(weights, table, undefined, { key: own, masks: "shared" }).cast("f64");
      return map(sample as (own: never) => Tensor, random.split(key, samples));
    },
    { name: "MC dropout" },
  );
  return run.runAsync([params, inputs, keyOf("mcDropout", seed)]);
}

const equalWeights = (outputs: Tensor): Tensor => ones([outputs.shape[0]!], "f64");

const fromMeans = program((outputs: Tensor, noise: Tensor) => totalVariance(index(outputs, 0, 2), noise, equalWeights(outputs)));
const fromPairs = program((outputs: Tensor) => totalVariance(index(outputs, 0, 2), index(outputs, 1, 2).exp(), equalWeights(outputs)));
