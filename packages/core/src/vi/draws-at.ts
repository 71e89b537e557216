import { type NdArray, program, type Tensor } from "@credence/tensor";
import type { Draws, Target } from "../model/index.ts";
import { mapRows } from "./map-rows.ts";
import { type Placement, placementOf } from "./starts.ts";

/** Independent draws u [n, D] as {@link Draws} of one chain: the quantities and the log density at each. */
export async function drawsAt(
  target: Target,
  u: NdArray,
  options: Placement & { readonly stats?: Draws["stats"]; readonly warnings: readonly string[]; readonly signal?: AbortSignal },
): Promise<Draws> {
  const run = program(
    (points: Tensor) => {
      const at = mapRows((rows) => ({ draws: target.constrain(rows), logDensity: target.logDensity(rows) }), points);
      return { draws: at.draws.expandDims(0), unconstrained: points.expandDims(0), logDensity: at.logDensity.expandDims(0) };
    },
    { ...placementOf(options), name: "quantities of draws" },
  );
  const result = await run.runAsync([u], options.signal ? { signal: options.signal } : {});
  return { names: target.names, ...result, stats: options.stats ?? {}, warnings: options.warnings };
}
