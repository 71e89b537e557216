import { drawFigure, halfHeight, halfWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend, legendWidth } from "./legend.ts";
import { leftAxis, leftMargin, lineMark, panel } from "./panel.ts";
import { quantiles } from "./quantile.ts";
import type { Drawing } from "./render.ts";
import { colour } from "./theme.ts";
import { tickLabelWidth } from "./ticks.ts";

/** Losses of one network, one number an epoch. */
export interface TrainingRecord {
  readonly train: ArrayLike<number>;
  readonly validation: ArrayLike<number>;
  /** 0-based epoch whose weights were kept. */
  readonly bestEpoch?: number;
}

export interface TrainingCurveSpec {
  readonly members: readonly TrainingRecord[];
  /** Names the loss on its axis; `loss (nats)` unless given. */
  readonly lossLabel?: string;
}

function check({ members }: TrainingCurveSpec): void {
  if (members.length === 0) throw new RangeError("a training figure needs at least one member, got none");
  members.forEach(({ train, validation, bestEpoch }, m) => {
    if (train.length === 0 || train.length !== validation.length) {
      throw new RangeError(
        `member ${m}: ${train.length} training and ${validation.length} validation losses, expected the same number of each`,
      );
    }
    if (bestEpoch !== undefined && !(Number.isInteger(bestEpoch) && bestEpoch >= 0 && bestEpoch < train.length)) {
      throw new RangeError(`member ${m}: best epoch ${bestEpoch}, expected an integer in [0, ${train.length - 1}]`);
    }
  });
}

function draw({ members, lossLabel = "loss (nats)" }: TrainingCurveSpec, width: number): Drawing {
  const kept = members.some((member) => member.bestEpoch !== undefined);
  const entries: LegendEntry[] = [
    { label: "training", colour: colour.prior, kind: "line" },
    { label: "validation", colour: colour.posterior, kind: "line" },
    ...(kept ? [{ label: "weights kept", colour: colour.oracle, kind: "dot" } as const] : []),
  ];
  const epochs = Math.max(...members.map((member) => member.train.length));
  const losses = members.flatMap(({ train, validation }) => [...Array.from(train), ...Array.from(validation)]).filter(Number.isFinite);
  // The first epochs fall steeply: a tenth of the losses may leave the picture above, so that the rest can be told apart.
  const [lowest, most] = quantiles(losses, [0, 0.9]) as [number, number];
  const margin = 0.08 * (most - lowest) || 0.5;
  const yDomain: [number, number] = [lowest - margin, most + 3 * margin];
  const left = leftMargin(tickLabelWidth(yDomain, 6));
  const top = 12;
  const size = width - left - 20;
  const height = halfHeight;
  // One entry a row, at the upper right, which falling losses leave free.
  const key = legend(entries, 0);
  const points = (values: ArrayLike<number>) => Array.from(values, (y, i) => ({ x: i + 1, y })).filter(({ y }) => Number.isFinite(y));
  const data = [
    ...members.flatMap(({ train, validation }, m) => [
      { name: `train-${m}`, values: points(train) },
      { name: `validation-${m}`, values: points(validation) },
    ]),
    {
      name: "kept",
      values: members.flatMap(({ bestEpoch, validation }) =>
        bestEpoch === undefined ? [] : [{ x: bestEpoch + 1, y: validation[bestEpoch]! }],
      ),
    },
  ];
  const opacity = members.length > 1 ? 0.75 : 1;
  const plot = panel({
    x: left,
    y: top,
    width: size,
    height,
    xDomain: [1, Math.max(2, epochs)],
    yDomain,
    axes: [{ orient: "bottom", scale: "x", title: "epoch", tickCount: 5, tickMinStep: 1 }, leftAxis(lossLabel, left, { tickCount: 6 })],
    marks: [
      ...members.map((_, m) => lineMark(`train-${m}`, colour.prior, { strokeWidth: 1.2, opacity })),
      ...members.map((_, m) => lineMark(`validation-${m}`, colour.posterior, { strokeWidth: 1.6, opacity })),
      {
        type: "rule",
        from: { data: "kept" },
        encode: {
          enter: {
            x: { scale: "x", field: "x" },
            y: { scale: "y", field: "y" },
            y2: { value: height },
            stroke: { value: colour.oracle },
            strokeDash: { value: [2, 3] },
          },
        },
      },
      {
        type: "symbol",
        from: { data: "kept" },
        encode: {
          enter: { x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" }, size: { value: 44 }, fill: { value: colour.oracle } },
        },
      },
    ],
  });
  return { width, height: top + height + 46, spec: { data, marks: [plot, at(left + size - legendWidth(entries), top, key.marks)] } };
}

/**
 * Training and validation loss by epoch, a pair of lines for each member of an ensemble, with the epoch whose weights were kept.
 *
 * @throws {RangeError} where the two records of a member differ in length.
 */
export async function trainingCurve(spec: TrainingCurveSpec): Promise<Figure> {
  check(spec);
  const networks = spec.members.length === 1 ? "one network" : `${spec.members.length} networks`;
  return drawFigure(`Training and validation loss of ${networks} by epoch`, halfWidth, (width) => draw(spec, width));
}
