import type { Draws } from "../model/draws.ts";
import { isConstant } from "./chains.ts";
import { divergences } from "./divergences.ts";
import { eBfmi, eBfmiMin } from "./e-bfmi.ts";
import { effectiveSampleSize } from "./effective-sample-size.ts";
import { listed } from "./elpd.ts";
import { rHat } from "./r-hat.ts";
import { quantitiesOf } from "./summarize-chains.ts";

export interface SamplerWarningsOptions {
  /**
   * Depth at which the sampler stops doubling a trajectory; transitions that reach it are reported where it is given and the draws have
   * `tree_depth`.
   */
  readonly treeDepthMax?: number;
  /** 1.01 if absent. */
  readonly rHatMax?: number;
  /** Least effective sample size of bulk and tails; 100 a chain, at most 400, if absent. */
  readonly effectiveSizeMin?: number;
}

/**
 * What should not be trusted about the draws of Markov chains, in plain sentences that name the quantity and say what to do: a single
 * chain, values that are not finite, chains that never moved, divergences, energies, trajectories cut short, R-hat above 1.01, effective
 * sizes too small (Betancourt 2017; Vehtari et al. 2021). Quantities that are the same in every draw of every chain, such as the diagonal
 * of a correlation matrix, are passed over. Where a quantity has more than 131,072 draws, R-hat and effective size are those of evenly
 * chosen chains, at least 32, the latter multiplied up to all.
 * @returns empty if nothing was found
 */
export function samplerWarnings(draws: Omit<Draws, "warnings">, options: SamplerWarningsOptions = {}): string[] {
  const quantities = quantitiesOf(draws.draws).map((chains, d) => ({ name: draws.names[d]!, chains, finite: isFinite(chains) }));
  return [
    singleChain(draws),
    notFinite(quantities),
    stuckChains(draws),
    divergent(draws),
    slowEnergies(draws),
    cutShort(draws, options.treeDepthMax),
    ...mixing(quantities, draws.draws.shape, options),
  ].filter((sentence) => sentence !== undefined);
}

type Chained = Omit<Draws, "warnings">;
type Warning = string | undefined;
interface Quantity {
  readonly name: string;
  readonly chains: readonly Float64Array[];
  readonly finite: boolean;
}

const singleChain = ({ draws }: Chained): Warning =>
  draws.shape[0] === 1
    ? "There is one chain: whether others would find the same cannot be seen. Run at least 4, from starting points spread wider than the posterior."
    : undefined;

const isFinite = (quantity: readonly Float64Array[]): boolean => quantity.every((chain) => chain.every(Number.isFinite));

function notFinite(quantities: readonly Quantity[]): Warning {
  const lost = quantities.filter(({ finite }) => !finite).map(({ name }) => name);
  if (lost.length === 0) return undefined;
  return (
    `${listed(lost)}: some draws are not finite numbers, since the way from unconstrained space overflows there. ` +
    "Bring the parameter to a scale near 1, or give it a prior that keeps it from such values."
  );
}

function stuckChains({ unconstrained }: Chained): Warning {
  const [chains, length, dimension] = unconstrained.shape as [number, number, number];
  const values = unconstrained.data();
  const stuck = Array.from({ length: chains }, (_, c) => c).filter((c) => {
    const begin = c * length * dimension;
    for (let i = dimension; i < length * dimension; i++) if (values[begin + i] !== values[begin + (i % dimension)]) return false;
    return true;
  });
  if (length < 2 || stuck.length === 0) return undefined;
  return (
    `Chain ${listed(stuck.map((c) => `${c + 1}`))} of ${chains} never moved: all draws are where it ended its warm-up. ` +
    "Look at the log density there (a cliff, or a parameter on a scale far from 1), start elsewhere, and leave the chain out of every estimate."
  );
}

function divergent(draws: Chained): Warning {
  if (!draws.stats.diverging) return undefined;
  const { count, total, byChain, places } = divergences(draws);
  if (count === 0) return undefined;
  const length = total / byChain.length;
  const whole = byChain.flatMap((n, c) => (n === length ? [`${c + 1}`] : []));
  const [place] = places;
  const where =
    whole.length > 0
      ? `, all of those of chain ${listed(whole)}`
      : place && Math.abs(place.z) > 3
        ? `, mostly at ${place.shift < 0 ? "low" : "high"} ${place.name} (median ${place.divergent.toPrecision(3)}, elsewhere ${place.others.toPrecision(3)})`
        : "";
  const advice =
    whole.length > 0
      ? "Look at the log density where the chain started (a jump, a missing support, a scale far from 1), and start elsewhere"
      : "Write parameters with a common scale in non-centred form, and raise the target acceptance towards 1 (0.95, 0.99); if it stays, look there for a jump of the log density, or NaN";
  return `${count} of ${total} transitions diverged${where}: the posterior there is not explored, and estimates are biased. ${advice}.`;
}

function slowEnergies({ stats: { energy } }: Chained): Warning {
  if (!energy || energy.shape[1]! < 4) return undefined;
  const low = [...eBfmi(energy)].flatMap((value, c) => (value < eBfmiMin ? [`${c + 1} (E-BFMI ${value.toFixed(2)})`] : []));
  if (low.length === 0) return undefined;
  return (
    `The energy moves too slowly in chain ${listed(low)}, below ${eBfmiMin}: the tails are not explored. ` +
    "Write scales of hierarchical parameters in non-centred form, or give heavy-tailed parameters a tighter prior."
  );
}

function cutShort({ stats: { tree_depth: depth } }: Chained, most: number | undefined): Warning {
  if (!depth || most === undefined) return undefined;
  const reached = depth.data().filter((value) => value >= most).length;
  if (reached === 0) return undefined;
  return (
    `${reached} of ${depth.size} trajectories stopped at the largest depth, ${most}, before they turned: that biases nothing, but neighbouring draws are alike and cost much. ` +
    "Bring the parameters to one scale, use a dense mass matrix, or raise the depth."
  );
}

/**
 * Of more draws of a quantity than this, every second, third... chain is judged, but of no fewer chains than that: sorting a million draws
 * for each of many quantities would take longer than drawing them.
 */
const drawsMax = 2 ** 17;
const chainsMin = 32;

function mixing(quantities: readonly Quantity[], [chains = 0, length = 0]: readonly number[], options: SamplerWarningsOptions): Warning[] {
  if (length < 4) return [];
  const { rHatMax = 1.01, effectiveSizeMin = 100 * Math.min(chains, 4) } = options;
  const every = Math.ceil(chains / Math.max(chainsMin, Math.floor(drawsMax / length)));
  const judged = quantities
    .filter((quantity) => quantity.finite && !isConstant(quantity.chains))
    .map(({ name, chains: all }) => {
      const draws = all.filter((_, c) => c % every === 0);
      return { name, rHat: rHat(draws), size: every * Math.min(effectiveSampleSize(draws, "bulk"), effectiveSampleSize(draws, "tail")) };
    });
  const apart = judged.filter((one) => one.rHat > rHatMax).sort((a, b) => b.rHat - a.rHat);
  const few = judged.filter(({ size }) => size < effectiveSizeMin).sort((a, b) => a.size - b.size);
  return [
    apart.length > 0
      ? `${chains === 1 ? "The halves of the chain" : "Chains"} disagree: R-hat is above ${rHatMax} for ${listed(apart.map((one) => `${one.name} (${one.rHat.toFixed(3)})`))}. ` +
        "Run longer; if it stays, the posterior has several modes, the data leave a combination of parameters open (`identifiability` names it), or they need another form."
      : undefined,
    few.length > 0
      ? `Too few effective draws, below ${effectiveSizeMin}, for ${listed(few.map((one) => `${one.name} (${Math.round(one.size)})`))}: ` +
        "their quantiles and R-hat are not reliable. Keep more draws."
      : undefined,
  ];
}
