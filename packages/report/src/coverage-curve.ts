import { binomialInterval } from "./binomial-interval.ts";
import { drawFigure, halfHeight, halfWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { areaMark, leftAxis, leftMargin, lineMark, panel } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { textWidth } from "./text-width.ts";
import { colour, curveColours, tickSize } from "./theme.ts";

export interface CoverageCurve {
  readonly label: string;
  /** Credible levels in [0, 1], increasing. */
  readonly nominal: ArrayLike<number>;
  /** Share of replicates whose truth lies in its region of that level. */
  readonly empirical: ArrayLike<number>;
}

export interface CoverageCurveSpec {
  readonly curves: readonly CoverageCurve[];
  readonly replicates: number;
}

const bandLevel = 0.99;
const bandPoints = 100;

function check({ curves, replicates }: CoverageCurveSpec): void {
  if (curves.length === 0) throw new RangeError("a coverage figure needs at least one curve, got none");
  if (!Number.isInteger(replicates) || replicates < 1) throw new RangeError(`replicates must be a positive integer, got ${replicates}`);
  for (const { label, nominal, empirical } of curves) {
    if (nominal.length !== empirical.length || nominal.length === 0) {
      throw new RangeError(
        `${label}: ${nominal.length} nominal and ${empirical.length} empirical levels, expected the same number of each`,
      );
    }
    for (const level of [...Array.from(nominal), ...Array.from(empirical)]) {
      if (!(level >= 0 && level <= 1)) throw new RangeError(`${label}: level ${level}, expected a share in [0, 1]`);
    }
  }
}

function draw({ curves, replicates }: CoverageCurveSpec, width: number): Drawing {
  const entries: LegendEntry[] = [
    { label: "99 % band if calibrated", colour: colour.band, kind: "band", opacity: 1 },
    ...curves.map(({ label }, c): LegendEntry => ({ label, colour: curveColours[c % curveColours.length]!, kind: "line" })),
  ];
  const left = leftMargin(textWidth("100%", tickSize));
  const top = 12;
  const size = width - left - 20;
  const height = halfHeight;
  // One entry a row, in the triangle above the diagonal that a coverage curve leaves free.
  const key = legend(entries, 0);
  const band = Array.from({ length: bandPoints + 1 }, (_, i) => {
    const x = i / bandPoints;
    const [low, high] = binomialInterval(replicates, x, bandLevel);
    return { x, low: low / replicates, high: high / replicates };
  });
  const data = [
    { name: "band", values: band },
    { name: "diagonal", values: [0, 1].map((x) => ({ x, y: x })) },
    ...curves.map(({ nominal, empirical }, c) => ({
      name: `curve-${c}`,
      values: Array.from(nominal, (x, i) => ({ x, y: empirical[i]! })),
    })),
  ];
  const percent = { format: ".0%", tickCount: 5 } as const;
  const plot = panel({
    x: left,
    y: top,
    width: size,
    height,
    xDomain: [0, 1],
    yDomain: [0, 1],
    axes: [{ orient: "bottom", scale: "x", title: "credible level", ...percent }, leftAxis("truths inside the region", left, percent)],
    marks: [
      areaMark("band", colour.band, 1),
      lineMark("diagonal", colour.muted, { dash: [3, 3], strokeWidth: 1 }),
      ...curves.map((_, c) => lineMark(`curve-${c}`, curveColours[c % curveColours.length]!, { strokeWidth: 1.8 })),
    ],
  });
  return { width, height: top + height + 46, spec: { data, marks: [plot, at(left + 12, top, key.marks)] } };
}

/**
 * Expected coverage: the share of replicates whose truth lies in its credible region, against the region's level. The band holds
 * a calibrated curve at each level with probability 99 % (binomial). Above the diagonal a posterior is too wide, below too narrow.
 *
 * @throws {RangeError} for levels outside [0, 1] and curves whose two lengths differ.
 */
export async function coverageCurve(spec: CoverageCurveSpec): Promise<Figure> {
  check(spec);
  return drawFigure(
    `Expected coverage of ${spec.curves.map((curve) => curve.label).join(", ")} over ${spec.replicates} replicates`,
    halfWidth,
    (width) => draw(spec, width),
  );
}
