import { cast, type Tensor, type Tree, tree } from "@credence/tensor";
import type { Flow } from "../flow/flow.ts";
import { drawn, type VariationalFamily } from "./family.ts";
import { type FullRankParams, moved, placeFactor, standardFactor, whitened } from "./full-rank.ts";

/** `outer` is the affine map after the flow. */
export type FlowFamilyParams = { readonly flow: readonly Tree<Tensor>[]; readonly outer: FullRankParams };

/**
 * q is the law of u = location + L f(z), z ~ N(0, I), where f is the way back of a normalising flow (Rezende and Mohamed 2015): a full-rank normal
 * whose shape the flow bends. Flows start near the identity, so q starts as the normal that it is placed on. A draw costs the flow's inverse: one pass
 * of a coupling flow, D passes of an autoregressive one.
 */
export function flowFamily(flow: Flow<readonly Tree<Tensor>[]>): VariationalFamily<FlowFamilyParams> {
  const { dimension, contextDimension } = flow;
  if (contextDimension !== 0) throw new RangeError(`flowFamily: expected a flow without context, got one of ${contextDimension} features`);
  return drawn<FlowFamilyParams>({
    name: "flow",
    dimension,
    noise: dimension,
    base: "dense",
    init: (key) => ({
      flow: tree.map((p: Tensor) => cast(p, "f64"), flow.init(key) as Tree<Tensor>) as readonly Tree<Tensor>[],
      outer: standardFactor(dimension),
    }),
    place: (params, base) => ({ flow: params.flow, outer: placeFactor(params.outer, base) }),
    transform: (params, noise) => moved(params.outer, flow.inverse(params.flow, noise, undefined)),
    logProb: (params, u) => flow.logProb(params.flow, whitened(params.outer, u)).sub(params.outer.logDiagonal.sum()),
  });
}
