import type { Data, Mark } from "vega";
import { drawFigure, fullWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { areaMark, leftAxis, leftMargin, lineMark, panel, ruleMark, ticksOver } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { colour, curveColours } from "./theme.ts";
import { tickLabelWidth } from "./ticks.ts";
import { tiles } from "./tiles.ts";

/** A curve over steps 1, 2, ..., with a band about it where there is one. */
export interface Path {
  readonly label: string;
  readonly values: ArrayLike<number>;
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
}

export interface PathPanel {
  readonly title: string;
  readonly paths: readonly Path[];
  /** Lines across, such as a truth or a threshold. */
  readonly levels?: readonly { readonly label: string; readonly value: number }[];
  /** Lines upwards, such as when something happened. */
  readonly moments?: readonly { readonly label: string; readonly at: number }[];
  /** Range of the values; what they have if absent. */
  readonly domain?: readonly [number, number];
}

export interface PathFigureSpec {
  readonly panels: readonly PathPanel[];
  readonly stepLabel: string;
}

function check({ panels }: PathFigureSpec): void {
  if (panels.length === 0) throw new RangeError("a figure of paths needs at least one panel, got none");
  for (const { title, paths } of panels)
    for (const { label, values, low, high } of paths) {
      if (values.length < 2) throw new RangeError(`${title}: ${label} has ${values.length} steps, expected two or more`);
      for (const band of [low, high])
        if (band !== undefined && band.length !== values.length)
          throw new RangeError(`${title}: the band of ${label} has ${band.length} steps for ${values.length}`);
      for (const numbers of [values, low ?? [], high ?? []])
        if (!Array.from(numbers).every(Number.isFinite)) throw new RangeError(`${title}: ${label} is not finite throughout`);
    }
}

const levelColour = (i: number): string => [colour.ink, colour.oracle, colour.muted][i % 3]!;

function domainOf({ paths, levels = [], domain }: PathPanel): [number, number] {
  if (domain) return [...domain];
  const values = [
    ...paths.flatMap(({ values: v, low = [], high = [] }) => [...Array.from(v), ...Array.from(low), ...Array.from(high)]),
    ...levels.map(({ value }) => value),
  ];
  const [a, b] = values.reduce<[number, number]>(([x, y], v) => [Math.min(x, v), Math.max(y, v)], [Infinity, -Infinity]);
  const pad = 0.06 * (b - a || Math.abs(b) || 1);
  return [a - pad, b + pad];
}

function draw({ panels, stepLabel }: PathFigureSpec, width: number): Drawing {
  const domains = panels.map(domainOf);
  const left = leftMargin(Math.max(...domains.map((domain) => tickLabelWidth(domain, 4))), 0);
  const keys = (panelWidth: number) => panels.map((p) => legend(entriesOf(p), panelWidth));
  const layout = (top: number) => tiles(panels.length, width, { panelHeight: 170, panelWidthMin: 230, left, right: 14, top, bottom: 44 });
  const { panelWidth } = layout(40);
  const tallest = Math.max(...keys(panelWidth).map(({ height }) => height));
  const { height, at: placeOf } = layout(26 + tallest);
  const data: Data[] = panels.flatMap(({ paths }, p) =>
    paths.map(({ values, low, high }, k) => ({
      name: `path-${p}-${k}`,
      values: Array.from(values, (y, i) => ({ x: i + 1, y, ...(low && high ? { low: low[i]!, high: high[i]! } : {}) })),
    })),
  );
  const marks = panels.flatMap((spec, p): Mark[] => {
    const { x, y, bottom } = placeOf(p);
    const { paths, levels = [], moments = [], title } = spec;
    const steps = Math.max(...paths.map(({ values }) => values.length));
    return [
      panel({
        x,
        y,
        width: panelWidth,
        height: 170,
        xDomain: [0, steps + 1],
        yDomain: domains[p]!,
        axes: [
          { orient: "bottom", scale: "x", tickCount: ticksOver(panelWidth), ...(bottom ? { title: stepLabel } : {}) },
          leftAxis("", left, { tickCount: 4, grid: true, gridScale: "x" }),
        ],
        marks: [
          ...paths.flatMap(({ low, high }, k) =>
            low && high ? [areaMark(`path-${p}-${k}`, curveColours[k % curveColours.length]!, 0.2)] : [],
          ),
          ...paths.map((_, k) => lineMark(`path-${p}-${k}`, curveColours[k % curveColours.length]!)),
          ...levels.map(({ value }, i) => ruleMark("y", value, panelWidth, levelColour(i))),
          ...moments.map(({ at: step }) => ruleMark("x", step, 170, colour.muted, [2, 3])),
        ],
      }),
      at(x, y - 22 - tallest, [
        {
          type: "text",
          encode: { enter: { y: { value: 8 }, text: { value: title }, fontWeight: { value: 600 }, fill: { value: colour.ink } } },
        },
        at(0, 14, legend(entriesOf(spec), panelWidth).marks),
      ]),
    ];
  });
  return { width, height, spec: { data, marks } };
}

const entriesOf = ({ paths, levels = [], moments = [] }: PathPanel): LegendEntry[] => [
  ...paths.map(
    ({ label, low }, k): LegendEntry => ({
      label,
      colour: curveColours[k % curveColours.length]!,
      kind: low ? "area" : "line",
    }),
  ),
  ...levels.map(({ label }, i): LegendEntry => ({ label, colour: levelColour(i), kind: "dash" })),
  ...moments.map(({ label }): LegendEntry => ({ label, colour: colour.muted, kind: "dash" })),
];

/**
 * Curves over steps, with bands, levels and moments: how an estimate settles as data arrive.
 *
 * @throws {RangeError} where there is nothing to draw, lengths do not agree, or a value is not finite.
 */
export async function pathFigure(spec: PathFigureSpec): Promise<Figure> {
  check(spec);
  return drawFigure(`${spec.panels.map(({ title }) => title).join("; ")} over ${spec.stepLabel}`, fullWidth, (width) => draw(spec, width));
}
