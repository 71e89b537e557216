import type { Data, Mark } from "vega";
import { axisOf } from "./axis.ts";
import { type ChainDraws, statistic } from "./chain-draws.ts";
import { density1 } from "./density1.ts";
import { drawFigure, fullWidth } from "./draw-figure.ts";
import type { Figure } from "./figure.ts";
import { at, type LegendEntry, legend } from "./legend.ts";
import { areaMark, lineMark, panel } from "./panel.ts";
import type { Drawing } from "./render.ts";
import { colour } from "./theme.ts";
import { tiles } from "./tiles.ts";

export interface EnergyPlotSpec {
  /** With the statistic `energy`. */
  readonly draws: ChainDraws;
}

const cells = 160;
const chainsShown = 4;

interface Energies {
  readonly title: string;
  readonly domain: [number, number];
  readonly peak: number;
  readonly data: readonly Data[];
}

function prepare(energy: Float64Array, c: number): Energies {
  const mean = energy.reduce((sum, value) => sum + value, 0) / energy.length;
  const marginal = energy.map((value) => value - mean);
  const transition = energy.subarray(1).map((value, t) => value - energy[t]!);
  const squares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
  const axis = axisOf([marginal, transition], []);
  const density = (name: string, values: Float64Array) => ({
    name: `${name}-${c}`,
    values: Array.from(density1(values, axis, cells), (y, i) => ({
      x: axis.low + ((i + 0.5) / cells) * (axis.high - axis.low),
      y,
      low: 0,
      high: y,
    })),
  });
  const data = [density("marginal", marginal), density("transition", transition)];
  return {
    title: `chain ${c + 1}, E-BFMI ${(squares(transition) / squares(marginal)).toFixed(2)}`,
    domain: [axis.low, axis.high],
    peak: Math.max(...data.flatMap(({ values }) => values.map(({ y }) => y))),
    data,
  };
}

const entries: readonly LegendEntry[] = [
  { label: "about their mean", colour: colour.posterior, kind: "area", opacity: 0.24 },
  { label: "change in one transition", colour: colour.oracle, kind: "line" },
];

function draw(chains: readonly Energies[], width: number): Drawing {
  const key = legend(entries, width - 20);
  const panelHeight = 120;
  const layout = tiles(chains.length, width, { panelHeight, panelWidthMin: 140, left: 12, right: 12, top: 34, bottom: 44 });
  const marks = chains.map(({ title, domain, peak }, c): Mark => {
    const { x, y } = layout.at(c);
    return panel({
      x,
      y: y + key.height,
      width: layout.panelWidth,
      height: panelHeight,
      xDomain: domain,
      yDomain: [0, peak * 1.08],
      frame: "base",
      title,
      axes: [{ orient: "bottom", scale: "x", title: "energy (nats)", tickCount: 4 }],
      marks: [
        areaMark(`marginal-${c}`, colour.posterior, 0.24),
        lineMark(`marginal-${c}`, colour.posterior),
        lineMark(`transition-${c}`, colour.oracle, { strokeWidth: 1.8 }),
      ],
    });
  });
  return {
    width,
    height: layout.height + key.height,
    spec: { data: chains.flatMap(({ data }) => data), marks: [...marks, at(12, 0, key.marks)] },
  };
}

/**
 * Energies of Hamiltonian chains: how far they are spread about their mean, and how far one transition changes them. Where transitions are
 * the narrower, the momenta drawn anew cannot carry a chain through all energies, and tails are missed; E-BFMI is the ratio of the two mean
 * squares (Betancourt 2016). The first four chains are drawn.
 *
 * @throws {RangeError} where the draws have no energies, or fewer than three a chain.
 */
export async function energyPlot({ draws }: EnergyPlotSpec): Promise<Figure> {
  const energies = statistic(draws, "energy");
  if (!energies) throw new RangeError(`the draws have no statistic "energy"; they have ${Object.keys(draws.stats).join(", ") || "none"}`);
  if (energies[0]!.length < 3) throw new RangeError(`${energies[0]!.length} draws a chain, expected three or more`);
  const shown = energies.slice(0, chainsShown).map(prepare);
  return drawFigure(
    `Energies about their mean, and their changes in one transition: ${shown.map(({ title }) => title).join("; ")}`,
    fullWidth,
    (width) => draw(shown, width),
  );
}
