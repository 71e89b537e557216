import { drawFigure, fullWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { areaMark, leftAxis, leftMargin, lineMark, panel, ticksOver } from "./panel.ts";
import { quantiles } from "./quantile.ts";
import type { Drawing } from "./render.ts";
import { textWidth } from "./text-width.ts";
import { colour, tickSize } from "./theme.ts";
import { logTicks, tickLabelWidth } from "./ticks.ts";

export interface PredictiveFigureSpec {
  /** Strictly increasing. */
  readonly times: ArrayLike<number>;
  /** One for each time; NaN where nothing was observed. */
  readonly observed: ArrayLike<number>;
  /** Replicated observations, row-major [draws, times]. */
  readonly simulated: ArrayLike<number>;
  readonly timeLabel: string;
  readonly valueLabel: string;
  readonly scale?: "linear" | "log";
}

interface Ribbon {
  readonly x: number;
  readonly median: number;
  readonly low50: number;
  readonly high50: number;
  readonly low90: number;
  readonly high90: number;
}

function check({ times, observed, simulated }: PredictiveFigureSpec): void {
  if (times.length < 2) throw new RangeError(`${times.length} times, expected two or more`);
  if (observed.length !== times.length)
    throw new RangeError(`${observed.length} observations for ${times.length} times, expected one for each`);
  if (simulated.length === 0 || simulated.length % times.length !== 0) {
    throw new RangeError(`${simulated.length} simulated values, expected whole rows of ${times.length} times`);
  }
  for (let i = 0; i < times.length; i++) {
    if (!Number.isFinite(times[i]) || (i > 0 && times[i]! <= times[i - 1]!)) {
      throw new RangeError(`time ${i} is ${times[i]} after ${times[i - 1]}; times must be finite and increase`);
    }
  }
}

function ribbon({ times, simulated }: PredictiveFigureSpec): Ribbon[] {
  const count = simulated.length / times.length;
  return Array.from(times, (x, t) => {
    const at = Float64Array.from({ length: count }, (_, i) => simulated[i * times.length + t]!);
    const [low90, low50, median, high50, high90] = quantiles(at, [0.05, 0.25, 0.5, 0.75, 0.95]) as [number, number, number, number, number];
    if (![low90, high90].every(Number.isFinite))
      throw new RangeError(`simulated values at time ${x} are not finite; leave such draws out and say so`);
    return { x, median, low50, high50, low90, high90 };
  });
}

const entries: readonly LegendEntry[] = [
  { label: "observed", colour: colour.ink, kind: "dot" },
  { label: "median prediction", colour: colour.posterior, kind: "line" },
  { label: "50 %", colour: colour.posterior, kind: "band", opacity: 0.42 },
  { label: "90 % of predictions", colour: colour.posterior, kind: "band", opacity: 0.2 },
];

function draw(spec: PredictiveFigureSpec, ribbons: readonly Ribbon[], width: number): Drawing {
  const { times, observed, scale = "linear" } = spec;
  const seen = Array.from(observed, (y, i) => ({ x: times[i]!, y })).filter(({ y }) => Number.isFinite(y));
  const values = [...seen.map(({ y }) => y), ...ribbons.flatMap(({ low90, high90 }) => [low90, high90])];
  const log = scale === "log";
  const positive = values.filter((value) => value > 0);
  if (log && positive.length === 0)
    throw new RangeError("nothing to show on a logarithmic scale: no value is above 0; ask for a linear one");
  // A logarithmic axis has no 0: what lies at or below its floor is drawn on the floor.
  const floor = log ? Math.min(...positive) / 1.3 : Math.min(...values);
  const ceiling = Math.max(...values);
  const yDomain: [number, number] = log
    ? [floor, ceiling * 1.15]
    : [Math.min(floor, floor >= 0 && floor < 0.4 * ceiling ? 0 : floor), ceiling + 0.05 * (ceiling - floor)];
  const clipped = (value: number): number => (log ? Math.max(value, floor) : value);
  const data = [
    { name: "r90", values: ribbons.map(({ x, low90, high90 }) => ({ x, low: clipped(low90), high: clipped(high90) })) },
    { name: "r50", values: ribbons.map(({ x, low50, high50 }) => ({ x, low: clipped(low50), high: clipped(high50) })) },
    { name: "median", values: ribbons.map(({ x, median }) => ({ x, y: clipped(median) })) },
    { name: "observed", values: seen.map(({ x, y }) => ({ x, y: clipped(y) })) },
  ];
  const ticks = log ? { values: logTicks(yDomain), format: "~g" } : { tickCount: 6 };
  const left = leftMargin(
    log ? Math.max(...logTicks(yDomain).map((value) => textWidth(String(value), tickSize))) : tickLabelWidth(yDomain, 6),
  );
  const key = legend(entries, width - left);
  const top = key.height + 14;
  const plotWidth = width - left - 18;
  const plotHeight = width > 500 ? 300 : 240;
  const first = times[0]!;
  const last = times[times.length - 1]!;
  const pad = 0.015 * (last - first);
  // Calendar years are not thousands: no comma.
  const years = Array.from(times).every((time) => time >= 1000 && time < 3000);
  const plot = panel({
    x: left,
    y: top,
    width: plotWidth,
    height: plotHeight,
    xDomain: [first - pad, last + pad],
    yDomain,
    yType: scale,
    axes: [
      { orient: "bottom", scale: "x", title: spec.timeLabel, tickCount: ticksOver(plotWidth), ...(years ? { format: "d" } : {}) },
      leftAxis(spec.valueLabel, left, { grid: true, gridScale: "x", ...ticks }),
    ],
    marks: [
      areaMark("r90", colour.posterior, 0.2),
      areaMark("r50", colour.posterior, 0.28),
      lineMark("median", colour.posterior, { strokeWidth: 1.8 }),
      {
        type: "symbol",
        from: { data: "observed" },
        encode: {
          enter: {
            x: { scale: "x", field: "x" },
            y: { scale: "y", field: "y" },
            size: { value: times.length > 120 ? 12 : 26 },
            fill: { value: colour.ink },
            stroke: { value: colour.paper },
            strokeWidth: { value: 0.8 },
          },
        },
      },
    ],
  });
  return { width, height: top + plotHeight + 46, spec: { data, marks: [plot, at(left, 0, key.marks)] } };
}

/**
 * Posterior predictive over time: median and the ribbons that hold 50 % and 90 % of the replicated observations, with what was observed.
 *
 * @throws {RangeError} where lengths do not agree, times do not increase, or a quantile is not finite.
 */
export async function predictiveFigure(spec: PredictiveFigureSpec): Promise<Figure> {
  check(spec);
  const ribbons = ribbon(spec);
  return drawFigure(`Predicted and observed ${spec.valueLabel} over ${spec.timeLabel}`, fullWidth, (width) => draw(spec, ribbons, width));
}
