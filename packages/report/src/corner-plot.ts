import type { Data, Mark, Axis as VegaAxis } from "vega";
import { type Axis, axisOf } from "./axis.ts";
import { density1 } from "./density1.ts";
import { density2, massLevels } from "./density2.ts";
import { drawFigure, fullWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend, legendWidth } from "./legend.ts";
import { areaMark, leftAxis, leftMargin, lineMark, panel, ruleMark, ticksOver } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { checkMarkers, columnsOf, type Marker, type Parameter, type SampleSet } from "./samples.ts";
import { colour, fontSize, markerColours } from "./theme.ts";
import { innerTicks, tickLabelWidth } from "./ticks.ts";
import { labelLines } from "./wrap.ts";

export interface CornerPlotSpec {
  readonly parameters: readonly Parameter[];
  /** Drawn filled. */
  readonly samples: SampleSet;
  /** An independent answer, drawn as lines over it. */
  readonly oracle?: SampleSet;
  /** True or published values. */
  readonly markers?: readonly Marker[];
}

/** Shares of probability inside the contours. */
export const contourShares = [0.9, 0.5] as const;

const gridCells = 72;
const curveCells = 200;
const panelWidthMax = 214;
const panelWidthMin = 78;

interface Prepared {
  readonly spec: CornerPlotSpec;
  readonly axes: readonly Axis[];
  readonly sets: readonly { name: "samples" | "oracle"; columns: Float64Array[] }[];
  /** 1-D densities and 2-D grids do not depend on the width of the figure. */
  readonly data: Data[];
  readonly peaks: readonly number[];
}

function prepare(spec: CornerPlotSpec): Prepared {
  const { parameters, samples, oracle, markers = [] } = spec;
  const dimension = parameters.length;
  if (dimension === 0) throw new RangeError("a corner plot needs at least one parameter, got none");
  checkMarkers(markers, dimension);
  const sets: { name: "samples" | "oracle"; columns: Float64Array[] }[] = [{ name: "samples", columns: columnsOf(samples, dimension) }];
  if (oracle !== undefined) sets.push({ name: "oracle", columns: columnsOf(oracle, dimension) });
  const axes = parameters.map(({ low, high }, d) =>
    axisOf(
      sets.map((set) => set.columns[d]!),
      markers.map((marker) => marker.values[d]).filter((value): value is number => value !== null && value !== undefined),
      low,
      high,
    ),
  );
  const peaks = new Array<number>(dimension).fill(0);
  const data: Data[] = [];
  for (const { name, columns } of sets) {
    for (let d = 0; d < dimension; d++) {
      const axis = axes[d]!;
      const values = density1(columns[d]!, axis, curveCells);
      peaks[d] = Math.max(peaks[d]!, ...values);
      const points = Array.from(values, (y, i) => ({
        x: axis.low + ((i + 0.5) / curveCells) * (axis.high - axis.low),
        y,
        low: 0,
        high: y,
      }));
      data.push({ name: `${name}-${d}`, values: points });
      for (let e = 0; e < d; e++) {
        const grid = density2(columns[e]!, columns[d]!, axes[e]!, axis, gridCells);
        // The picture's rows run downwards, the parameter's values upwards.
        const rows = Array.from({ length: gridCells }, (_, row) => [
          ...grid.subarray((gridCells - 1 - row) * gridCells, (gridCells - row) * gridCells),
        ]);
        data.push({
          name: `${name}-${e}-${d}`,
          values: [{ grid: { width: gridCells, height: gridCells, values: rows.flat() }, levels: massLevels(grid, contourShares) }],
        });
      }
    }
  }
  return { spec, axes, sets, data, peaks };
}

function contourMarks(
  name: "samples" | "oracle",
  e: number,
  d: number,
  levels: readonly number[],
  size: number,
): { data: Data; mark: Mark } {
  const contours = `${name}-contours-${e}-${d}`;
  const filled = name === "samples";
  return {
    data: {
      name: contours,
      source: `${name}-${e}-${d}`,
      transform: [
        { type: "isocontour", field: "grid", thresholds: [...levels], scale: size / gridCells },
        { type: "geopath", field: "contour", as: "outline" },
      ],
    },
    mark: {
      type: "path",
      clip: true,
      from: { data: contours },
      encode: {
        enter: {
          path: { field: "outline" },
          ...(filled ? { fill: { value: colour.posterior }, fillOpacity: { value: 0.26 } } : {}),
          stroke: { value: filled ? colour.posterior : colour.oracle },
          strokeWidth: { value: filled ? 0.8 : 1.5 },
          strokeOpacity: { value: filled ? 0.7 : 1 },
        },
      },
    },
  };
}

function legendEntries({ samples, oracle, markers = [] }: CornerPlotSpec): LegendEntry[] {
  return [
    { label: samples.label, colour: colour.posterior, kind: "area" },
    ...(oracle === undefined ? [] : [{ label: oracle.label, colour: colour.oracle, kind: "line" } as const]),
    ...markers.map(({ label }, m): LegendEntry => ({ label, colour: markerColours[m % markerColours.length]!, kind: "dash" })),
  ];
}

function draw({ spec, axes, sets, data, peaks }: Prepared, available: number): Drawing {
  const { parameters, markers = [] } = spec;
  const dimension = parameters.length;
  const gap = 10;
  const right = 14;
  const domain = (p: number): [number, number] => [axes[p]!.low, axes[p]!.high];
  const fit = (left: number): number =>
    Math.max(panelWidthMin, Math.min(panelWidthMax, Math.floor((available - left - right - gap * (dimension - 1)) / dimension)));
  const labels = parameters.map((parameter) => labelLines(parameter, fit(60) - 2, fontSize));
  const lines = Math.max(...labels.map((label) => label.length));
  const labelWidth = Math.max(...axes.map((_, p) => tickLabelWidth(domain(p), ticksOver(fit(60)))));
  const left = leftMargin(labelWidth, lines);
  const bottom = 30 + 15 * lines;
  const size = fit(left);
  const span = dimension * size + (dimension - 1) * gap;
  // From three parameters on, the corner above the diagonal has room for a legend; where it is too long it stands on top.
  const entries = legendEntries(spec);
  const cornerRoom = span - Math.ceil(dimension / 3) * (size + gap) - gap;
  const corner = dimension >= 3 && legendWidth(entries) <= cornerRoom;
  const room = corner ? cornerRoom : span;
  const key = legend(entries, room);
  const top = corner ? 10 : key.height + 16;
  const width = left + span + right;
  const height = top + span + bottom;
  const contours: Data[] = [];
  const panels: Mark[] = [];
  const markerOf = (d: number) =>
    markers.flatMap(({ values }, m) => (values[d] == null ? [] : [{ value: values[d], hue: markerColours[m % markerColours.length]! }]));
  for (let d = 0; d < dimension; d++) {
    for (let e = 0; e <= d; e++) {
      const x = left + e * (size + gap);
      const y = top + d * (size + gap);
      const labelled = (p: number) => ({ values: innerTicks(domain(p), size), labelFlush: false });
      const frame: VegaAxis[] = [];
      if (d === dimension - 1) frame.push({ orient: "bottom", scale: "x", title: labels[e]!, titlePadding: 8, ...labelled(e) });
      if (e === 0 && d > 0) frame.push(leftAxis(labels[d]!, left, labelled(d)));
      const marks: Mark[] = [];
      if (e === d) {
        for (const { name } of sets) {
          if (name === "samples") marks.push(areaMark(`samples-${d}`, colour.posterior, 0.24));
          marks.push(lineMark(`${name}-${d}`, name === "samples" ? colour.posterior : colour.oracle));
        }
        for (const { value, hue } of markerOf(d)) marks.push(ruleMark("x", value, size, hue));
        panels.push(
          panel({ x, y, width: size, height: size, xDomain: domain(d), yDomain: [0, peaks[d]! * 1.08], axes: frame, marks, frame: "base" }),
        );
        continue;
      }
      for (const { name } of sets) {
        const source = data.find((table) => table.name === `${name}-${e}-${d}`) as { values: { levels: number[] }[] };
        const contour = contourMarks(name, e, d, source.values[0]!.levels, size);
        contours.push(contour.data);
        marks.push(contour.mark);
      }
      for (const { value, hue } of markerOf(e)) marks.push(ruleMark("x", value, size, hue));
      for (const { value, hue } of markerOf(d)) marks.push(ruleMark("y", value, size, hue));
      panels.push(panel({ x, y, width: size, height: size, xDomain: domain(e), yDomain: domain(d), axes: frame, marks }));
    }
  }
  const keyX = corner ? left + span - room : left;
  return { width, height, spec: { data: [...data, ...contours], marks: [...panels, at(keyX, corner ? top + 4 : 2, key.marks)] } };
}

/**
 * All marginal densities of a posterior: one parameter each on the diagonal, pairs below it, with regions that hold 50 % and 90 %
 * of the probability. An oracle's regions are drawn as lines over them, true or published values as dashed lines.
 *
 * @throws {RangeError} where draws, markers and parameters do not agree in number, or a draw is not finite.
 */
export async function cornerPlot(spec: CornerPlotSpec): Promise<Figure> {
  const prepared = prepare(spec);
  const names = spec.parameters.map((parameter) => parameter.name).join(", ");
  const against = spec.oracle === undefined ? "" : `, compared with ${spec.oracle.label}`;
  return drawFigure(`Corner plot of ${spec.samples.label} for ${names}${against}`, fullWidth, (width) => draw(prepared, width));
}
