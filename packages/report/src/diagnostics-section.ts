import { type ChainDraws, choose, statistic } from "./chain-draws.ts";
import { energyPlot } from "./energy-plot.ts";
import { forestPlot } from "./forest-plot.ts";
import { formatNumber } from "./format-number.ts";
import { pairPlot } from "./pair-plot.ts";
import { rankPlot } from "./rank-plot.ts";
import type { ReportFigure, ReportSection, ReportTable } from "./report.ts";
import { tracePlot } from "./trace-plot.ts";

/** What the draws of one quantity say and are worth: `summarizeChains` of `@credence/core` gives it. */
export interface QuantitySummary {
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
  readonly q05: number;
  readonly q95: number;
  readonly rHat: number;
  readonly essBulk: number;
  readonly essTail: number;
  readonly mcseMean: number;
}

export interface DiagnosticsSectionSpec {
  /** What a sampler gave, with its warnings. */
  readonly draws: ChainDraws;
  /** Of all quantities, or of those that matter. */
  readonly summaries: readonly QuantitySummary[];
  /** Quantities for traces, ranks and pairs, most important first; those that vary, in order, if absent. */
  readonly names?: readonly string[];
  /**
   * Quantities of one scale for the forest; the largest family of names such as theta[1], theta[2] if absent. None where there is no
   * family.
   */
  readonly forest?: readonly string[];
  /** Title of the forest's axis. */
  readonly forestLabel?: string;
  readonly heading?: string;
}

const rowsMax = 24;

/**
 * A section of a report that lets a reader judge chains: warnings in words, a table, and figures of traces, ranks, energies, intervals and
 * pairs.
 *
 * @throws {RangeError} for quantities that the draws do not have, or draws that are not finite.
 */
export async function diagnosticsSection(spec: DiagnosticsSectionSpec): Promise<ReportSection> {
  const { draws, summaries, names, heading = "Can the chains be trusted?" } = spec;
  const [chains = 0, length = 0] = draws.draws.shape;
  const figures: ReportFigure[] = [
    {
      figure: await tracePlot({ draws, ...(names && { names: names.slice(0, 6) }) }),
      caption:
        `Draws in order${chains > 4 ? `, four of ${chains} chains` : ""}, and their densities. Chains that have met overlap, and none drifts` +
        (statistic(draws, "diverging") ? "; a triangle marks a divergent transition." : "."),
    },
  ];
  if (chains > 1) {
    const shown = choose(draws, names?.slice(0, 6), 6).quantities;
    const sizes = shown.map(({ name }) => (summaries.find((one) => one.name === name)?.essBulk ?? chains * length) / chains);
    figures.push({
      figure: await rankPlot({ draws, names: shown.map(({ name }) => name), effectiveSizes: sizes }),
      caption:
        "Ranks of each chain among all draws. Lines within the band: no chain prefers any part of the posterior. The band allows for the draws' autocorrelation.",
    });
  }
  if (draws.stats.energy && length >= 3)
    figures.push({
      figure: await energyPlot({ draws }),
      caption:
        "Energies. Where the line is as wide as the area, momenta drawn anew carry a chain through the whole posterior, tails included; E-BFMI below 0.3 is too little.",
    });
  const forest = spec.forest ?? largestFamily(draws.names);
  if (forest.length > 0) {
    const { quantities } = choose(draws, forest, forest.length);
    const rows = quantities[0]!.chains.flatMap((chain, c) =>
      Array.from(chain, (_, t) => quantities.map((quantity) => quantity.chains[c]![t]!)),
    );
    figures.push({
      figure: await forestPlot({
        names: forest,
        sets: [{ label: "posterior", draws: rows.flat() }],
        ...(spec.forestLabel !== undefined && { valueLabel: spec.forestLabel }),
      }),
      caption: `Median, 50 % and 90 % intervals${forest.length < familyOf(draws.names, forest).length ? `, the first ${forest.length}` : ""}.`,
    });
  }
  if (choose(draws, names?.slice(0, 4), 4).quantities.length > 1)
    figures.push({
      figure: await pairPlot({ draws, ...(names && { names: names.slice(0, 4) }) }),
      caption:
        "Draws of each pair of quantities. Divergent transitions that gather somewhere show where the sampler could not go; without any, the shape itself is the finding.",
    });
  return { heading, paragraphs: paragraphsOf(draws, summaries), figures, tables: [tableOf(summaries)] };
}

function paragraphsOf(draws: ChainDraws, summaries: readonly QuantitySummary[]): string[] {
  const [chains = 0, length = 0] = draws.draws.shape;
  const known = summaries.filter(({ rHat }) => Number.isFinite(rHat));
  const worst = known.reduce<QuantitySummary | undefined>((most, one) => (most && most.rHat >= one.rHat ? most : one), undefined);
  const fewest = known.reduce<QuantitySummary | undefined>(
    (least, one) => (least && sizeOf(least) <= sizeOf(one) ? least : one),
    undefined,
  );
  const facts = [
    `${formatNumber(chains)} chains of ${formatNumber(length)} draws`,
    ...(worst ? [`R-hat is at most ${worst.rHat.toFixed(3)} (\`${worst.name}\`)`] : []),
    ...(fewest ? [`the smallest effective size is ${formatNumber(Math.round(sizeOf(fewest)))} (\`${fewest.name}\`)`] : []),
  ];
  const warnings = draws.warnings ?? [];
  return [
    `${facts.join("; ")}.${warnings.length === 0 ? " No check raised a warning." : ""}`,
    ...warnings.map((warning) => `*Warning.* ${warning}`),
  ];
}

const sizeOf = ({ essBulk, essTail }: QuantitySummary): number => Math.min(essBulk, essTail);

function tableOf(summaries: readonly QuantitySummary[]): ReportTable {
  const shown = summaries.slice(0, rowsMax);
  return {
    caption: `What the draws say and are worth${shown.length < summaries.length ? `, the first ${shown.length} of ${summaries.length} quantities` : ""}. R-hat should be below 1.01, and effective sizes above 400.`,
    columns: ["quantity", "mean", "sd", "5 %", "95 %", "error of the mean", "R-hat", "ESS bulk", "ESS tail"].map((label) => ({ label })),
    rows: shown.map(({ name, mean, sd, q05, q95, mcseMean, rHat, essBulk, essTail }) => [
      name,
      mean,
      sd,
      q05,
      q95,
      Number.isFinite(mcseMean) ? mcseMean : null,
      Number.isFinite(rHat) ? rHat.toFixed(3) : null,
      Number.isFinite(essBulk) ? Math.round(essBulk) : null,
      Number.isFinite(essTail) ? Math.round(essTail) : null,
    ]),
  };
}

const baseOf = (name: string): string | undefined => /^(.*)\[[\d,]+\]$/.exec(name)?.[1];

/** All names with the base of the first. */
const familyOf = (all: readonly string[], [first]: readonly string[]): readonly string[] =>
  first !== undefined && baseOf(first) !== undefined ? all.filter((name) => baseOf(name) === baseOf(first)) : [];

/** Up to `rowsMax` elements of the array with most of them. */
function largestFamily(names: readonly string[]): readonly string[] {
  const families = names.map((name) => familyOf(names, [name])).sort((a, b) => b.length - a.length);
  return families[0] && families[0].length > 1 ? families[0].slice(0, rowsMax) : [];
}
