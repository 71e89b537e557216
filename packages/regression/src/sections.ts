import { eBfmi, type Identifiability, summarizeChains, summarizeDraws } from "@credence/core";
import { formatNumber, type ReportSection, type ReportTable } from "@credence/report";
import type { Cost, Quantity } from "./analysis.ts";
import type { Difference } from "./compare.ts";
import { type Fit, quantity } from "./fit.ts";
import type { PredictFacts } from "./predict.ts";

const labelled = (...labels: string[]): { label: string }[] => labels.map((label) => ({ label }));

/** Quantities with their posterior summaries. */
export function parameterTable(fit: Fit, quantities: readonly Quantity[], caption?: string): ReportTable {
  return {
    ...(caption === undefined ? {} : { caption }),
    columns: labelled("", "unit", "mean", "sd", "5 %", "median", "95 %"),
    rows: quantities.map(({ name, label, unit }) => {
      const { mean, sd, q05, median, q95 } = summarizeDraws(quantity(fit, name), unit);
      return [label, unit, mean, sd, q05, median, q95];
    }),
  };
}

/** One line a method: how far it is from the oracle, and what it cost. */
export function methodTable(oracle: Fit, fits: readonly Fit[], differences: readonly Difference[]): ReportTable {
  const evidence = (fit: Fit): number | null => fit.facts.logEvidence ?? fit.facts.elbo?.value ?? null;
  const withEvidence = [oracle, ...fits].some((fit) => evidence(fit) !== null);
  return {
    caption: `Each method beside *${oracle.facts.label}*: the largest shift of a mean, in standard deviations; the smallest and largest ratio of standard deviations; the correlation that differs most.`,
    columns: [
      ...labelled("", "mean shift", "sd ratio", "correlation", "k-hat"),
      ...(withEvidence ? [{ label: "ELBO", unit: "nats" }] : []),
      { label: "time", unit: "s" },
    ],
    rows: [
      [oracle.facts.label, null, null, null, null, ...(withEvidence ? [evidence(oracle)] : []), oracle.seconds],
      ...fits.map((fit) => {
        const found = differences.find(({ key }) => key === fit.key);
        return [
          fit.facts.label,
          found === undefined ? null : `${formatNumber(found.meanShift, 2)} (${found.meanShiftOf})`,
          found === undefined ? null : `${formatNumber(found.sdRatioMin, 3)} to ${formatNumber(found.sdRatioMax, 3)}`,
          found?.correlationMethod == null
            ? null
            : `${formatNumber(found.correlationMethod, 2)} for ${formatNumber(found.correlationOracle!, 2)}`,
          fit.facts.kHat !== null && Number.isFinite(fit.facts.kHat) ? fit.facts.kHat : null,
          ...(withEvidence ? [evidence(fit)] : []),
          fit.seconds,
        ];
      }),
    ],
  };
}

/** What every chain sampler must show before it is believed. */
export interface ChainFacts {
  readonly rHatMax: number;
  readonly essMin: number;
  readonly divergences: number;
  readonly eBfmiMin: number | null;
}

export function chainFacts(fit: Fit): ChainFacts {
  const summaries = summarizeChains({ names: fit.facts.names, draws: fit.draws });
  // A quantity that is a constant, such as the diagonal of a correlation matrix, varies by rounding alone.
  const finite = summaries.filter(({ mean, sd }) => sd > 1e-10 * Math.abs(mean));
  const energy = fit.stats["energy"];
  return {
    rHatMax: finite.reduce((most, { rHat }) => Math.max(most, rHat), 1),
    essMin: finite.reduce((least, { essBulk, essTail }) => Math.min(least, essBulk, essTail), Number.POSITIVE_INFINITY),
    divergences: (fit.stats["diverging"]?.data() as Float64Array | undefined)?.reduce((sum, value) => sum + value, 0) ?? 0,
    eBfmiMin: energy === undefined ? null : eBfmi(energy).reduce((least, value) => Math.min(least, value)),
  };
}

export const sayChains = (fit: Fit, { rHatMax, essMin, divergences, eBfmiMin }: ChainFacts): string =>
  `*${fit.facts.label}*: ${fit.facts.chains} chains of ${fit.draws.shape[1]} draws, largest R-hat ${formatNumber(rHatMax, 4)}, smallest effective sample size ${formatNumber(essMin)}, ` +
  `${divergences === 0 ? "no divergence" : `${divergences} divergences`}${eBfmiMin === null ? "" : `, smallest E-BFMI ${formatNumber(eBfmiMin, 2)}`}.`;

/** Warnings of methods, each once and with who gave it. */
export const warningParagraphs = (fits: readonly Fit[]): string[] =>
  fits.flatMap(({ facts: { label, warnings } }) => warnings.map((warning) => `*${label}* warns: ${warning.replace(/\.?$/, ".")}`));

/** Statistics of replicated data, and leave-one-out scores. */
export function predictionTables({ statistics, scores }: PredictFacts): ReportTable[] {
  return [
    {
      caption: "The data beside data that were replicated from the posterior.",
      columns: labelled("statistic", "observed", "replicated mean", "replicated sd", "two-sided p-value"),
      rows: statistics.map(({ name, observed, mean, sd, pValue }) => [name, observed, mean, sd, pValue]),
    },
    {
      caption: "Leave-one-out cross-validation: expected log predictive density of as many new data (higher is better).",
      columns: [
        { label: "" },
        { label: "elpd", unit: "nats" },
        { label: "standard error", unit: "nats" },
        { label: "effective parameters" },
        { label: "largest k-hat" },
        ...(scores.length > 1
          ? [
              { label: "below the best", unit: "nats" },
              { label: "its standard error", unit: "nats" },
            ]
          : []),
      ],
      rows: scores.map((score) => [
        score.label,
        score.elpd,
        score.standardError,
        score.p,
        score.kHatMax,
        ...(scores.length > 1 ? [-score.difference, score.differenceError] : []),
      ]),
    },
  ];
}

/** In words what the model does not reproduce. */
export function misfits({ statistics }: PredictFacts): string[] {
  const off = statistics.filter(({ pValue }) => pValue < 0.05);
  if (off.length === 0) return ["Nothing that was compared is out of what the model would produce."];
  return [
    `The model does not reproduce the ${listed(off.map(({ name, observed, mean }) => `${name} (${formatNumber(observed, 3)}, replicated ${formatNumber(mean, 3)})`))}: something of how these data came about is missing from it.`,
  ];
}

/** What a method gets wrong, in the words of the comparison with the oracle. */
export const differenceParagraphs = (fits: readonly Fit[], differences: readonly Difference[]): string[] =>
  differences.flatMap(({ key, remarks }) => {
    if (remarks.length === 0) return [];
    const more = remarks.length > 2 ? ` And ${remarks.length - 2} more of the kind.` : "";
    return [`*${fits.find((fit) => fit.key === key)!.facts.label}*: ${remarks.slice(0, 2).join(" ")}${more}`];
  });

/** What the data have not told. */
export function identifiabilitySection(found: Identifiability, more: readonly string[] = []): ReportSection {
  return {
    heading: "What cannot be told",
    paragraphs: [...more, ...found.remarks.slice(0, 6)],
    tables: [
      {
        caption:
          "Share of its prior variance that the data have taken from each quantity, and how far its mean has moved, in prior standard deviations.",
        columns: labelled("", "contraction", "shift"),
        rows: found.parameters.map(({ name, contraction, shift }) => [name, contraction, shift]),
      },
    ],
  };
}

export function costSection(costs: readonly Cost[]): ReportSection {
  return {
    heading: "What it cost",
    tables: [
      {
        columns: [{ label: "phase" }, { label: "time", unit: "s" }],
        rows: [...costs.map(({ label, seconds }) => [label, seconds]), ["together", costs.reduce((sum, { seconds }) => sum + seconds, 0)]],
      },
    ],
  };
}

/** `a, b and c` */
export const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
