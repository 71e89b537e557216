import type { Data, Mark } from "vega";
import { contourShares } from "./corner-plot.ts";
import { drawFigure, halfHeight, halfWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { leftAxis, leftMargin, panel } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { axisLabel, type Parameter } from "./samples.ts";
import { colour } from "./theme.ts";
import { innerTicks, tickLabelWidth } from "./ticks.ts";

/** A normal distribution of two parameters. */
export interface Ellipse {
  readonly label: string;
  readonly mean: readonly [number, number];
  readonly covariance: readonly [readonly [number, number], readonly [number, number]];
}

export interface EllipseFigureSpec {
  readonly parameters: readonly [Parameter, Parameter];
  /** Drawn filled: an approximation, such as mean-field. */
  readonly approximation: Ellipse;
  /** Drawn as lines over it. */
  readonly exact: Ellipse;
}

const correlation = ({ covariance: [[a, b], [, c]] }: Ellipse): number => b / Math.sqrt(a * c);

function check({ approximation, exact }: EllipseFigureSpec): void {
  for (const { label, mean, covariance } of [approximation, exact]) {
    const [[a, b], [b2, c]] = covariance;
    if (![...mean, a, b, c].every(Number.isFinite)) throw new RangeError(`${label}: mean and covariance must be finite`);
    if (!(a > 0 && c > 0 && a * c - b * b > 0) || Math.abs(b - b2) > 1e-9 * Math.sqrt(a * c))
      throw new RangeError(`${label}: expected a symmetric positive definite covariance, got [[${a}, ${b}], [${b2}, ${c}]]`);
  }
}

/** The edge of the region that holds a share of the probability: Mahalanobis radius sqrt(-2 log(1 - share)). */
function edge({ mean, covariance: [[a, b], [, c]] }: Ellipse, share: number): { x: number; y: number }[] {
  const radius = Math.sqrt(-2 * Math.log(1 - share));
  const l = Math.sqrt(a);
  const m = b / l;
  const n = Math.sqrt(c - m * m);
  return Array.from({ length: 121 }, (_, i) => {
    const [u, v] = [Math.cos((i * Math.PI) / 60), Math.sin((i * Math.PI) / 60)];
    return { x: mean[0] + radius * l * u, y: mean[1] + radius * (m * u + n * v) };
  });
}

const signed = (value: number): string => (Math.abs(value) < 0.005 ? "0" : value.toFixed(2).replace("-", "\u2212"));

function draw({ parameters, approximation, exact }: EllipseFigureSpec, width: number): Drawing {
  const outlines = [approximation, exact].flatMap((ellipse, e) =>
    contourShares.map((share, s) => ({ name: `${e === 0 ? "approximation" : "exact"}-${s}`, values: edge(ellipse, share) })),
  );
  const domain = (field: "x" | "y"): [number, number] => {
    const values = outlines.flatMap((outline) => outline.values.map((point) => point[field]));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return [low - 0.06 * (high - low), high + 0.06 * (high - low)];
  };
  const [xDomain, yDomain] = [domain("x"), domain("y")];
  const entries: LegendEntry[] = [
    { label: `${approximation.label}, correlation ${signed(correlation(approximation))}`, colour: colour.posterior, kind: "area" },
    { label: `${exact.label}, correlation ${signed(correlation(exact))}`, colour: colour.oracle, kind: "line" },
  ];
  const left = leftMargin(tickLabelWidth(yDomain, 5));
  const size = width - left - 16;
  const key = legend(entries, size);
  // As tall as other figures of half a page, legend included.
  const top = key.height + 12;
  const height = halfHeight + 12 - top;
  const data: Data[] = outlines;
  const outline = (name: string, filled: boolean): Mark => ({
    type: "line",
    from: { data: name },
    encode: {
      enter: {
        x: { scale: "x", field: "x" },
        y: { scale: "y", field: "y" },
        stroke: { value: filled ? colour.posterior : colour.oracle },
        strokeWidth: { value: filled ? 0.8 : 1.5 },
        ...(filled ? { fill: { value: colour.posterior }, fillOpacity: { value: 0.26 } } : {}),
      },
    },
  });
  const plot = panel({
    x: left,
    y: top,
    width: size,
    height,
    xDomain,
    yDomain,
    axes: [
      { orient: "bottom", scale: "x", title: axisLabel(parameters[0]), values: innerTicks(xDomain, size) },
      leftAxis(axisLabel(parameters[1]), left, { values: innerTicks(yDomain, height) }),
    ],
    marks: [
      ...contourShares.map((_, s) => outline(`approximation-${s}`, true)),
      ...contourShares.map((_, s) => outline(`exact-${s}`, false)),
    ],
  });
  return { width, height: top + height + 46, spec: { data, marks: [plot, at(left, 0, key.marks)] } };
}

/**
 * An approximate normal posterior of two parameters over the exact one, regions of 50 % and 90 %: what a factorised approximation loses is
 * the tilt, and the length along it.
 *
 * @throws {RangeError} for covariances that are not positive definite.
 */
export async function ellipseFigure(spec: EllipseFigureSpec): Promise<Figure> {
  check(spec);
  const { approximation, exact, parameters } = spec;
  return drawFigure(
    `Regions of ${parameters[0].name} and ${parameters[1].name}: ${approximation.label} (correlation ${signed(correlation(approximation))}) over ${exact.label} (${signed(correlation(exact))})`,
    halfWidth,
    (width) => draw(spec, width),
  );
}
