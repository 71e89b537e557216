import type { Data, Mark } from "vega";
import { drawFigure, halfHeight, halfWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { leftAxis, leftMargin, panel, ruleMark } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { textWidth } from "./text-width.ts";
import { colour, tickSize } from "./theme.ts";
import { tickLabelWidth } from "./ticks.ts";

export interface KHatPlotSpec {
  /** k-hat of each datum; -Infinity, where the weights have no tail, is drawn at the foot. */
  readonly kHat: ArrayLike<number>;
  /** Above it the estimate for a datum cannot be trusted: `kThreshold` of `loo`. */
  readonly threshold: number;
  /** Of the data; the worst above the threshold are named. `y[1]`, `y[2]`... if absent. */
  readonly names?: readonly string[];
}

const named = 4;

function draw({ kHat, threshold, names }: KHatPlotSpec, width: number): Drawing {
  const finite = Array.from(kHat).filter(Number.isFinite);
  const low = Math.min(-0.1, ...finite) - 0.05;
  const high = Math.max(threshold, ...finite) + 0.12;
  const yDomain: [number, number] = [low, high];
  const points = Array.from(kHat, (value, i) => ({
    x: i + 1,
    y: value === Infinity ? high : Math.max(value, low),
    above: value > threshold,
  }));
  const worst = points
    .filter(({ above }) => above)
    .sort((a, b) => b.y - a.y)
    .slice(0, named);
  const left = leftMargin(tickLabelWidth(yDomain, 5));
  const top = 12;
  const size = width - left - 20;
  const count = points.length;
  const data: Data[] = [
    { name: "below", values: points.filter(({ above }) => !above) },
    { name: "above", values: points.filter(({ above }) => above) },
  ];
  const dots = (name: string, fill: string, area: number): Mark => ({
    type: "symbol",
    from: { data: name },
    encode: {
      enter: {
        x: { scale: "x", field: "x" },
        y: { scale: "y", field: "y" },
        size: { value: area },
        fill: { value: fill },
        fillOpacity: { value: 0.75 },
      },
    },
  });
  const labels = worst.map(({ x, y }): Mark => {
    const text = names?.[x - 1] ?? `y[${x}]`;
    const leftward = ((x - 1) / Math.max(1, count - 1)) * size + textWidth(text, tickSize) + 8 > size;
    return {
      type: "text",
      encode: {
        enter: {
          x: { scale: "x", value: x, offset: leftward ? -7 : 7 },
          y: { scale: "y", value: y },
          align: { value: leftward ? "right" : "left" },
          baseline: { value: "middle" },
          text: { value: text },
          fontSize: { value: tickSize },
          fill: { value: colour.oracle },
        },
      },
    };
  });
  const plot = panel({
    x: left,
    y: top,
    width: size,
    height: halfHeight,
    xDomain: [0.5, count + 0.5],
    yDomain,
    axes: [{ orient: "bottom", scale: "x", title: "datum", tickCount: 5, tickMinStep: 1 }, leftAxis("k-hat", left, { tickCount: 5 })],
    marks: [
      ruleMark("y", threshold, size, colour.oracle),
      dots("below", colour.posterior, count > 300 ? 10 : 22),
      dots("above", colour.oracle, 34),
      ...labels,
    ],
  });
  return { width, height: top + halfHeight + 46, spec: { data, marks: [plot] } };
}

/**
 * k-hat of leave-one-out by datum: those above the dashed line pull the posterior so much that it cannot stand for the one without them.
 *
 * @throws {RangeError} for no values, NaN, or names of another number.
 */
export async function kHatPlot(spec: KHatPlotSpec): Promise<Figure> {
  const { kHat, names, threshold } = spec;
  if (kHat.length === 0) throw new RangeError("a k-hat figure needs at least one value, got none");
  for (let i = 0; i < kHat.length; i++) if (Number.isNaN(kHat[i])) throw new RangeError(`k-hat of datum ${i} is NaN`);
  if (names && names.length !== kHat.length) throw new RangeError(`${names.length} names for ${kHat.length} values of k-hat`);
  if (!Number.isFinite(threshold)) throw new RangeError(`the threshold is ${threshold}, expected a finite number`);
  return drawFigure(`k-hat of ${kHat.length} data, threshold ${threshold}`, halfWidth, (width) => draw(spec, width));
}
