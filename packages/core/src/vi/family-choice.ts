import type { Tensor, Tree } from "@credence/tensor";
import {
  autoregressiveSpline,
  composeFlow,
  couplingSpline,
  type Flow,
  luLinear,
  maskedAutoregressive,
  type Transform,
} from "../flow/index.ts";
import type { VariationalFamily } from "./family.ts";
import { flowFamily } from "./flow-family.ts";
import { fullRankNormal } from "./full-rank.ts";
import { lowRankNormal } from "./low-rank.ts";
import { meanFieldNormal } from "./mean-field.ts";

export type FlowKind = "affine" | "coupling-spline" | "masked-autoregressive" | "autoregressive-spline";

export interface FlowChoice {
  readonly kind: "flow";
  /** A kind, or any flow without context; `"coupling-spline"` if absent. */
  readonly flow?: FlowKind | Flow<readonly Tree<Tensor>[]>;
  /** Of the kinds: transforms, 3 if absent; width of the hidden layers, 32; bins of a spline, 8; splines act on [-bound, bound] in standard units, 5. */
  readonly transforms?: number;
  readonly hidden?: number;
  readonly bins?: number;
  readonly bound?: number;
}

/** A family of {@link fitVariational}, by name or with what it needs to know. */
export type FamilyChoice = "mean-field" | "full-rank" | { readonly kind: "low-rank"; readonly rank: number } | FlowChoice;

/** The family over `dimension` coordinates. */
export function familyOf(choice: FamilyChoice, dimension: number): VariationalFamily {
  if (choice === "mean-field") return meanFieldNormal(dimension) as VariationalFamily;
  if (choice === "full-rank") return fullRankNormal(dimension) as VariationalFamily;
  if (typeof choice === "object" && choice.kind === "low-rank") return lowRankNormal(dimension, choice.rank) as VariationalFamily;
  if (typeof choice === "object" && choice.kind === "flow") return flowFamily(flowOf(choice, dimension)) as VariationalFamily;
  const given = typeof choice === "object" ? JSON.stringify(choice) : String(choice);
  throw new RangeError(`family must be "mean-field", "full-rank", { kind: "low-rank", rank } or { kind: "flow" }, got ${given}`);
}

function flowOf(choice: FlowChoice, dimension: number): Flow<readonly Tree<Tensor>[]> {
  const { flow = "coupling-spline", transforms = 3, hidden = 32, bins = 8, bound = 5 } = choice;
  if (typeof flow === "object") {
    if (flow.dimension !== dimension) throw new RangeError(`the flow has dimension ${flow.dimension}, the target ${dimension}`);
    return flow;
  }
  const options = { dimension, transforms, hidden, blocks: 1, activation: "tanh" } as const;
  switch (flow) {
    case "affine":
      return composeFlow([luLinear(dimension) as Transform], { dimension, context: 0 });
    case "coupling-spline":
      return couplingSpline({ ...options, bins, bound });
    case "masked-autoregressive":
      return maskedAutoregressive(options);
    case "autoregressive-spline":
      return autoregressiveSpline({ ...options, bins, bound });
    default:
      throw new RangeError(
        `flow must be "affine", "coupling-spline", "masked-autoregressive", "autoregressive-spline" or a Flow, got ${String(flow)}`,
      );
  }
}
