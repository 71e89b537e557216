import { summarizeChains } from "@credence/core";
import {
  diagnosticsSection,
  elboCurve,
  ellipseFigure,
  forestPlot,
  type Parameter,
  type ReportFigure,
  type ReportSection,
} from "@credence/report";
import { array } from "@credence/tensor";
import type { Quantity } from "./analysis.ts";
import { chosen } from "./compare.ts";
import { momentsOf } from "./features.ts";
import { type Fit, quantity } from "./fit.ts";

/** Quantities of a fit under the names that people know, as a sampler's draws. */
function renamed(fit: Fit, quantities: readonly Quantity[]) {
  const [chains, length] = fit.draws.shape as [number, number, number];
  const draws = array(
    chosen(
      fit,
      quantities.map(({ name }) => name),
    ).data() as Float64Array,
    { shape: [chains, length, quantities.length] },
  );
  return { names: quantities.map(({ label }) => label), draws, stats: fit.stats, warnings: fit.facts.warnings };
}

/** Traces, ranks, energies and pairs of chains, `shown` of the quantities first. */
export async function chainSection(fit: Fit, quantities: readonly Quantity[], shown: readonly string[]): Promise<ReportSection> {
  const draws = renamed(fit, quantities);
  return diagnosticsSection({
    draws,
    summaries: summarizeChains(draws),
    names: shown.map((name) => quantities.find((one) => one.name === name)!.label),
    forest: [],
  });
}

/** Intervals of quantities on one scale, method beside method. */
export async function forestOf(
  fits: readonly Fit[],
  quantities: readonly Quantity[],
  valueLabel: string,
  reference?: number,
): Promise<ReportFigure> {
  const names = quantities.map(({ name }) => name);
  return {
    figure: await forestPlot({
      names: quantities.map(({ label }) => label),
      sets: fits.map((fit) => ({ label: fit.facts.label, draws: chosen(fit, names).data() })),
      valueLabel,
      ...(reference === undefined ? {} : { reference }),
    }),
    caption: "Medians with central 50 % (thick) and 90 % (thin) intervals.",
  };
}

/** How bounds rose, where methods climbed one. */
export async function elboFigures(fits: readonly Fit[], logEvidence?: number): Promise<ReportFigure[]> {
  const climbing = fits.filter(({ trace }) => trace !== undefined && trace.length >= 2);
  if (climbing.length === 0) return [];
  return [
    {
      figure: await elboCurve({
        fits: climbing.map(({ facts: { label }, trace }) => ({ label, elbo: trace! })),
        ...(logEvidence === undefined ? {} : { logEvidence }),
      }),
      caption: `The evidence lower bound as each fit climbed it${logEvidence === undefined ? "" : "; no bound is above the log evidence"}.`,
    },
  ];
}

/** Two quantities of an approximation over those of the exact answer, as normals of their moments. */
export async function tiltFigure(
  fit: Fit,
  exact: Fit,
  names: readonly [string, string],
  parameters: readonly [Parameter, Parameter],
  caption: string,
): Promise<ReportFigure> {
  const ellipse = (of: Fit) => {
    const [a, b] = names.map((name) => quantity(of, name)) as [Float64Array, Float64Array];
    const [centreA, centreB] = [momentsOf(a).mean, momentsOf(b).mean];
    const moment = (x: Float64Array, cx: number, y: Float64Array, cy: number): number =>
      x.reduce((sum, value, i) => sum + (value - cx) * (y[i]! - cy), 0) / (x.length - 1);
    const across = moment(a, centreA, b, centreB);
    return {
      label: of.facts.label,
      mean: [centreA, centreB] as const,
      covariance: [
        [moment(a, centreA, a, centreA), across],
        [across, moment(b, centreB, b, centreB)],
      ] as const,
    };
  };
  return { figure: await ellipseFigure({ parameters, approximation: ellipse(fit), exact: ellipse(exact) }), caption };
}
