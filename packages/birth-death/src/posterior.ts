import {
  type FlowOptions,
  type Posterior,
  type Prior,
  type Progress,
  simulate,
  type TrainingOptions,
  trainPosterior,
} from "@credence/core";
import { array, cast, concat, type NdArray, program, type Tensor } from "@credence/tensor";
import { columnsOf } from "./coordinates.ts";
import type { CensusDesign } from "./design.ts";
import type { CensusEmbedding } from "./embedding.ts";
import { rateNames } from "./model.ts";
import { type Place, unwhiten, whiten } from "./quasi-likelihood.ts";
import { simulateCounts } from "./simulator.ts";

/*
 * The network does not learn where the posterior of a series is: the quasi-likelihood says so in closed form. It learns the law of the
 * rates relative to that Gaussian approximation, η given the series, which is near N(0, I) whatever the counts. Draws of η become draws
 * of rates by the inverse map, and cannot leave the bounds of the prior.
 */

/** Standard coordinates as the parameters of a posterior: unbounded, none a nuisance. */
const standardNames = ["eta1", "eta2", "eta3"] as const;

/** Pairs to learn from, of every simulated series. */
export interface CensusSimulations {
  /** Standard coordinates of the rates, [count, 3]. */
  readonly standard: NdArray;
  /** What the network sees, [count, ...]. */
  readonly features: NdArray;
}

/** Rates drawn from the prior, series simulated at them, read by the embedding. `directory` keeps what is done, for a later run. */
export async function simulateCensus(options: {
  readonly parameters: Prior;
  readonly design: CensusDesign;
  readonly census: CensusEmbedding;
  readonly count: number;
  readonly seed: number;
  readonly device?: string;
  readonly directory?: string;
  /** Fixes design and embedding in the directory. */
  readonly version?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: Progress;
}): Promise<CensusSimulations> {
  const { design, census, device, ...rest } = options;
  const run = (key: Tensor, rates: Tensor): Tensor => {
    const { features, laplace } = census.read(simulateCounts(key, rates, design));
    const rows = features.shape[0]!;
    const standard = whiten(columnsOf(cast(rates, "f64")), laplace, census.bounds);
    return concat([cast(concat([...standard], 1), "f32"), features.reshape([rows, features.size / rows])], 1);
  };
  const simulations = await simulate({ ...rest, simulator: { kind: "program", run, ...(device === undefined ? {} : { device }) } });
  simulations.theta.dispose();
  using x = simulations.x;
  const values = x.data();
  const [count, width] = x.shape as [number, number];
  const part = (from: number, to: number, shape: readonly number[]): NdArray => {
    const taken = new Float32Array(count * (to - from));
    for (let row = 0; row < count; row++) taken.set(values.subarray(row * width + from, row * width + to), row * (to - from));
    return array(taken, { shape: [count, ...shape], ...(device === undefined ? {} : { device }) });
  };
  return { standard: part(0, 3, [3]), features: part(3, width, census.shape) };
}

/** Learns the law of standard coordinates given features; the result is read by {@link censusPosterior}. */
export function trainCensusPosterior(
  { standard, features }: CensusSimulations,
  options: {
    readonly census: CensusEmbedding;
    readonly seed: number;
    readonly flow?: FlowOptions;
    readonly training?: TrainingOptions;
    readonly device?: string;
    readonly checkpoint?: string;
    readonly signal?: AbortSignal;
    readonly onProgress?: Progress;
  },
): Promise<Posterior> {
  const { census, ...rest } = options;
  return trainPosterior({
    ...rest,
    parameters: {
      names: standardNames,
      dimension: standardNames.length,
      bounds: standardNames.map(() => ({ low: -Infinity, high: Infinity })),
      nuisance: standardNames.map(() => false),
      sample: () => {
        throw new TypeError("standard coordinates have no prior of their own: they are made from rates and the series simulated at them");
      },
    },
    theta: standard,
    x: features,
    embedding: census.embedding,
  });
}

/** A posterior of the three rates given any series of the design that it was trained for. */
export interface CensusPosterior {
  readonly names: readonly string[];
  /** Draws [count, 3] of the rates, for counts [times]. */
  sample(counts: NdArray, count: number, options: SampleOptions): Promise<NdArray>;
  /** Draws [m, count, 3] for counts [m, times]. */
  sampleMany(counts: NdArray, count: number, options: SampleOptions): Promise<NdArray>;
}

interface SampleOptions {
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: Progress;
}

/** Draws of the rates from a posterior of standard coordinates. */
export function censusPosterior(posterior: Posterior, census: CensusEmbedding): CensusPosterior {
  const read = program(
    (counts: Tensor) => {
      const { features, laplace } = census.read(counts);
      return { features, centre: laplace.centre, factor: laplace.factor };
    },
    { name: "read series" },
  );
  const place = program(
    (standard: Tensor, laplace: Place) => {
      const rates = unwhiten(columnsOf(standard), laplace, census.bounds);
      return concat(
        rates.map((rate) => rate.expandDims(2)),
        2,
      );
    },
    { name: "place draws" },
  );
  const sampleMany: CensusPosterior["sampleMany"] = async (counts, count, options) => {
    const cancellable = options.signal ? { signal: options.signal } : {};
    const { features, centre, factor } = await read.runAsync([counts], cancellable);
    using drawn = await posterior.sampleMany(features, count, options);
    return place.runAsync([drawn, { centre, factor }], cancellable);
  };
  return {
    names: rateNames,
    sampleMany,
    async sample(counts, count, options) {
      using row = array(counts.data(), { shape: [1, counts.size] });
      using draws = await sampleMany(row, count, options);
      return array(draws.data(), { shape: [count, rateNames.length] });
    },
  };
}
