import { correlation, type Summary, summarizeDraws } from "@credence/core";
import {
  cornerPlot,
  coverageCurve,
  formatEstimate,
  formatNumber,
  type Marker,
  marginalOverlay,
  type Parameter,
  predictiveFigure,
  type ReportSection,
  sbcHistograms,
  trainingCurve,
  writeReport,
} from "@credence/report";
import { rateNames } from "./model.ts";
import type { Phases, Run } from "./run.ts";
import { column, growthOf } from "./summary-json.ts";

const labels = ["birth rate", "death rate", "immigration"] as const;

/** `report.html`: what was inferred, whether it is right, whether it predicts, what cannot be told, what it cost. */
export async function writeBirthDeathReport(path: string, run: Run, phases: Phases, summary: Summary): Promise<void> {
  const { observation, settings } = run;
  const { times, counts, unit } = observation;
  const growth = summarizeDraws(growthOf(phases.inferred.arrays.draws!), "1/year");
  const { birthRate, deathRate, immigrationRate } = summary.parameters;
  const { c2stOracle, coverage90 } = summary.checks;
  const seconds = Object.values(summary.cost.seconds).reduce((sum, value) => sum + value, 0);
  await writeReport(path, {
    title: "Birth, death and immigration",
    subtitle: observation.title,
    answer:
      `Each individual has *${pm(birthRate!)}* offspring a year and dies at a rate of *${pm(deathRate!)}* a year; ` +
      `*${pm(immigrationRate!)}* individuals arrive a year. The population grows by ${pm(growth)} a year.`,
    facts: [
      {
        label: "growth rate",
        value: growth.mean,
        unit: "1/year",
        note: `90 % interval ${formatNumber(growth.q05)} to ${formatNumber(growth.q95)}`,
      },
      ...(c2stOracle === undefined
        ? []
        : [{ label: "C2ST against exact posterior", value: c2stOracle, note: "0.5 is indistinguishable, 1 is disjoint" }]),
      { label: "coverage of 90 % intervals", value: coverage90!, note: `${phases.checked.facts.replicates} replicates from the prior` },
      { label: "simulations", value: summary.cost.simulations, note: `${formatNumber(seconds)} s in all` },
    ],
    sections: [
      await inferred(run, phases, summary),
      ...(phases.oracle ? [await agreement(run, phases, summary)] : []),
      await calibration(phases),
      await prediction(run, phases),
      identifiability(phases),
      await cost(phases, summary),
    ],
    provenance: {
      application: "birth-death",
      "data set": `${observation.dataset} (${counts.length} counts of ${unit}, ${times[0]} to ${times.at(-1)})`,
      source: observation.source,
      licence: observation.licence,
      checksum: observation.checksum ?? "simulated here",
      seed: settings.seed,
      device: settings.device,
      fingerprint: phases.checked.fingerprint,
    },
  });
}

function pm({ mean, sd }: { mean: number; sd: number }): string {
  return formatEstimate(mean, sd);
}

function parametersOf({ settings }: Run): Parameter[] {
  const { units, bounds } = settings.parameters;
  return labels.map((name, d) => ({ name, unit: units[d]!, low: bounds[d]!.low, high: bounds[d]!.high }));
}

function markersOf({ observation }: Run, { oracle }: Phases): Marker[] {
  const { truth, published } = observation;
  return [
    ...(truth ? [{ label: "truth", values: rateNames.map((name) => truth[name]) }] : []),
    ...(published ? [{ label: "published maximum likelihood", values: rateNames.map((name) => published[name]?.value ?? null) }] : []),
    ...(oracle && !published ? [{ label: "maximum likelihood", values: [...oracle.facts.maximum.rates] }] : []),
  ];
}

async function inferred(run: Run, phases: Phases, summary: Summary): Promise<ReportSection> {
  const figure = await marginalOverlay({
    parameters: parametersOf(run),
    samples: { label: "Credence", draws: phases.inferred.arrays.draws! },
    ...(phases.oracle && { oracle: { label: "exact", draws: phases.oracle.arrays.draws! } }),
    markers: markersOf(run, phases),
  });
  return {
    heading: "What was inferred",
    paragraphs: [
      "The model: `n → n+1` at rate `λn + ν` and `n → n-1` at rate `μn`, with λ births and μ deaths per individual and year and ν arrivals per year; everything is conditional on the first count. " +
        `A neural posterior was trained on ${formatNumber(summary.cost.simulations)} simulated series at draws from uniform priors, and then read at the observed one.`,
      ...(run.observation.note ? [run.observation.note] : []),
    ],
    figures: [{ figure, caption: "Posterior of each rate." }],
    tables: [
      {
        columns: ["", "unit", "mean", "sd", "5 %", "median", "95 %"].map((label) => ({ label })),
        rows: rateNames.map((name, d) => {
          const { unit, mean, sd, q05, median, q95 } = summary.parameters[name]!;
          return [labels[d]!, unit, mean, sd, q05, median, q95];
        }),
      },
    ],
  };
}

async function agreement(run: Run, phases: Phases, summary: Summary): Promise<ReportSection> {
  const { facts, arrays } = phases.oracle!;
  const { published } = run.observation;
  const figure = await cornerPlot({
    parameters: parametersOf(run),
    samples: { label: "Credence", draws: phases.inferred.arrays.draws! },
    oracle: { label: "exact likelihood", draws: arrays.draws! },
    markers: markersOf(run, phases),
  });
  const rows = rateNames.map((name, d) => {
    const mine = summary.parameters[name]!;
    const exact = summary.oracle![name]!;
    const printed = published?.[name];
    return [
      labels[d]!,
      mine.mean,
      exact.mean,
      (mine.mean - exact.mean) / exact.sd,
      mine.sd / exact.sd,
      facts.maximum.rates[d]!,
      facts.maximum.standardErrors[d] ?? null,
      printed?.value ?? null,
      printed?.sd ?? null,
    ];
  });
  return {
    heading: "Does it agree with the exact answer",
    paragraphs: [
      `The likelihood of complete counts is known exactly, so ${facts.chains} Markov chains give the posterior that the network should have found ` +
        `(largest R-hat ${formatNumber(Math.max(...facts.rHat), 5)}, smallest effective sample size ${formatNumber(Math.min(...facts.essBulk, ...facts.essTail))}). ` +
        `A classifier tells the two apart with accuracy ${formatNumber(summary.checks.c2stOracle!)}. The maximum of the log-likelihood is ${formatNumber(facts.maximum.logLikelihood, 8)}.`,
    ],
    figures: [{ figure, caption: "Filled: the neural posterior. Lines: Markov chains under the exact likelihood." }],
    tables: [
      {
        caption: "Means, their difference in exact standard deviations, and maximum likelihood beside what was published.",
        columns: [
          "",
          "mean",
          "exact mean",
          "difference (sd)",
          "sd ratio",
          "maximum likelihood",
          "standard error",
          "published",
          "published s.e.",
        ].map((label) => ({ label })),
        rows,
      },
    ],
  };
}

async function calibration({ checked }: Phases): Promise<ReportSection> {
  const { sbc, replicates, replicateDraws, levels, coverage } = checked.facts;
  const curves = coverage.map((empirical, d) => ({ label: labels[d]!, nominal: levels, empirical }));
  return {
    heading: "Is it calibrated",
    paragraphs: [
      `${replicates} rates were drawn from the prior, a series was simulated at each, and the truth was ranked among ${replicateDraws} posterior draws. Ranks of a calibrated posterior are uniform, and its intervals hold the truth as often as they say.`,
    ],
    figures: [
      {
        figure: await sbcHistograms({ parameters: [...labels], ranks: checked.arrays.ranks!, draws: replicateDraws }),
        caption: "Ranks of the truth.",
      },
      {
        figure: await coverageCurve({ curves, replicates }),
        caption: "Share of truths inside credible regions, against what the regions claim.",
      },
    ],
    tables: [
      {
        columns: ["", "p-value of uniform ranks", "coverage of 90 % intervals"].map((label) => ({ label })),
        rows: sbc.map(({ pValue }, d) => [labels[d]!, pValue, coverage[d]![levels.indexOf(0.9)]!]),
      },
    ],
  };
}

async function prediction({ observation }: Run, { checked }: Phases): Promise<ReportSection> {
  const { statistics, coverage90 } = checked.facts.predictive;
  const { times, counts, unit } = observation;
  // Populations grow by factors; a logarithm has no place for extinction.
  const figure = await predictiveFigure({
    times,
    observed: counts,
    simulated: checked.arrays.replicated!,
    timeLabel: "year",
    valueLabel: unit,
    scale: counts.every((n) => n > 0) ? "log" : "linear",
  });
  return {
    heading: "Does it predict the data",
    paragraphs: [
      `Series were simulated at posterior draws from the first count on: ${formatNumber(100 * coverage90)} % of the counts lie within the central 90 % band.`,
    ],
    figures: [{ figure, caption: "Counts, and the median, 50 % and 90 % bands of replicated series." }],
    tables: [
      {
        columns: ["statistic", "observed", "replicated mean", "replicated sd", "two-sided p-value"].map((label) => ({ label })),
        rows: statistics.map(({ name, observed, mean, sd, pValue }) => [name, observed, mean, sd, pValue]),
      },
    ],
  };
}

function identifiability({ inferred, oracle }: Phases): ReportSection {
  const describe = (draws: Float64Array): [number, number, number] => {
    const birth = column(draws, 0);
    return [correlation(birth, column(draws, 1)), summarizeDraws(growthOf(draws), "").sd, summarizeDraws(birth, "").sd];
  };
  const [r, growthSd, birthSd] = describe(inferred.arrays.draws!);
  return {
    heading: "What cannot be told",
    paragraphs: [
      `The slope of a series tells the difference of birth and death rates; each alone is told only by how much counts scatter about that slope. Their correlation is ${formatNumber(r)}: ` +
        `the difference is known to ± ${formatNumber(growthSd, 2)} a year, the birth rate to ± ${formatNumber(birthSd, 2)}. The fewer the counts, the closer the correlation comes to one.`,
    ],
    ...(oracle && {
      tables: [
        {
          columns: ["", "correlation of birth and death", "sd of growth", "sd of birth rate"].map((label) => ({ label })),
          rows: [
            ["Credence", r, growthSd, birthSd],
            ["exact", ...describe(oracle.arrays.draws!)],
          ],
        },
      ],
    }),
  };
}

async function cost({ trained }: Phases, { cost: { seconds, simulations } }: Summary): Promise<ReportSection> {
  const members = trained.facts.members.map(({ training, validation, bestEpoch }) => ({
    train: training.map((value) => -value),
    validation: validation.map((value) => -value),
    bestEpoch,
  }));
  return {
    heading: "What it cost",
    figures: [{ figure: await trainingCurve({ members, lossLabel: "-log q (nats)" }), caption: "Loss of each network by epoch." }],
    tables: [
      {
        columns: [{ label: "phase" }, { label: "time", unit: "s" }],
        rows: [
          [`simulate ${formatNumber(simulations)} series`, seconds.simulate],
          ["train", seconds.train],
          ["infer", seconds.infer],
          ["oracle and checks", seconds.check],
        ],
      },
    ],
  };
}
