import type { Data } from "vega";
import { drawFigure, halfHeight, halfWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend, legendWidth } from "./legend.ts";
import { leftAxis, leftMargin, lineMark, panel, ruleMark } from "./panel.ts";
import { quantiles } from "./quantile.ts";
import type { Drawing } from "./render.ts";
import { colour, curveColours } from "./theme.ts";
import { tickLabelWidth } from "./ticks.ts";

export interface ElboCurveSpec {
  /** One or more fits, the ELBO in nats by iteration. */
  readonly fits: readonly { readonly label: string; readonly elbo: ArrayLike<number>; readonly iterations?: ArrayLike<number> }[];
  /** log p(data) where it is known: no ELBO is above it. */
  readonly logEvidence?: number;
}

function check({ fits, logEvidence }: ElboCurveSpec): void {
  if (fits.length === 0) throw new RangeError("an ELBO figure needs at least one fit, got none");
  for (const { label, elbo, iterations } of fits) {
    if (elbo.length < 2) throw new RangeError(`${label}: ${elbo.length} values of the ELBO, expected two or more`);
    if (iterations && iterations.length !== elbo.length)
      throw new RangeError(`${label}: ${iterations.length} iterations for ${elbo.length} values of the ELBO`);
    if (!Array.from(elbo).some(Number.isFinite)) throw new RangeError(`${label}: no value of the ELBO is finite`);
  }
  if (logEvidence !== undefined && !Number.isFinite(logEvidence))
    throw new RangeError(`the log evidence is ${logEvidence}, expected a finite number`);
}

function draw({ fits, logEvidence }: ElboCurveSpec, width: number): Drawing {
  const hue = (f: number) => curveColours[(f === 0 ? 0 : f + 1) % curveColours.length]!;
  const entries: LegendEntry[] = [
    ...fits.map(({ label }, f): LegendEntry => ({ label, colour: hue(f), kind: "line" })),
    ...(logEvidence === undefined ? [] : [{ label: "log evidence", colour: colour.oracle, kind: "dash" } as const]),
  ];
  const data = fits.map(({ elbo, iterations }, f): Data & { values: { x: number; y: number }[] } => ({
    name: `elbo-${f}`,
    values: Array.from(elbo, (y, i) => ({ x: iterations?.[i] ?? i + 1, y })).filter(({ y }) => Number.isFinite(y)),
  }));
  const all = data.flatMap(({ values }) => values.map(({ y }) => y));
  // The first iterations climb steeply: a fifth of the values may leave the picture below, so that the end can be seen.
  const [low, high] = quantiles(all, [0.2, 1]) as [number, number];
  const most = Math.max(high, logEvidence ?? high);
  const margin = 0.08 * (most - low) || 0.5;
  const yDomain: [number, number] = [low - margin, most + margin];
  const left = leftMargin(tickLabelWidth(yDomain, 6));
  const top = 12;
  const size = width - left - 20;
  const last = Math.max(...data.flatMap(({ values }) => values.map(({ x }) => x)));
  // One entry a row, at the lower right, which rising curves leave free.
  const key = legend(entries, 0);
  const plot = panel({
    x: left,
    y: top,
    width: size,
    height: halfHeight,
    xDomain: [Math.min(...data.flatMap(({ values }) => values.map(({ x }) => x))), last],
    yDomain,
    axes: [
      { orient: "bottom", scale: "x", title: "iteration", tickCount: 5, tickMinStep: 1 },
      leftAxis("ELBO (nats)", left, { tickCount: 6 }),
    ],
    marks: [
      ...(logEvidence === undefined ? [] : [ruleMark("y", logEvidence, size, colour.oracle)]),
      ...fits.map((_, f) => lineMark(`elbo-${f}`, hue(f), { strokeWidth: 1.6 })),
    ],
  });
  return {
    width,
    height: top + halfHeight + 46,
    spec: { data, marks: [plot, at(left + size - legendWidth(entries), top + halfHeight - key.height - 8, key.marks)] },
  };
}

/**
 * The evidence lower bound of variational fits by iteration, below the log evidence where that is known.
 *
 * @throws {RangeError} for fewer than two values, or none that is finite.
 */
export async function elboCurve(spec: ElboCurveSpec): Promise<Figure> {
  check(spec);
  return drawFigure(`Evidence lower bound by iteration of ${spec.fits.map(({ label }) => label).join(", ")}`, halfWidth, (width) =>
    draw(spec, width),
  );
}
