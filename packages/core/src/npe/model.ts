import { broadcastTo, index, random, type Tensor, type Tree } from "@credence/tensor";
import { autoregressiveSpline, maskedAutoregressive } from "../flow/autoregressive.ts";
import { couplingSpline } from "../flow/coupling.ts";
import type { Flow } from "../flow/flow.ts";
import type { Embedding } from "./embedding.ts";
import type { Inputs } from "./standardise.ts";

export interface FlowOptions {
  /**
   * `"nsf"`: coupling layers of rational-quadratic splines (if absent); `"maf"`: autoregressive affine layers;
   * `"autoregressiveSpline"`: autoregressive splines, whose draws cost a pass for each parameter.
   */
  readonly kind?: "nsf" | "maf" | "autoregressiveSpline";
  readonly transforms?: number;
  readonly hidden?: number;
  readonly blocks?: number;
  /** Bins of a spline. */
  readonly bins?: number;
  /** Splines act on [-bound, bound], in standard deviations of the prior. */
  readonly bound?: number;
}

/** What fixes the shape of a model. */
export interface ModelShape {
  /** Number of inferred parameters. */
  readonly dimension: number;
  /** Features of an observation, or of one of its elements. */
  readonly features: number;
  readonly missing: boolean;
  readonly flow: FlowOptions;
}

export type ModelParams = { readonly embedding: Tree<Tensor>; readonly flow: readonly Tree<Tensor>[] };

/** Embedding and flow together: a density over standardised unconstrained parameters given an observation. Traced, f32. */
export interface Model {
  init(key: Tensor): ModelParams;
  /** z [B, D]; inputs of B rows, or of one row for all: [B]. */
  logProb(params: ModelParams, z: Tensor, inputs: Inputs): Tensor;
  /** n draws for each of the R rows of inputs: [R, n, D]. */
  sample(params: ModelParams, key: Tensor, inputs: Inputs, n: number): Tensor;
}

export function makeModel(shape: ModelShape, embedding: Embedding): Model {
  const { dimension, features, missing } = shape;
  const network = embedding.network(missing && embedding.layout === "features" ? 2 * features : features);
  const flow = makeFlow(shape.flow, dimension, network.output);
  const contextOf = (params: ModelParams, { x, mask }: Inputs) => network.apply(params.embedding, x, mask);
  return {
    init(key) {
      const keys = random.split(key, 2);
      return { embedding: network.init(index(keys, 0)), flow: flow.init(index(keys, 1)) };
    },
    logProb(params, z, inputs) {
      const context = contextOf(params, inputs);
      const rows = z.shape[0]!;
      return flow.logProb(params.flow, z, context.shape[0] === rows ? context : broadcastTo(context, [rows, network.output]));
    },
    sample: (params, key, inputs, n) => flow.sample(params.flow, key, contextOf(params, inputs), n),
  };
}

function makeFlow(options: FlowOptions, dimension: number, context: number): Flow<readonly Tree<Tensor>[]> {
  const { kind = "nsf", ...rest } = options;
  if (kind === "nsf") return couplingSpline({ ...rest, dimension, context });
  if (kind === "maf") return maskedAutoregressive({ ...rest, dimension, context });
  if (kind === "autoregressiveSpline") return autoregressiveSpline({ ...rest, dimension, context });
  throw new RangeError(`flow.kind must be "nsf", "maf" or "autoregressiveSpline", got ${JSON.stringify(kind)}`);
}
