import { broadcastTo, index, random, type Tensor, type Tree } from "@credence/tensor";
import { autoregressiveSpline, maskedAutoregressive } from "../flow/autoregressive.ts";
import { conditionalAffine } from "../flow/conditional-affine.ts";
import { couplingSpline } from "../flow/coupling.ts";
import { composeFlow, type Flow, type Transform } from "../flow/flow.ts";
import type { Activation } from "../network/network.ts";
import type { Embedding } from "./embedding.ts";
import type { Inputs } from "./standardise.ts";

export interface FlowOptions {
  /**
   * `"nsf"`: coupling layers of rational-quadratic splines (if absent); `"maf"`: autoregressive affine layers;
   * `"autoregressiveSpline"`: autoregressive splines, whose draws cost a pass for each parameter.
   */
  readonly kind?: "nsf" | "maf" | "autoregressiveSpline";
  /** 3 if absent. */
  readonly transforms?: number;
  readonly hidden?: number;
  readonly blocks?: number;
  /** Bins of a spline. */
  readonly bins?: number;
  /** Splines act on [-bound, bound]. */
  readonly bound?: number;
  /** `"silu"` if absent. */
  readonly activation?: Activation;
  /** Whether an affine map that depends on the observation comes first (location, scales and correlations); true if absent. */
  readonly affine?: boolean;
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
  const { kind = "nsf", affine = true, activation = "silu", transforms = 3, ...sizes } = options;
  const rest = { ...sizes, transforms, activation };
  const make = kinds[kind];
  if (make === undefined) throw new RangeError(`flow.kind must be one of ${Object.keys(kinds).join(", ")}, got ${JSON.stringify(kind)}`);
  const flow = make({ ...rest, dimension, context });
  if (!affine) return flow;
  const { hidden, blocks } = rest;
  const first = conditionalAffine({
    dimension,
    context,
    activation,
    ...(hidden !== undefined && { hidden }),
    ...(blocks !== undefined && { blocks }),
  });
  return composeFlow([first, flow] as Transform[], { dimension, context });
}

const kinds = { nsf: couplingSpline, maf: maskedAutoregressive, autoregressiveSpline };
