import type { Mark } from "vega";
import { textWidth } from "./text-width.ts";
import { colour, fontSize } from "./theme.ts";

/** How a kind of mark looks: a filled swatch, a line, a dashed line, or a dot. */
export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  readonly kind: "area" | "line" | "dash" | "dot" | "band";
  /** Of an area or band. */
  readonly opacity?: number;
}

const swatchWidth = 20;
const rowHeight = 20;
const gap = 18;

/** Places entries in rows no wider than `width`, each row with one entry at least. */
function place(entries: readonly LegendEntry[], width: number): { entry: LegendEntry; x: number; y: number }[] {
  let x = 0;
  let y = rowHeight / 2;
  return entries.map((entry) => {
    const length = swatchWidth + 6 + textWidth(entry.label, fontSize);
    if (x > 0 && x + length > width) {
      x = 0;
      y += rowHeight;
    }
    const placed = { entry, x, y };
    x += length + gap;
    return placed;
  });
}

/** Width of the longest entry: less room than this clips it. */
export function legendWidth(entries: readonly LegendEntry[]): number {
  return Math.max(...entries.map(({ label }) => swatchWidth + 6 + textWidth(label, fontSize)));
}

function swatch({ kind, colour: hue, opacity = 0.3 }: LegendEntry, x: number, y: number): Mark[] {
  const fixed = { x: { value: x }, y: { value: y } };
  const line = (dash: number[]): Mark => ({
    type: "rule",
    encode: {
      enter: { ...fixed, x2: { value: x + swatchWidth }, stroke: { value: hue }, strokeWidth: { value: 2 }, strokeDash: { value: dash } },
    },
  });
  const box = (): Mark => ({
    type: "rect",
    encode: {
      enter: {
        x: fixed.x,
        y: { value: y - 6 },
        width: { value: swatchWidth },
        height: { value: 12 },
        cornerRadius: { value: 2 },
        fill: { value: hue },
        fillOpacity: { value: opacity },
      },
    },
  });
  if (kind === "line") return [line([])];
  if (kind === "dash") return [line([4, 3])];
  if (kind === "band") return [box()];
  if (kind === "dot") {
    return [
      { type: "symbol", encode: { enter: { x: { value: x + swatchWidth / 2 }, y: fixed.y, size: { value: 36 }, fill: { value: hue } } } },
    ];
  }
  return [
    box(),
    {
      type: "rule",
      encode: {
        enter: { x: fixed.x, y: { value: y - 6 }, x2: { value: x + swatchWidth }, stroke: { value: hue }, strokeWidth: { value: 1.6 } },
      },
    },
  ];
}

/** A legend at (0, 0) in rows of at most `width` pixels, and the height that it takes. */
export function legend(entries: readonly LegendEntry[], width: number): { marks: Mark[]; height: number } {
  const placed = place(entries, width);
  const marks = placed.flatMap(({ entry, x, y }): Mark[] => [
    ...swatch(entry, x, y),
    {
      type: "text",
      encode: {
        enter: {
          x: { value: x + swatchWidth + 6 },
          y: { value: y },
          text: { value: entry.label },
          baseline: { value: "middle" },
          fill: { value: colour.ink },
        },
      },
    },
  ]);
  return { marks, height: placed.length === 0 ? 0 : placed.at(-1)!.y + rowHeight / 2 };
}

/** The marks moved to (x, y). */
export function at(x: number, y: number, marks: Mark[]): Mark {
  return { type: "group", encode: { enter: { x: { value: x }, y: { value: y } } }, marks };
}
