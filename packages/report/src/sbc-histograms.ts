import type { Data, Mark } from "vega";
import { binomialInterval } from "./binomial-interval.ts";
import { drawFigure, fullWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { areaMark, leftAxis, panel } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { colour } from "./theme.ts";
import { tiles } from "./tiles.ts";

export interface SbcHistogramsSpec {
  /** Names, one for each column of ranks. */
  readonly parameters: readonly string[];
  /** Ranks of the truth among the draws, row-major [replicates, D], integers in [0, draws]. */
  readonly ranks: ArrayLike<number>;
  /** Posterior draws a replicate. */
  readonly draws: number;
  readonly bins?: number;
}

/** Pointwise level of the band: of a calibrated histogram's bars, one in a hundred leaves it. */
const bandLevel = 0.99;

interface Bar {
  readonly from: number;
  readonly to: number;
  /** Observed over expected. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** About 20 bins, fewer where replicates are few: at least 8 expected a bin, so that a band is narrower than a bar is high. */
function binsFor(replicates: number, draws: number): number {
  return Math.max(2, Math.min(20, draws + 1, Math.floor(replicates / 8)));
}

function bars(ranks: readonly number[], draws: number, bins: number): Bar[] {
  const binOf = (rank: number): number => Math.floor((rank * bins) / (draws + 1));
  const counts = new Array<number>(bins).fill(0);
  for (const rank of ranks) counts[binOf(rank)]! += 1;
  // draws + 1 ranks need not divide evenly into bins: each bin is held against its own share of them.
  const sizes = new Array<number>(bins).fill(0);
  for (let rank = 0; rank <= draws; rank++) sizes[binOf(rank)]! += 1;
  let from = 0;
  return counts.map((count, bin) => {
    const share = sizes[bin]! / (draws + 1);
    const expected = ranks.length * share;
    const [low, high] = binomialInterval(ranks.length, share, bandLevel);
    const bar = { from, to: from + share, ratio: count / expected, low: low / expected, high: high / expected };
    from += share;
    return bar;
  });
}

function check({ parameters, ranks, draws, bins }: SbcHistogramsSpec): number {
  const replicates = ranks.length / parameters.length;
  if (!Number.isInteger(draws) || draws < 1) throw new RangeError(`draws must be a positive integer, got ${draws}`);
  if (!Number.isInteger(replicates) || replicates < 2) {
    throw new RangeError(`${ranks.length} ranks, expected two or more rows of ${parameters.length} parameters`);
  }
  for (let i = 0; i < ranks.length; i++) {
    const rank = ranks[i]!;
    if (!Number.isInteger(rank) || rank < 0 || rank > draws)
      throw new RangeError(`rank ${i} is ${rank}, expected an integer in [0, ${draws}]`);
  }
  if (bins !== undefined && (!Number.isInteger(bins) || bins < 2 || bins > draws + 1)) {
    throw new RangeError(`bins must be an integer in [2, ${draws + 1}] for ${draws} draws, got ${bins}`);
  }
  return replicates;
}

function draw(parameters: readonly string[], histograms: readonly Bar[][], width: number): Drawing {
  const yMax = Math.max(2, ...histograms.flat().map((bar) => Math.max(bar.ratio, bar.high))) * 1.05;
  const panelHeight = 120;
  const left = 48;
  const layout = tiles(parameters.length, width, { panelHeight, panelWidthMin: 112, left, right: 12, top: 30, bottom: 44 });
  const data: Data[] = histograms.flatMap((values, d) => [
    { name: `bars-${d}`, values },
    { name: `band-${d}`, values: [...values.map(({ from, low, high }) => ({ x: from, low, high })), { ...values.at(-1)!, x: 1 }] },
  ]);
  const marks = parameters.map((name, d): Mark => {
    const { x, y, first } = layout.at(d);
    return panel({
      x,
      y,
      width: layout.panelWidth,
      height: panelHeight,
      xDomain: [0, 1],
      yDomain: [0, yMax],
      title: name,
      axes: [
        { orient: "bottom", scale: "x", values: [0, 0.5, 1], title: "relative rank of the truth" },
        leftAxis(first ? "observed / expected" : "", left, { tickCount: 4, format: "~g", ticks: false }),
      ],
      marks: [
        areaMark(`band-${d}`, colour.band, 1, "step-after"),
        {
          type: "rect",
          from: { data: `bars-${d}` },
          encode: {
            enter: {
              x: { scale: "x", field: "from", offset: 0.75 },
              x2: { scale: "x", field: "to", offset: -0.75 },
              y: { scale: "y", field: "ratio" },
              y2: { scale: "y", value: 0 },
              fill: { value: colour.posterior },
              fillOpacity: { value: 0.78 },
            },
          },
        },
        {
          type: "rule",
          encode: {
            enter: {
              x: { value: 0 },
              x2: { value: layout.panelWidth },
              y: { scale: "y", value: 1 },
              stroke: { value: colour.ink },
              strokeOpacity: { value: 0.55 },
              strokeDash: { value: [3, 3] },
            },
          },
        },
      ],
    });
  });
  return { width: layout.width, height: layout.height, spec: { data, marks } };
}

/**
 * Histograms of simulation-based calibration (Talts et al. 2018, arXiv:1804.06788): the rank of each replicate's truth among its
 * posterior draws, over the expected count, one panel a parameter. The band holds each bar of a calibrated posterior with
 * probability 99 % (binomial).
 *
 * @throws {RangeError} for ranks that are no integers in [0, draws], or no whole number of rows.
 */
export async function sbcHistograms(spec: SbcHistogramsSpec): Promise<Figure> {
  const { parameters, ranks, draws } = spec;
  const replicates = check(spec);
  const dimension = parameters.length;
  const bins = spec.bins ?? binsFor(replicates, draws);
  const histograms = parameters.map((_, d) =>
    bars(
      Array.from({ length: replicates }, (_, i) => ranks[i * dimension + d]!),
      draws,
      bins,
    ),
  );
  return drawFigure(`Calibration rank histograms of ${parameters.join(", ")} over ${replicates} replicates`, fullWidth, (width) =>
    draw(parameters, histograms, width),
  );
}
