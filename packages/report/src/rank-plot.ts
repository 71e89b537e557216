import type { Data, Mark } from "vega";
import { binomialInterval } from "./binomial-interval.ts";
import { type ChainDraws, choose, pooled } from "./chain-draws.ts";
import { drawFigure, fullWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { areaMark, leftAxis, lineMark, panel } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { colour, curveColours, fontSize } from "./theme.ts";
import { tiles } from "./tiles.ts";
import { wrap } from "./wrap.ts";

export interface RankPlotSpec {
  readonly draws: ChainDraws;
  /** Quantities to show; the first six that vary if absent. */
  readonly names?: readonly string[];
  /**
   * What the draws of one chain are worth, by quantity in the order shown; the band is for so many independent ones. All draws count in
   * full if absent.
   */
  readonly effectiveSizes?: readonly number[];
}

/** Chains drawn in colours of their own. */
const chainsShown = 4;
/** Pointwise level of the band: of an even histogram's steps, one in a hundred leaves it. */
const bandLevel = 0.99;
const bins = 20;

interface Histogram {
  readonly name: string;
  readonly data: readonly Data[];
  readonly top: number;
}

/** Ranks from 0, ties in order of the draws. */
function ranksOf(all: Float64Array): Float64Array {
  const ranks = new Float64Array(all.length);
  Uint32Array.from(all.keys())
    .sort((a, b) => all[a]! - all[b]! || a - b)
    .forEach((place, rank) => {
      ranks[place] = rank;
    });
  return ranks;
}

function prepare({ draws, names, effectiveSizes }: RankPlotSpec): { readonly histograms: Histogram[]; readonly chains: number } {
  const { chains, length, quantities } = choose(draws, names, 6);
  if (chains < 2) throw new RangeError("a rank plot compares chains: there is one; run at least 4");
  if (effectiveSizes && effectiveSizes.length !== quantities.length)
    throw new RangeError(`${effectiveSizes.length} effective sizes for ${quantities.length} quantities`);
  const histograms = quantities.map(({ name, chains: all }, d): Histogram => {
    const ranks = ranksOf(pooled(all));
    const worth = Math.max(2, Math.round(Math.min(length, effectiveSizes?.[d] ?? length)));
    const [low, high] = binomialInterval(worth, 1 / bins, bandLevel).map((count) => (count * bins) / worth) as [number, number];
    let top = high;
    const steps = Array.from({ length: Math.min(chains, chainsShown) }, (_, c): Data => {
      const counts = new Array<number>(bins).fill(0);
      for (const rank of ranks.subarray(c * length, (c + 1) * length)) counts[Math.floor((rank * bins) / ranks.length)]! += 1;
      const ratios = counts.map((count) => (count * bins) / length);
      top = Math.max(top, ...ratios);
      return { name: `chain-${d}-${c}`, values: [...ratios, ratios.at(-1)!].map((y, i) => ({ x: i / bins, y })) };
    });
    return { name, top, data: [{ name: `band-${d}`, values: [0, 1].map((x) => ({ x, low, high })) }, ...steps] };
  });
  return { histograms, chains };
}

function draw({ histograms, chains }: ReturnType<typeof prepare>, width: number): Drawing {
  const shown = Math.min(chains, chainsShown);
  const hue = (c: number) => curveColours[c % curveColours.length]!;
  const entries: LegendEntry[] = [
    { label: "99 % band if chains agree", colour: colour.band, kind: "band", opacity: 1 },
    ...Array.from({ length: shown }, (_, c): LegendEntry => ({ label: `chain ${c + 1}`, colour: hue(c), kind: "line" })),
  ];
  const key = legend(entries, width - 20);
  const panelHeight = 110;
  const left = 48;
  const layout = tiles(histograms.length, width, { panelHeight, panelWidthMin: 150, left, right: 12, top: 30, bottom: 44 });
  const yMax = Math.max(2, ...histograms.map(({ top }) => top)) * 1.05;
  const marks = histograms.map(({ name }, d): Mark => {
    const { x, y, first } = layout.at(d);
    return panel({
      x,
      y: y + key.height,
      width: layout.panelWidth,
      height: panelHeight,
      xDomain: [0, 1],
      yDomain: [0, yMax],
      title: wrap(name, layout.panelWidth, fontSize)[0]!,
      axes: [
        { orient: "bottom", scale: "x", values: [0, 0.5, 1], title: "relative rank" },
        leftAxis(first ? "observed / expected" : "", left, { tickCount: 4, format: "~g", ticks: false }),
      ],
      marks: [
        areaMark(`band-${d}`, colour.band, 1),
        ...Array.from({ length: shown }, (_, c) => lineMark(`chain-${d}-${c}`, hue(c), { strokeWidth: 1.3, interpolate: "step-after" })),
      ],
    });
  });
  return {
    width,
    height: layout.height + key.height,
    spec: { data: histograms.flatMap(({ data }) => data), marks: [...marks, at(left, 0, key.marks)] },
  };
}

/**
 * Where each chain's draws rank among those of all chains (Vehtari et al. 2021, section 4): even for chains that sample one distribution,
 * heaped at one end for a chain that sits elsewhere, in the middle or at both ends for one of another spread. At most four chains are
 * drawn.
 *
 * @throws {RangeError} for a single chain, quantities that the draws do not have, or draws that are not finite.
 */
export async function rankPlot(spec: RankPlotSpec): Promise<Figure> {
  const prepared = prepare(spec);
  return drawFigure(`Rank histograms by chain of ${prepared.histograms.map(({ name }) => name).join(", ")}`, fullWidth, (width) =>
    draw(prepared, width),
  );
}
