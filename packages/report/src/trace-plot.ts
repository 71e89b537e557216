import type { Data, Mark } from "vega";
import { axisOf } from "./axis.ts";
import { type ChainDraws, choose, pooled, spaced, statistic } from "./chain-draws.ts";
import { density1 } from "./density1.ts";
import { drawFigure, fullWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { leftAxis, leftMargin, lineMark, panel, ticksOver } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { colour, curveColours, fontSize } from "./theme.ts";
import { tickLabelWidth } from "./ticks.ts";
import { wrap } from "./wrap.ts";

export interface TracePlotSpec {
  readonly draws: ChainDraws;
  /** Quantities to show; the first six that vary if absent. */
  readonly names?: readonly string[];
}

/** Chains drawn, and points of each: more would be one blot. */
export const chainsShown = 4;
const pointsShown = 260;
const cells = 160;

interface Row {
  readonly name: string;
  readonly domain: [number, number];
  readonly peak: number;
}

interface Prepared {
  readonly rows: readonly Row[];
  readonly data: readonly Data[];
  readonly chains: number;
  readonly length: number;
  readonly divergent: boolean;
}

function prepare({ draws, names }: TracePlotSpec): Prepared {
  const { chains, length, quantities } = choose(draws, names, 6);
  const shown = Math.min(chains, chainsShown);
  const diverging = statistic(draws, "diverging")?.slice(0, shown);
  const data: Data[] = [];
  const rows = quantities.map(({ name, chains: all }, d): Row => {
    const seen = all.slice(0, shown);
    const axis = axisOf([pooled(seen)], []);
    let peak = 0;
    seen.forEach((chain, c) => {
      const density = density1(chain, axis, cells);
      peak = Math.max(peak, ...density);
      // Density grows to the right, the quantity upwards: points in order of the quantity.
      data.push({
        name: `density-${d}-${c}`,
        values: Array.from(density, (x, i) => ({ x, y: axis.low + ((i + 0.5) / cells) * (axis.high - axis.low) })),
      });
      data.push({ name: `trace-${d}-${c}`, values: spaced(length, pointsShown).map((t) => ({ x: t + 1, y: chain[t]! })) });
    });
    return { name, domain: [axis.low, axis.high], peak };
  });
  const places = diverging?.flatMap((flags) => Array.from(flags, (flag, t) => (flag ? [{ x: t + 1 }] : [])).flat()) ?? [];
  data.push({ name: "divergent", values: places });
  return { rows, data, chains, length, divergent: places.length > 0 };
}

function draw({ rows, data, chains, length, divergent }: Prepared, width: number): Drawing {
  const shown = Math.min(chains, chainsShown);
  const hue = (c: number) => curveColours[c % curveColours.length]!;
  const entries: LegendEntry[] = [
    ...Array.from({ length: shown }, (_, c): LegendEntry => ({ label: `chain ${c + 1}`, colour: hue(c), kind: "line" })),
    ...(divergent ? [{ label: "divergent", colour: colour.ink, kind: "dot" } as const] : []),
  ];
  const key = legend(entries, width - 20);
  const wide = width > 500;
  const height = 74;
  const gap = 16;
  const left = leftMargin(Math.max(...rows.map(({ domain }) => tickLabelWidth(domain, 3))), 2);
  const sideWidth = wide ? 96 : 44;
  const mainWidth = width - left - sideWidth - 22;
  const top = key.height + 12;
  const marks = rows.flatMap(({ name, domain, peak }, d): Mark[] => {
    const last = d === rows.length - 1;
    const y = top + d * (height + gap);
    return [
      panel({
        x: left,
        y,
        width: mainWidth,
        height,
        xDomain: [1, length],
        yDomain: domain,
        axes: [
          ...(last ? [{ orient: "bottom", scale: "x", title: "draw", tickCount: ticksOver(mainWidth), tickMinStep: 1 } as const] : []),
          leftAxis(wrap(name, height + gap, fontSize).slice(0, 2), left, { tickCount: 3 }),
        ],
        marks: [
          ...Array.from({ length: shown }, (_, c) => lineMark(`trace-${d}-${c}`, hue(c), { strokeWidth: 0.7, opacity: 0.8 })),
          {
            type: "symbol",
            from: { data: "divergent" },
            encode: {
              enter: {
                x: { scale: "x", field: "x" },
                y: { value: height - 4 },
                shape: { value: "triangle-up" },
                size: { value: 22 },
                fill: { value: colour.ink },
              },
            },
          },
        ],
      }),
      panel({
        x: left + mainWidth + 8,
        y,
        width: sideWidth,
        height,
        xDomain: [0, peak * 1.05],
        yDomain: domain,
        axes: [],
        frame: "base",
        marks: Array.from({ length: shown }, (_, c) => lineMark(`density-${d}-${c}`, hue(c), { strokeWidth: 1.2, opacity: 0.9 })),
      }),
    ];
  });
  return {
    width,
    height: top + rows.length * (height + gap) + 34,
    spec: { data: [...data], marks: [...marks, at(left, 0, key.marks)] },
  };
}

/**
 * Every chain's draws in order, one row a quantity, with their densities beside: chains that have met look alike and like noise. At most
 * four chains are drawn, and at most 260 evenly spaced draws of each; triangles stand below divergent transitions.
 *
 * @throws {RangeError} for quantities that the draws do not have, or draws that are not finite.
 */
export async function tracePlot(spec: TracePlotSpec): Promise<Figure> {
  const prepared = prepare(spec);
  const of = prepared.rows.map(({ name }) => name).join(", ");
  return drawFigure(
    `Traces of ${of} over ${prepared.length} draws of ${Math.min(prepared.chains, chainsShown)} chains`,
    fullWidth,
    (width) => draw(prepared, width),
  );
}
