import type { Data, Mark } from "vega";
import { drawFigure, fullWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { panel, ruleMark, ticksOver } from "./panel.ts";
import { quantiles } from "./quantile.ts";
import type { Drawing } from "./render.ts";
import { checkMarkers, columnsOf, type Marker, type SampleSet } from "./samples.ts";
import { textWidth } from "./text-width.ts";
import { colour, curveColours, fontSize } from "./theme.ts";

export interface ForestPlotSpec {
  /** Names of the D quantities, top to bottom; on one scale, with the unit below the axis. */
  readonly names: readonly string[];
  /** One or more sets of draws, row-major [n, D]: methods side by side. */
  readonly sets: readonly SampleSet[];
  /** True or published values. */
  readonly markers?: readonly Marker[];
  /** Title of the axis: what all quantities are, with their unit. */
  readonly valueLabel?: string;
  /** A line across, such as no effect. */
  readonly reference?: number;
}

const setColours = curveColours;

interface Interval {
  readonly row: number;
  readonly low90: number;
  readonly low50: number;
  readonly median: number;
  readonly high50: number;
  readonly high90: number;
}

function intervals({ names, sets }: ForestPlotSpec): Interval[][] {
  if (names.length === 0 || sets.length === 0)
    throw new RangeError(`a forest plot needs names and draws, got ${names.length} names and ${sets.length} sets`);
  return sets.map((set) =>
    columnsOf(set, names.length).map((column, row) => {
      const [low90, low50, median, high50, high90] = quantiles(column, [0.05, 0.25, 0.5, 0.75, 0.95]) as [
        number,
        number,
        number,
        number,
        number,
      ];
      return { row, low90, low50, median, high50, high90 };
    }),
  );
}

/** Text cut to about `width` pixels. Vega's own limit guesses by the number of characters and cuts too early. */
function shortened(text: string, width: number): string {
  if (textWidth(text, fontSize) <= width) return text;
  let kept = text;
  while (kept.length > 1 && textWidth(`${kept}…`, fontSize) > width) kept = kept.slice(0, -1);
  return `${kept.trimEnd()}…`;
}

function draw(spec: ForestPlotSpec, all: readonly Interval[][], width: number): Drawing {
  const { names, sets, markers = [], valueLabel, reference } = spec;
  const hue = (s: number) => setColours[s % setColours.length]!;
  const entries: LegendEntry[] = [
    ...(sets.length > 1 ? sets.map(({ label }, s): LegendEntry => ({ label, colour: hue(s), kind: "line" })) : []),
    ...markers.map(({ label }): LegendEntry => ({ label, colour: colour.ink, kind: "dot" })),
  ];
  const rowHeight = Math.max(22, 11 * sets.length + 10);
  const height = names.length * rowHeight;
  // Widths of text are estimates, and some system fonts are wider.
  const left = Math.min(Math.ceil(1.25 * Math.max(...names.map((name) => textWidth(name, fontSize)))) + 18, Math.floor(width * 0.42));
  const size = width - left - 20;
  const key = legend(entries, size);
  const top = key.height + 10;
  const marked = markers.flatMap(({ values }) => values.flatMap((value, row) => (value === null ? [] : [{ row, value }])));
  const values = [
    ...all.flat().flatMap(({ low90, high90 }) => [low90, high90]),
    ...marked.map(({ value }) => value),
    ...(reference === undefined ? [] : [reference]),
  ];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = 0.05 * (high - low) || 0.5;
  const placeOf = (row: number, s: number): number => row * rowHeight + rowHeight / 2 + (s - (sets.length - 1) / 2) * 11;
  const data: Data[] = [
    ...all.map(
      (rows, s): Data => ({ name: `set-${s}`, values: rows.map((interval) => ({ ...interval, place: placeOf(interval.row, s) })) }),
    ),
    { name: "marked", values: marked.map(({ row, value }) => ({ value, place: row * rowHeight + rowHeight / 2 })) },
  ];
  const rule = (s: number, from: string, to: string, strokeWidth: number): Mark => ({
    type: "rule",
    from: { data: `set-${s}` },
    encode: {
      enter: {
        x: { scale: "x", field: from },
        x2: { scale: "x", field: to },
        y: { field: "place" },
        stroke: { value: hue(s) },
        strokeWidth: { value: strokeWidth },
        strokeCap: { value: "round" },
      },
    },
  });
  const labels = names.map(
    (name, row): Mark => ({
      type: "text",
      encode: {
        enter: {
          x: { value: -10 },
          y: { value: row * rowHeight + rowHeight / 2 },
          text: { value: shortened(name, left - 12) },
          align: { value: "right" },
          baseline: { value: "middle" },
          fill: { value: colour.ink },
        },
      },
    }),
  );
  const plot = panel({
    x: left,
    y: top,
    width: size,
    height,
    xDomain: [low - margin, high + margin],
    yDomain: [0, 1],
    frame: "base",
    axes: [
      {
        orient: "bottom",
        scale: "x",
        tickCount: ticksOver(size),
        grid: true,
        gridScale: "y",
        ...(valueLabel === undefined ? {} : { title: valueLabel }),
      },
    ],
    marks: [
      ...labels,
      ...(reference === undefined ? [] : [ruleMark("x", reference, height, colour.muted)]),
      ...sets.flatMap((_, s): Mark[] => [
        rule(s, "low90", "high90", 1.4),
        rule(s, "low50", "high50", 4),
        {
          type: "symbol",
          from: { data: `set-${s}` },
          encode: {
            enter: {
              x: { scale: "x", field: "median" },
              y: { field: "place" },
              size: { value: 34 },
              fill: { value: colour.paper },
              stroke: { value: hue(s) },
              strokeWidth: { value: 1.6 },
            },
          },
        },
      ]),
      {
        type: "symbol",
        from: { data: "marked" },
        encode: {
          enter: {
            x: { scale: "x", field: "value" },
            y: { field: "place" },
            shape: { value: "diamond" },
            size: { value: 46 },
            fill: { value: colour.ink },
          },
        },
      },
    ],
  });
  return { width, height: top + height + (valueLabel === undefined ? 30 : 46), spec: { data, marks: [plot, at(left, 0, key.marks)] } };
}

/**
 * Quantities of one scale below each other: median, 50 % (thick) and 90 % (thin) central intervals, of one set of draws or of several side
 * by side.
 *
 * @throws {RangeError} where draws, markers and names do not agree in number, or a draw is not finite.
 */
export async function forestPlot(spec: ForestPlotSpec): Promise<Figure> {
  checkMarkers(spec.markers ?? [], spec.names.length);
  const all = intervals(spec);
  const labels = spec.sets.map(({ label }) => label).join(", ");
  return drawFigure(`Intervals of ${spec.names.join(", ")}: ${labels}`, fullWidth, (width) => draw(spec, all, width));
}
