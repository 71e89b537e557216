import type { Data, Mark } from "vega";
import { axisOf } from "./axis.ts";
import { density1 } from "./density1.ts";
import { drawFigure, fullWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { areaMark, lineMark, panel, ruleMark } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { checkMarkers, columnsOf, type Marker, type Parameter, type SampleSet } from "./samples.ts";
import { colour, fontSize, markerColours } from "./theme.ts";
import { innerTicks } from "./ticks.ts";
import { tiles } from "./tiles.ts";
import { labelLines } from "./wrap.ts";

export interface MarginalOverlaySpec {
  readonly parameters: readonly Parameter[];
  readonly samples: SampleSet;
  readonly oracle?: SampleSet;
  readonly prior?: SampleSet;
  /** True or published values. */
  readonly markers?: readonly Marker[];
}

const cells = 240;

interface Marginal {
  readonly domain: [number, number];
  readonly peak: number;
  readonly data: Data[];
}

const looks = {
  prior: { colour: colour.prior, area: 0.12, line: 1 },
  samples: { colour: colour.posterior, area: 0.24, line: 1.8 },
  oracle: { colour: colour.oracle, area: 0, line: 1.6 },
} as const;
type Role = keyof typeof looks;

function rolesOf({ prior, samples, oracle }: MarginalOverlaySpec): { role: Role; set: SampleSet }[] {
  return [
    ...(prior === undefined ? [] : [{ role: "prior", set: prior } as const]),
    { role: "samples", set: samples },
    ...(oracle === undefined ? [] : [{ role: "oracle", set: oracle } as const]),
  ];
}

function marginals(spec: MarginalOverlaySpec): Marginal[] {
  const { parameters, markers = [] } = spec;
  const columns = rolesOf(spec).map(({ role, set }) => ({ role, columns: columnsOf(set, parameters.length) }));
  return parameters.map(({ low, high }, d) => {
    // The prior is often far wider: the posterior and the oracle set the range.
    const shown = columns.filter(({ role }) => role !== "prior").map((set) => set.columns[d]!);
    const axis = axisOf(
      shown,
      markers.flatMap((marker) => marker.values[d] ?? []),
      low,
      high,
    );
    let peak = 0;
    const data = columns.map(({ role, columns: all }): Data => {
      const values = density1(all[d]!, axis, cells);
      peak = Math.max(peak, ...values);
      return {
        name: `${role}-${d}`,
        values: Array.from(values, (y, i) => ({ x: axis.low + ((i + 0.5) / cells) * (axis.high - axis.low), y, low: 0, high: y })),
      };
    });
    return { domain: [axis.low, axis.high], peak, data };
  });
}

function draw(spec: MarginalOverlaySpec, densities: readonly Marginal[], width: number): Drawing {
  const { parameters, markers = [] } = spec;
  const roles = rolesOf(spec);
  const entries: LegendEntry[] = [
    ...roles.map(
      ({ role, set }): LegendEntry => ({
        label: set.label,
        colour: looks[role].colour,
        kind: looks[role].area > 0 ? "area" : "line",
        opacity: looks[role].area,
      }),
    ),
    ...markers.map(({ label }, m): LegendEntry => ({ label, colour: markerColours[m % markerColours.length]!, kind: "dash" })),
  ];
  const key = legend(entries, width - 20);
  const panelHeight = 130;
  const margins = { panelHeight, panelWidthMin: 124, left: 12, right: 12, top: 12 };
  const { panelWidth } = tiles(parameters.length, width, { ...margins, bottom: 0 });
  const labels = parameters.map((parameter) => labelLines(parameter, panelWidth, fontSize));
  const layout = tiles(parameters.length, width, { ...margins, bottom: 30 + 15 * Math.max(...labels.map((lines) => lines.length)) });
  const panels = densities.map(({ domain, peak }, d): Mark => {
    const { x, y } = layout.at(d);
    return panel({
      x,
      y: y + key.height + 6,
      width: layout.panelWidth,
      height: panelHeight,
      xDomain: domain,
      yDomain: [0, peak * 1.08],
      frame: "base",
      axes: [
        {
          orient: "bottom",
          scale: "x",
          values: innerTicks(domain, layout.panelWidth),
          title: labels[d]!,
          labelFlush: false,
        },
      ],
      marks: [
        ...roles.flatMap(({ role }) => [
          ...(looks[role].area > 0 ? [areaMark(`${role}-${d}`, looks[role].colour, looks[role].area)] : []),
          lineMark(`${role}-${d}`, looks[role].colour, { strokeWidth: looks[role].line }),
        ]),
        ...markers.flatMap(({ values }, m) =>
          values[d] == null ? [] : [ruleMark("x", values[d], panelHeight, markerColours[m % markerColours.length]!)],
        ),
      ],
    });
  });
  return {
    width,
    height: layout.height + key.height + 6,
    spec: { data: densities.flatMap((density) => density.data), marks: [...panels, at(12, 0, key.marks)] },
  };
}

/**
 * Marginal densities side by side, one panel a parameter: posterior (filled), an oracle (line), the prior (grey), and points of reference.
 *
 * @throws {RangeError} where draws, markers and parameters do not agree in number, or a draw is not finite.
 */
export async function marginalOverlay(spec: MarginalOverlaySpec): Promise<Figure> {
  checkMarkers(spec.markers ?? [], spec.parameters.length);
  const densities = marginals(spec);
  const names = rolesOf(spec).map(({ set }) => set.label);
  return drawFigure(`Marginal densities of ${spec.parameters.map((p) => p.name).join(", ")}: ${names.join(", ")}`, fullWidth, (width) =>
    draw(spec, densities, width),
  );
}
