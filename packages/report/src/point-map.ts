import type { Data, Mark } from "vega";
import { drawFigure, fullWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { formatNumber } from "./format-number.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { leftAxis, leftMargin, panel, ticksOver } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { colour } from "./theme.ts";
import { tickLabelWidth } from "./ticks.ts";
import { tiles } from "./tiles.ts";

export interface PointMapSpec {
  /** Places, x and y. */
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Sides of the cells whose centres the places are, along x and y: cells are filled. Dots if absent. */
  readonly cell?: readonly [number, number];
  /** One panel each; all places have a value in each. */
  readonly panels: readonly { readonly title: string; readonly values: ArrayLike<number> }[];
  /** Of the values. */
  readonly unit: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

function check({ x, y, panels }: PointMapSpec): void {
  if (x.length === 0 || panels.length === 0) throw new RangeError(`a map needs places and panels, got ${x.length} and ${panels.length}`);
  for (const { title, values } of [{ title: "y", values: y }, ...panels])
    if (values.length !== x.length) throw new RangeError(`${title}: ${values.length} values for ${x.length} places`);
  for (const { title, values } of [{ title: "x", values: x }, { title: "y", values: y }, ...panels]) {
    const bad = Array.from(values).findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new RangeError(`${title}: value ${bad} is ${values[bad]}; leave such places out and say so`);
  }
}

const rangeOf = (values: ArrayLike<number>, side?: number): [number, number] => {
  const [low, high] = Array.from(values).reduce<[number, number]>(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const pad = side === undefined ? 0.04 * (high - low || Math.abs(high) || 1) : side / 2;
  return [low - pad, high + pad];
};

function draw({ x, y, panels, unit, xLabel, yLabel, cell }: PointMapSpec, width: number): Drawing {
  const [xDomain, yDomain] = [rangeOf(x, cell?.[0]), rangeOf(y, cell?.[1])];
  const shape = (yDomain[1] - yDomain[0]) / (xDomain[1] - xDomain[0]);
  const left = leftMargin(tickLabelWidth(yDomain, 4));
  // A long body takes a row of its own.
  const panelWidthMin = shape < 0.5 ? 360 : 220;
  const layout = (panelHeight: number) => tiles(panels.length, width, { panelHeight, panelWidthMin, left, right: 14, top: 46, bottom: 44 });
  const { panelWidth } = layout(100);
  const height = Math.round(Math.min(panelWidth * shape, 1.4 * panelWidth));
  const { height: total, at: placeOf } = layout(height);
  const size = Math.max(7, Math.min(42, (panelWidth * height * 0.5) / x.length));
  const data: Data[] = panels.map(({ values }, p) => {
    const most = largest(values);
    return {
      name: `points-${p}`,
      values: Array.from(values, (value, i) => ({ x: x[i]!, y: y[i]!, positive: value >= 0, share: Math.abs(value) / most })),
    };
  });
  const marks = panels.map(({ title, values }, p): Mark[] => {
    const { x: panelX, y: panelY, first, bottom } = placeOf(p);
    const most = largest(values);
    const entries: LegendEntry[] = [
      ...(Array.from(values).some((value) => value < 0)
        ? [{ label: `−${formatNumber(most, 2)}`, colour: colour.oracle, kind: "dot" as const }]
        : []),
      { label: `${formatNumber(most, 2)}${unit === "" ? "" : ` ${unit}`}`, colour: colour.posterior, kind: "dot" },
    ];
    return [
      panel({
        x: panelX,
        y: panelY,
        width: panelWidth,
        height,
        xDomain,
        yDomain,
        frame: "closed",
        axes: [
          { orient: "bottom", scale: "x", tickCount: ticksOver(panelWidth), ...(bottom ? { title: xLabel } : {}) },
          leftAxis(first ? yLabel : "", left, { tickCount: Math.max(2, Math.round(height / 45)) }),
        ],
        marks: [cell ? rectangles(`points-${p}`, cell) : dots(`points-${p}`, size)],
      }),
      at(panelX, panelY - 44, [
        {
          type: "text",
          encode: { enter: { y: { value: 8 }, text: { value: title }, fontWeight: { value: 600 }, fill: { value: colour.ink } } },
        },
        at(0, 14, legend(entries, panelWidth).marks),
      ]),
    ];
  });
  return { width, height: total, spec: { data, marks: marks.flat() } };
}

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 0) || 1;

/** The hue is the sign, its strength the size. */
const fill = {
  fill: [{ test: "datum.positive", value: colour.posterior }, { value: colour.oracle }],
  fillOpacity: { signal: "0.06 + 0.94 * datum.share" },
};

const rectangles = (name: string, [width, height]: readonly [number, number]): Mark => ({
  type: "rect",
  clip: true,
  from: { data: name },
  encode: {
    enter: {
      x: { signal: `scale('x', datum.x - ${width / 2})` },
      x2: { signal: `scale('x', datum.x + ${width / 2})` },
      y: { signal: `scale('y', datum.y - ${height / 2})` },
      y2: { signal: `scale('y', datum.y + ${height / 2})` },
      ...fill,
    },
  },
});

const dots = (name: string, size: number): Mark => ({
  type: "symbol",
  clip: true,
  from: { data: name },
  encode: {
    enter: {
      x: { scale: "x", field: "x" },
      y: { scale: "y", field: "y" },
      size: { value: size },
      ...fill,
      stroke: { value: colour.muted },
      strokeWidth: { value: 0.35 },
      strokeOpacity: { value: 0.6 },
    },
  },
});

/**
 * Signed values at scattered places, such as displacements of sensors and their residuals: one hue above 0 and one below, the stronger the larger.
 *
 * @throws {RangeError} where numbers do not agree, or a value is not finite.
 */
export async function pointMap(spec: PointMapSpec): Promise<Figure> {
  check(spec);
  return drawFigure(`Map of ${spec.panels.map(({ title }) => title).join(", ")} at ${spec.x.length} places`, fullWidth, (width) =>
    draw(spec, width),
  );
}
