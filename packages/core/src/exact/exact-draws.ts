import type { NdArray } from "@credence/tensor";
import type { Draws } from "../model/draws.ts";

/** What a traced sampler of a closed form gives: [1, draws, K], [1, draws, D] and [1, draws]. */
type Sampled = { readonly draws: NdArray; readonly unconstrained: NdArray; readonly logDensity: NdArray };

/** Independent draws as one chain. */
export const exactDraws = (names: readonly string[], sampled: Sampled, warnings: readonly string[] = []): Draws => ({
  names,
  ...sampled,
  stats: {},
  warnings,
});
