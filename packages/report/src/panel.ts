import type { Axis, Interpolate, Mark, Scale } from "vega";
import { colour } from "./theme.ts";

/** One plot of a figure: a frame with its own linear or logarithmic scales `x` and `y`. */
export interface Panel {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly xDomain: readonly [number, number];
  readonly yDomain: readonly [number, number];
  readonly yType?: "linear" | "log";
  readonly axes: readonly Axis[];
  readonly marks: readonly Mark[];
  readonly title?: string;
  /** Lines along the bottom and left only (the default), around the whole panel, or along the bottom. */
  readonly frame?: "open" | "closed" | "base";
}

/** About one tick per so many pixels. */
export const ticksOver = (pixels: number): number => Math.max(2, Math.round(pixels / 55));

/** Room left of a panel for an axis title of so many lines and tick labels of such a width. */
export const leftMargin = (labelWidth: number, titleLines = 1): number => Math.ceil(16 + 15 * titleLines + labelWidth);

/** A left axis whose title stands at the left edge of the figure: without a font Vega cannot tell how far out the tick labels reach. */
export function leftAxis(title: string | string[], left: number, more: Partial<Axis> = {}): Axis {
  return { orient: "left", scale: "y", title, titleX: 13 - left, ...more };
}

/** A panel as a Vega group, with its title above. */
export function panel({ x, y, width, height, xDomain, yDomain, yType = "linear", axes, marks, title, frame = "open" }: Panel): Mark {
  const scales: Scale[] = [
    { name: "x", type: "linear", domain: [...xDomain], range: [0, width], nice: false, zero: false },
    { name: "y", type: yType, domain: [...yDomain], range: [height, 0], nice: false, ...(yType === "linear" ? { zero: false } : {}) },
  ];
  const line = (x1: number, y1: number, x2: number, y2: number): Mark => ({
    type: "rule",
    encode: { enter: { x: { value: x1 }, y: { value: y1 }, x2: { value: x2 }, y2: { value: y2 }, stroke: { value: colour.rule } } },
  });
  const lines: Mark[] = [line(0, height, width, height)];
  if (frame !== "base") lines.push(line(0, 0, 0, height));
  if (frame === "closed") lines.push(line(0, 0, width, 0), line(width, 0, width, height));
  const heading: Mark[] =
    title === undefined
      ? []
      : [
          {
            type: "text",
            encode: {
              enter: { x: { value: 0 }, y: { value: -8 }, text: { value: title }, fontWeight: { value: 600 }, fill: { value: colour.ink } },
            },
          },
        ];
  return {
    type: "group",
    encode: { enter: { x: { value: x }, y: { value: y }, width: { value: width }, height: { value: height } } },
    scales,
    axes: axes.map((axis) => ({ domain: false, ...axis })),
    marks: [...lines, ...heading, ...marks],
  };
}

/** Points as inline data of a mark. */
export type Points = readonly Readonly<Record<string, number>>[];

const placed = (field: string, scale: "x" | "y") => ({ scale, field });

/** A line through points {x, y}. */
export function lineMark(
  name: string,
  stroke: string,
  { dash = [] as number[], strokeWidth = 1.6, opacity = 1, interpolate = "linear" as Interpolate } = {},
): Mark {
  return {
    type: "line",
    clip: true,
    from: { data: name },
    encode: {
      enter: {
        x: placed("x", "x"),
        y: placed("y", "y"),
        stroke: { value: stroke },
        strokeWidth: { value: strokeWidth },
        strokeDash: { value: dash },
        strokeOpacity: { value: opacity },
        strokeJoin: { value: "round" },
        interpolate: { value: interpolate },
      },
    },
  };
}

/** An area between {x, low} and {x, high}. */
export function areaMark(name: string, fill: string, opacity: number, interpolate: Interpolate = "linear"): Mark {
  return {
    type: "area",
    clip: true,
    from: { data: name },
    encode: {
      enter: {
        x: placed("x", "x"),
        y: { scale: "y", field: "low" },
        y2: { scale: "y", field: "high" },
        fill: { value: fill },
        fillOpacity: { value: opacity },
        interpolate: { value: interpolate },
      },
    },
  };
}

/** A straight line across the panel at a value of one of its axes. */
export function ruleMark(axis: "x" | "y", value: number, extent: number, stroke: string, dash: number[] = [4, 3]): Mark {
  const along =
    axis === "x"
      ? { x: { scale: "x", value }, y: { value: 0 }, y2: { value: extent } }
      : { y: { scale: "y", value }, x: { value: 0 }, x2: { value: extent } };
  return {
    type: "rule",
    clip: true,
    encode: { enter: { ...along, stroke: { value: stroke }, strokeWidth: { value: 1.4 }, strokeDash: { value: dash } } },
  };
}
