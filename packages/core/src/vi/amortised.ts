import { type NdArray, program, random, type Tensor, type Tree } from "@credence/tensor";
import { psis } from "../check/psis.ts";
import { requireWidth } from "../network/network.ts";
import { requireSeed } from "../simulate/streams.ts";
import { amortisedPrograms } from "./amortised-programs.ts";
import type { Elbo } from "./elbo.ts";
import type { EncoderOptions } from "./encoder.ts";
import { type RowData, rowsOf, standardOf } from "./row-data.ts";
import { type Placement, placementOf } from "./starts.ts";

/** A model with a latent z of its own for each datum x: p(z) p(x | z). Traced, in f64, on n rows at once. */
export interface LatentModel<P extends Tree<Tensor> = Tree<Tensor>> {
  /** D, numbers of z. */
  readonly latent: number;
  /** Where parameters of the model itself are learned too, what they start at; none are if absent. */
  init?(key: Tensor): P;
  /** log p(z), [n, D] -> [n]; standard normal if absent. */
  logPrior?(params: P, z: Tensor): Tensor;
  /** log p(x | z), [n, D] and [n, F] -> [n]. */
  logLikelihood(params: P, z: Tensor, x: Tensor): Tensor;
}

export interface AmortisedOptions extends Placement {
  /** [N, F]: one datum a row. */
  readonly data: RowData;
  readonly seed: number;
  readonly encoder?: EncoderOptions;
  /** Steps of Adam; 3000 if absent. */
  readonly steps?: number;
  /** Rows of a step; all of up to 256 if absent. */
  readonly batchSize?: number;
  /** At the start; it falls to 0 along a cosine. 0.005 if absent. */
  readonly learningRate?: number;
  /** Draws for each datum that the ELBO and k-hat are estimated with; 200 if absent. */
  readonly evaluationDraws?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly phase: string; readonly done: number; readonly total: number }) => void;
}

export interface AmortisedFit {
  /** Of the encoder and of the model: trees of f64 NdArrays. */
  readonly params: { readonly encoder: unknown; readonly model: unknown };
  /** Mean over the data, in nats a datum. */
  readonly elbo: Elbo;
  /** ELBO of the rows of every step, in nats a datum. */
  readonly trace: Float64Array;
  /** Of the weights p(z, x) / q(z | x), datum by datum. */
  readonly kHat: Float64Array;
  readonly warnings: readonly string[];
  /** Mean [m, D] and covariance [m, D, D] of z for data x [m, F], seen in training or not. */
  encode(x: RowData): Promise<{ readonly mean: NdArray; readonly covariance: NdArray }>;
  /** n draws of z for each of the data x [m, F]: [m, n, D]. */
  sample(x: RowData, n: number, options: { readonly seed: number }): Promise<NdArray>;
}

/**
 * Amortised variational inference: one network gives the normal over z for any datum, trained on the mean ELBO of all data; parameters of the model are learned along
 * with it where it has any, which makes it a variational autoencoder (Kingma and Welling 2014; Rezende, Mohamed and Wierstra 2014). Gradients go along the draws
 * only, as in `fitVariational`.
 * @throws RangeError for data that are not finite, or options that make no sense, or where the log density is not finite
 */
export async function trainAmortised<P extends Tree<Tensor>>(model: LatentModel<P>, options: AmortisedOptions): Promise<AmortisedFit> {
  const { seed, steps = 3000, learningRate = 0.005, evaluationDraws = 200, signal, onProgress } = options;
  requireSeed(seed);
  requireWidth("latent", model.latent);
  const place = options.device === undefined ? {} : { device: options.device };
  using data = rowsOf("data", options.data, undefined, place);
  const [rows, features] = data.shape as [number, number];
  const batchSize = options.batchSize ?? Math.min(rows, 256);
  for (const [name, value] of Object.entries({ steps, batchSize, evaluationDraws }))
    if (!(Number.isInteger(value) && value >= 1)) throw new RangeError(`trainAmortised: ${name} must be an integer >= 1, got ${value}`);
  if (batchSize > rows) throw new RangeError(`trainAmortised: batchSize must be at most the ${rows} rows of the data, got ${batchSize}`);
  const programs = amortisedPrograms(model, standardOf(data), {
    rows,
    features,
    batchSize,
    steps,
    learningRate,
    evaluationDraws,
    placement: placementOf(options),
    ...(options.encoder && { encoder: options.encoder }),
  });
  const result = await programs.train.runAsync([data, Uint32Array.of(seed, 0x616d6f72)], {
    ...(signal && { signal }),
    ...(onProgress && { onProgress: (done: number) => onProgress({ phase: "train the encoder", done, total: steps }) }),
  });
  const { params, trace, taken } = result as unknown as { params: AmortisedFit["params"]; trace: NdArray; taken: NdArray };
  if (taken.item() < 0.9 * steps)
    throw new RangeError(
      `trainAmortised: the gradient was finite in ${taken.item()} of ${steps} steps; check that log prior and log likelihood are finite for z of some sds around 0`,
    );

  const evaluated = await programs.evaluate.runAsync([params, data, Uint32Array.of(seed, 0x656c626f)], signal ? { signal } : {});
  const ratio = evaluated.ratio.data() as Float64Array;
  const reconstruction = evaluated.logLikelihood.item();
  const { value, standardError } = meanOf(ratio, rows, evaluationDraws);
  if (!Number.isFinite(value))
    throw new RangeError(`trainAmortised: the ELBO is ${value}; check log prior and log likelihood at draws of the fit`);
  const kHat = Float64Array.from(
    { length: rows },
    (_, row) => psis(ratio.subarray(row * evaluationDraws, (row + 1) * evaluationDraws)).kHat,
  );

  return {
    params,
    elbo: { value, standardError, reconstruction, regularisation: reconstruction - value },
    trace: trace.data() as Float64Array,
    kHat,
    warnings: warningsOf(kHat),
    async encode(x) {
      using at = rowsOf("x", x, features, place);
      return programs.encode.runAsync([params.encoder, at]);
    },
    async sample(x, n, given) {
      requireSeed(given.seed);
      if (!(Number.isInteger(n) && n >= 1)) throw new RangeError(`sample: n must be an integer >= 1, got ${n}`);
      using at = rowsOf("x", x, features, place);
      const draw = program((key: Tensor) => random.normal(key, [at.shape[0]!, n, model.latent], { dtype: "f64" }), placementOf(options));
      using noise = await draw.runAsync([Uint32Array.of(given.seed, 0x64726177)]);
      return programs.sample.runAsync([params.encoder, at, noise]);
    },
  };
}

/** Mean over the data of each one's mean over its draws [rows, draws], and the Monte Carlo error of that. */
function meanOf(ratio: Float64Array, rows: number, draws: number): { value: number; standardError: number } {
  let value = 0;
  let variance = 0;
  for (let row = 0; row < rows; row++) {
    const own = ratio.subarray(row * draws, (row + 1) * draws);
    const mean = own.reduce((a, b) => a + b, 0) / draws;
    value += mean / rows;
    variance += own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, draws - 1) / draws / rows ** 2;
  }
  return { value, standardError: Math.sqrt(variance) };
}

/** Says for how many data the normals are no good. */
function warningsOf(kHat: Float64Array): string[] {
  const bad = [...kHat].filter((k) => k > 0.7).length;
  const worst = kHat.indexOf(Math.max(...kHat));
  return bad === 0
    ? []
    : [
        `k-hat is above 0.7 for ${bad} of ${kHat.length} data, ${kHat[worst]!.toFixed(2)} for row ${worst}: their normals miss a part of the posterior; give the encoder more units or steps, or sample those data by NUTS`,
      ];
}
