import { deepSet } from "../network/deep-set.ts";
import { mlp } from "../network/mlp.ts";
import type { Activation, Network } from "../network/network.ts";
import { recurrent } from "../network/recurrent.ts";

/**
 * What stands between an observation and the flow. Written to disk by `kind` and `options`; one of your own is given again on loading.
 */
export interface Embedding {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * `"features"`: the network sees a row flattened, standardised value by value; where values are missing, zeros and as many more
   * features that say which. `"elements"`: a row is [elements, features], standardised feature by feature over all elements; an element
   * with a missing value is absent, and the network gets the mask [rows, elements] as its context.
   */
  readonly layout: "features" | "elements";
  /** The network for rows of `features` numbers (of one element, for `"elements"`). */
  network(features: number): Network;
}

/** The flow sees the observation as it is. */
export function identityEmbedding(): Embedding {
  return {
    kind: "identity",
    options: {},
    layout: "features",
    network: (features) => ({ output: features, init: () => ({}), apply: (_params, x) => x }),
  };
}

/** A multilayer perceptron of the whole observation. */
export function mlpEmbedding(options: {
  readonly hidden: readonly number[];
  readonly output: number;
  readonly activation?: Activation;
}): Embedding {
  return { kind: "mlp", options, layout: "features", network: (features) => mlp({ input: features, ...options }) as Network };
}

/** For observations that are sets, [elements, features]: the order does not matter, and absent elements are NaN. */
export function deepSetEmbedding(options: {
  readonly hidden: readonly number[];
  readonly pooled: number;
  readonly output: number;
  readonly activation?: Activation;
}): Embedding {
  return { kind: "deepSet", options, layout: "elements", network: (features) => deepSet({ input: features, ...options }) as Network };
}

/** For observations that are series, [times, features]: times that were not observed are NaN. */
export function recurrentEmbedding(options: { readonly hidden: number; readonly output: number }): Embedding {
  return { kind: "recurrent", options, layout: "elements", network: (features) => recurrent({ input: features, ...options }) as Network };
}

const builtIn: Readonly<Record<string, (options: never) => Embedding>> = {
  identity: identityEmbedding,
  mlp: mlpEmbedding,
  deepSet: deepSetEmbedding,
  recurrent: recurrentEmbedding,
};

/** The embedding that a file names. */
export function embeddingOf(kind: string, options: unknown): Embedding {
  const make = builtIn[kind];
  if (make === undefined) {
    throw new RangeError(`the embedding "${kind}" is none of ${Object.keys(builtIn).join(", ")}: give it as the option "embedding"`);
  }
  return make(options as never);
}
