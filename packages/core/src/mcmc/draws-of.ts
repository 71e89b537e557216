import { array, type NdArray, program, type Tensor } from "@credence/tensor";
import { improperAlong, improperSentence } from "../check/improper-along.ts";
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
  return { ...result, warnings: await chainWarnings(target, result, { ...options, ...limits }) };
}

/** What should not be trusted about draws of chains: what is known of the target, whether it is improper, and what the chains say. */
export async function chainWarnings(
  target: Target,
  draws: Omit<Draws, "warnings">,
  { treeDepthMax, ...options }: Pick<ChainOptions, "device" | "threads" | "signal"> & { readonly treeDepthMax?: number },
): Promise<string[]> {
  const found = samplerWarnings(draws, treeDepthMax === undefined ? {} : { treeDepthMax });
  // Chains that agree and are many enough have not gone to infinity.
  const improper = found.length > 0 ? await improperAlong(target, firstOfEach(draws.unconstrained), options) : [];
  return [...(target.warnings ?? []), ...improperSentence(improper).map((sentence) => `T${sentence.slice(1)}`), ...found];
}

/** The first draw of each chain, [chains * D]: a target may have data of its own for each row. */
function firstOfEach(unconstrained: NdArray): Float64Array {
  const [chains, draws, dimension] = unconstrained.shape as [number, number, number];
  const values = unconstrained.data();
  return Float64Array.from(
    { length: chains * dimension },
    (_, i) => values[Math.floor(i / dimension) * draws * dimension + (i % dimension)]!,
  );
}
