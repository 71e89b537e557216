import type { Data } from "vega";
import { drawFigure, halfHeight, halfWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { areaMark, leftAxis, leftMargin, lineMark, panel } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { colour, curveColours } from "./theme.ts";
import { tickLabelWidth } from "./ticks.ts";

export interface EcdfFigureSpec {
  /** Values in [0, 1] that should be uniform: leave-one-out probability integral transforms, ranks over L + 1, tail areas. */
  readonly sets: readonly { readonly label: string; readonly values: ArrayLike<number> }[];
  /** What the values are, on the axis. */
  readonly valueLabel: string;
}

/** P(sup |F_n - F| sqrt(n) > 1.628) = 1 % (Kolmogorov's distribution), wherever F_n leaves the band. */
const bandWidth = 1.628;

function check({ sets }: EcdfFigureSpec): void {
  if (sets.length === 0) throw new RangeError("a figure of uniformity needs at least one set of values, got none");
  for (const { label, values } of sets) {
    if (values.length < 5) throw new RangeError(`${label}: ${values.length} values, expected five or more`);
    for (let i = 0; i < values.length; i++)
      if (!(values[i]! >= 0 && values[i]! <= 1)) throw new RangeError(`${label}: value ${i} is ${values[i]}, expected a number in [0, 1]`);
  }
}

/** F_n(x) - x at both ends of every step. */
function difference(values: ArrayLike<number>): { x: number; y: number }[] {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  const points = [{ x: 0, y: 0 }];
  sorted.forEach((x, i) => {
    points.push({ x, y: i / n - x }, { x, y: (i + 1) / n - x });
  });
  return [...points, { x: 1, y: 0 }];
}

function draw({ sets, valueLabel }: EcdfFigureSpec, width: number): Drawing {
  const fewest = Math.min(...sets.map(({ values }) => values.length));
  const half = bandWidth / Math.sqrt(fewest);
  const entries: LegendEntry[] = [
    { label: "99 % band if uniform", colour: colour.band, kind: "band", opacity: 1 },
    ...sets.map(({ label }, s): LegendEntry => ({ label, colour: curveColours[s % curveColours.length]!, kind: "line" })),
  ];
  const curves = sets.map(({ values }) => difference(values));
  const most = Math.max(half * 1.5, ...curves.flat().map(({ y }) => 1.15 * Math.abs(y)));
  const left = leftMargin(tickLabelWidth([-most, most], 5));
  const size = width - left - 20;
  const key = legend(entries, size);
  const top = key.height + 12;
  const height = halfHeight + 12 - top;
  const data: Data[] = [
    { name: "band", values: [0, 1].map((x) => ({ x, low: -half, high: half })) },
    { name: "zero", values: [0, 1].map((x) => ({ x, y: 0 })) },
    ...curves.map((values, s): Data => ({ name: `curve-${s}`, values })),
  ];
  const plot = panel({
    x: left,
    y: top,
    width: size,
    height,
    xDomain: [0, 1],
    yDomain: [-most, most],
    axes: [
      { orient: "bottom", scale: "x", title: valueLabel, values: [0, 0.5, 1] },
      leftAxis("share below, less uniform", left, { tickCount: 5 }),
    ],
    marks: [
      areaMark("band", colour.band, 1),
      lineMark("zero", colour.muted, { dash: [3, 3], strokeWidth: 1 }),
      ...sets.map((_, s) => lineMark(`curve-${s}`, curveColours[s % curveColours.length]!, { strokeWidth: 1.5 })),
    ],
  });
  return { width, height: top + height + 46, spec: { data, marks: [plot, at(left, 0, key.marks)] } };
}

/**
 * How far values that should be uniform are from it: their distribution function less the diagonal, and the band that holds all of it with
 * probability 99 % (Kolmogorov). A curve above zero at the left and below it at the right is of values that crowd the ends, as of
 * predictions too narrow; the other way round of predictions too wide; all on one side of a shift.
 *
 * @throws {RangeError} for fewer than five values, or values outside [0, 1].
 */
export async function ecdfFigure(spec: EcdfFigureSpec): Promise<Figure> {
  check(spec);
  return drawFigure(`Uniformity of ${spec.valueLabel}: ${spec.sets.map(({ label }) => label).join(", ")}`, halfWidth, (width) =>
    draw(spec, width),
  );
}
