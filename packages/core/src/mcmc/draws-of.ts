import { array, type NdArray, program, type Tensor } from "@credence/tensor";
import { samplerWarnings } from "../check/sampler-warnings.ts";
import type { Draws, Target } from "../model/index.ts";
import type { ChainOptions } from "./options.ts";
import type { Walked } from "./run-chains.ts";

/** The draws of a run with names, in the quantities that people ask about, and with what should not be trusted in them. */
export async function drawsOf(
  target: Target,
  { draws: kept }: Walked,
  options: ChainOptions,
  limits: { readonly treeDepthMax?: number } = {},
): Promise<Draws> {
  const place = options.device === undefined ? {} : { device: options.device };
  const chains = kept.filled.length;
  const draws = kept.stats.energy.length / chains;
  const unconstrained = array(kept.position, { shape: [chains, draws, target.dimension], ...place });
  const back = program((u: Tensor) => target.constrain(u), { ...place, name: "draws from unconstrained" });
  using flat = array(kept.position, { shape: [chains * draws, target.dimension], ...place });
  using quantities = await back.runAsync([flat]);
  const { logDensity, ...rest } = kept.stats;
  const perDraw = (values: Float64Array): NdArray => array(values, { shape: [chains, draws], ...place });
  const result = {
    names: target.names,
    draws: array(quantities.data(), { shape: [chains, draws, target.names.length], ...place }),
    unconstrained,
    logDensity: perDraw(logDensity),
    stats: Object.fromEntries(Object.entries(rest).map(([name, values]) => [name, perDraw(values)])),
  };
  return { ...result, warnings: samplerWarnings(result, limits) };
}
