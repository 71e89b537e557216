import type { Data, Mark, Axis as VegaAxis } from "vega";
import { axisOf } from "./axis.ts";
import { type ChainDraws, choose, pooled, spaced, statistic } from "./chain-draws.ts";
import { density1 } from "./density1.ts";
import { drawFigure, fullWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { areaMark, leftAxis, leftMargin, lineMark, panel, ticksOver } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { colour, fontSize } from "./theme.ts";
import { innerTicks, tickLabelWidth } from "./ticks.ts";
import { wrap } from "./wrap.ts";

export interface PairPlotSpec {
  readonly draws: ChainDraws;
  /** Quantities to show; the first four that vary if absent. */
  readonly names?: readonly string[];
}

/** Points of a panel: enough for a shape, little enough for a page. */
const pointsShown = 400;
const divergentShown = 200;
const cells = 120;
const panelWidthMax = 214;
const panelWidthMin = 60;

interface Prepared {
  readonly names: readonly string[];
  readonly domains: readonly [number, number][];
  readonly peaks: readonly number[];
  readonly data: readonly Data[];
  /** Draws shown, [n][D]. */
  readonly points: readonly (readonly number[])[];
  readonly divergent: readonly (readonly number[])[];
  /** Divergent draws in all. */
  readonly divergences: number;
}

function prepare({ draws, names }: PairPlotSpec): Prepared {
  const { quantities } = choose(draws, names, 4);
  const columns = quantities.map(({ chains }) => pooled(chains));
  const total = columns[0]!.length;
  const flags = statistic(draws, "diverging");
  const diverging = flags && pooled(flags);
  const axes = columns.map((column) => axisOf([column], []));
  const divergent = diverging ? Array.from(diverging.keys()).filter((s) => diverging[s]) : [];
  const plain = Array.from({ length: total }, (_, s) => s).filter((s) => !diverging?.[s]);
  const point = (s: number) => columns.map((column) => column[s]!);
  const peaks: number[] = [];
  const data = columns.map((column, d): Data => {
    const axis = axes[d]!;
    const density = density1(column, axis, cells);
    peaks.push(Math.max(...density));
    return {
      name: `density-${d}`,
      values: Array.from(density, (y, i) => ({ x: axis.low + ((i + 0.5) / cells) * (axis.high - axis.low), y, low: 0, high: y })),
    };
  });
  return {
    names: quantities.map(({ name }) => name),
    domains: axes.map(({ low, high }) => [low, high]),
    peaks,
    data,
    points: spaced(plain.length, pointsShown).map((i) => point(plain[i]!)),
    divergent: spaced(divergent.length, divergentShown).map((i) => point(divergent[i]!)),
    divergences: divergent.length,
  };
}

/** Many points as one path of strokes without length and with round ends: a tenth of the markup of as many symbols. */
function dots(points: readonly (readonly [number, number])[], hue: string, diameter: number, opacity: number): Mark {
  return {
    type: "path",
    encode: {
      enter: {
        path: { value: points.map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`).join("") },
        stroke: { value: hue },
        strokeWidth: { value: diameter },
        strokeCap: { value: "round" },
        strokeOpacity: { value: opacity },
      },
    },
  };
}

function draw({ names, domains, peaks, data, points, divergent, divergences }: Prepared, width: number): Drawing {
  const dimension = names.length;
  const gap = 10;
  const right = 14;
  const fit = (left: number): number =>
    Math.max(panelWidthMin, Math.min(panelWidthMax, Math.floor((width - left - right - gap * (dimension - 1)) / dimension)));
  const labels = names.map((name) => wrap(name, fit(60) - 2, fontSize));
  const lines = Math.max(...labels.map((label) => label.length));
  const left = leftMargin(Math.max(...domains.map((domain) => tickLabelWidth(domain, ticksOver(fit(60))))), lines);
  const size = fit(left);
  const span = dimension * size + (dimension - 1) * gap;
  const entries: LegendEntry[] = [
    { label: "draws", colour: colour.posterior, kind: "dot" },
    ...(divergences > 0 ? [{ label: `divergent (${divergences})`, colour: colour.oracle, kind: "dot" } as const] : []),
  ];
  const key = legend(entries, span);
  const top = key.height + 12;
  /** In pixels of their panel; those outside the axes are left out. */
  const within = (draws: readonly (readonly number[])[], e: number, d: number): [number, number][] =>
    draws.flatMap((point) => {
      const [x, y] = [e, d].map((p) => (point[p]! - domains[p]![0]) / (domains[p]![1] - domains[p]![0])) as [number, number];
      return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? [[x * size, (1 - y) * size]] : [];
    });
  const marks: Mark[] = [];
  for (let d = 0; d < dimension; d++)
    for (let e = 0; e <= d; e++) {
      const labelled = (p: number) => ({ values: innerTicks(domains[p]!, size), labelFlush: false });
      const axes: VegaAxis[] = [];
      if (d === dimension - 1) axes.push({ orient: "bottom", scale: "x", title: labels[e]!, titlePadding: 8, ...labelled(e) });
      if (e === 0 && d > 0) axes.push(leftAxis(labels[d]!, left, labelled(d)));
      const place = { x: left + e * (size + gap), y: top + d * (size + gap), width: size, height: size, axes };
      marks.push(
        e === d
          ? panel({
              ...place,
              xDomain: domains[d]!,
              yDomain: [0, peaks[d]! * 1.08],
              frame: "base",
              marks: [areaMark(`density-${d}`, colour.posterior, 0.24), lineMark(`density-${d}`, colour.posterior)],
            })
          : panel({
              ...place,
              xDomain: domains[e]!,
              yDomain: domains[d]!,
              marks: [
                dots(within(points, e, d), colour.posterior, 3, 0.5),
                ...(divergent.length > 0 ? [dots(within(divergent, e, d), colour.oracle, 4.5, 0.9)] : []),
              ],
            }),
      );
    }
  return {
    width: left + span + right,
    height: top + span + 30 + 15 * lines,
    spec: { data: [...data], marks: [...marks, at(left, 0, key.marks)] },
  };
}

/**
 * Draws of each pair of quantities as points, with divergent transitions over them: where these gather the sampler could not go. At most
 * 400 evenly spaced draws and 200 divergent ones are drawn.
 *
 * @throws {RangeError} for quantities that the draws do not have, or draws that are not finite.
 */
export async function pairPlot(spec: PairPlotSpec): Promise<Figure> {
  const prepared = prepare(spec);
  return drawFigure(`Draws of each pair of ${prepared.names.join(", ")}, ${prepared.divergences} of them divergent`, fullWidth, (width) =>
    draw(prepared, width),
  );
}
