import {
  correlation,
  derivedSeed,
  type GaussianMixture,
  gaussianMixture,
  identifiability,
  nuts,
  phase,
  summarizeDraws,
} from "@credence/core";
import { cornerPlot, formatEstimate, formatNumber } from "@credence/report";
import { array, type NdArray } from "@credence/tensor";
import type { Analysis, Quantity } from "./analysis.ts";
import { chosen, comparePhase } from "./compare.ts";
import { pointwiseOf, priorOf } from "./evaluate.ts";
import { featuresOf, momentsOf } from "./features.ts";
import { chainSection, elboFigures } from "./figures.ts";
import { type Fit, fitPhase, inputsOf, quantity } from "./fit.ts";
import { gaussianMixtureModel, mixtureDraws } from "./mixture.ts";
import type { Problem } from "./observation.ts";
import { predictPhase } from "./predict.ts";
import type { Run } from "./run.ts";
import {
  chainFacts,
  costSection,
  identifiabilitySection,
  methodTable,
  misfits,
  parameterTable,
  predictionTables,
  sayChains,
  warningParagraphs,
} from "./sections.ts";
import { phaseFormat } from "./settings.ts";

/** Of the Dirichlet over weights: 1 to compare numbers of components, small to let those that are not needed empty. */
const uniform = 1;
const sparse = 1e-3;

type Tried = { readonly components: number; readonly elbo: number; readonly active: number; readonly sweeps: number };

type Search = {
  readonly tried: readonly Tried[];
  readonly sparse: { readonly elbo: number; readonly active: number };
  readonly best: {
    readonly elbo: number;
    readonly reconstruction: number;
    readonly regularisation: number;
    readonly sweeps: number;
    readonly terms: Readonly<Record<string, number>>;
  };
};

/** A mixture of normals by coordinate ascent, its number of components by the bound, held against chains. */
export async function mixtureAnalysis(run: Run, problem: Extract<Problem, { kind: "mixture" }>): Promise<Analysis> {
  const { columns, components: most, unit } = problem;
  const { seed, effort, context } = run;
  const features = featuresOf(columns);
  const { names: columnNames, rows } = features;
  const size = columnNames.length;
  const x = array(features.x, { shape: [rows, size] });
  const fitted = async (components: number, concentration: number) =>
    gaussianMixture({
      x,
      names: columnNames,
      components,
      prior: { concentration },
      restarts: components > 1 ? 3 : 0,
      seed: derivedSeed(seed, 5),
    });
  const search = await phase<Search>({
    directory: run.directory,
    format: phaseFormat,
    name: "components",
    inputs: [inputsOf(run), most],
    compute: async () => {
      const tried: Tried[] = [];
      let best: GaussianMixture | undefined;
      for (let components = 1; components <= most; components++) {
        context.signal.throwIfAborted();
        context.progress("components", components - 1, most + 1);
        const fit = await fitted(components, uniform);
        tried.push({ components, elbo: fit.ascent.elbo, active: fit.active, sweeps: fit.ascent.sweeps });
        if (best === undefined || fit.ascent.elbo > best.ascent.elbo) best = fit;
      }
      const { active, ascent } = await fitted(most, sparse);
      context.progress("components", most + 1, most + 1);
      const { elbo, reconstruction, regularisation, sweeps, terms } = best!.ascent;
      return {
        facts: { tried, sparse: { elbo: ascent.elbo, active }, best: { elbo, reconstruction, regularisation, sweeps, terms } },
        arrays: { responsibilities: Float64Array.from(best!.responsibilities.data()) },
      };
    },
  });
  const { tried, sparse: pruned, best: chosenAscent } = search.facts;
  const best = tried.reduce((a, b) => (a.elbo >= b.elbo ? a : b)).components;
  const target = gaussianMixtureModel(features, best, { concentration: uniform });
  const ascent = await fitPhase(run, {
    key: "coordinate-ascent",
    label: "coordinate ascent",
    inputs: best,
    run: async () => {
      const chosenFit = await fitted(best, uniform);
      const { elbo, reconstruction, regularisation, history } = chosenFit.ascent;
      return {
        draws: await mixtureDraws(target, chosenFit, effort.fitDraws, derivedSeed(seed, 6)),
        elbo: { value: elbo, standardError: 0, reconstruction, regularisation },
        trace: history,
      };
    },
  });
  const sampled = await fitPhase(run, {
    key: "nuts",
    label: "NUTS",
    inputs: [best, ascent.fingerprint],
    run: async () => ({
      draws: await nuts(target, {
        chains: effort.chains,
        warmup: effort.warmup,
        draws: effort.draws,
        seed: derivedSeed(seed, 1),
        init: firstRows(ascent, effort.chains),
        signal: context.signal,
        onProgress: ({ phase, done }) =>
          context.progress("NUTS", (phase === "warmup" ? 0 : effort.warmup) + done, effort.warmup + effort.draws),
      }),
    }),
  });
  const single = gaussianMixtureModel(features, 1, { concentration: uniform });
  const singleFit =
    best === 1
      ? undefined
      : await fitPhase(run, {
          key: "single",
          label: "one component",
          run: async () => ({ draws: await mixtureDraws(single, await fitted(1, uniform), effort.fitDraws, derivedSeed(seed, 7)) }),
        });

  const quantities = quantitiesOf(best, columnNames, unit);
  const names = quantities.map(({ name }) => name);
  const labels = quantities.map(({ label }) => label);
  const compared = await comparePhase(run, { fits: [ascent], oracle: sampled, names, labels, classified: [ascent.key] });
  const observed = Float64Array.from({ length: rows * size }, (_, i) => columns[columnNames[i % size]!]![Math.floor(i / size)]!);
  const inUnits = (values: Float64Array): Float64Array =>
    values.map((value, i) => value * features.scale[i % size]! + features.centre[i % size]!);
  const axis = (values: Float64Array, d: number): Float64Array => values.filter((_, i) => i % size === d);
  const predicted = await predictPhase(run, {
    candidates: [
      { label: `${best} components`, model: target, fit: ascent },
      ...(singleFit ? [{ label: "1 component", model: single, fit: singleFit }] : []),
    ],
    observed: features.x,
    statistics: {
      ...Object.fromEntries(
        columnNames.flatMap((name, d) => [
          [`standard deviation of ${name}`, (y: Float64Array) => momentsOf(axis(inUnits(y), d)).sd],
          [`excess kurtosis of ${name}`, (y: Float64Array) => kurtosis(axis(y, d))],
        ]),
      ),
      ...(size > 1 && {
        [`correlation of ${columnNames[0]} and ${columnNames[1]}`]: (y: Float64Array) => correlation(axis(y, 0), axis(y, 1)),
      }),
    },
  });
  const prior = await priorOf(target, 4000, derivedSeed(seed, 21));
  const weights = names.filter((name) => name.startsWith("weight")).slice(0, -1);
  const told = identifiability({
    names: weights.map((name) => labels[names.indexOf(name)]!),
    posterior: chosen(ascent, weights),
    prior: columnsOf(prior, target.names, weights),
  });
  const summary = (name: string) => summarizeDraws(quantity(ascent, name), "");
  const chains = chainFacts(sampled);
  const [difference] = compared.differences as [(typeof compared.differences)[0]];
  const weightOf = (k: number): number => (best === 1 ? 1 : summary(`weight[${k}]`).mean);
  const order = Array.from({ length: best }, (_, k) => k).sort((a, b) => weightOf(b) - weightOf(a));
  const responsibilities = search.arrays.responsibilities!;
  const doubtful = Array.from({ length: rows }, (_, i) => i).filter((i) => {
    const own = Array.from({ length: best }, (_, k) => responsibilities[i * best + k]!);
    return own.reduce((a, b) => Math.max(a, b)) < 0.9;
  });
  const costs = [
    { label: `search for the number of components, 1 to ${most}`, seconds: search.seconds, kind: "infer" as const },
    ...[ascent, sampled, ...(singleFit ? [singleFit] : [])].map((fit) => ({
      label: fit.facts.label,
      seconds: fit.seconds,
      kind: "infer" as const,
    })),
    { label: "comparison with a classifier", seconds: compared.seconds, kind: "check" as const },
    { label: "prediction", seconds: predicted.seconds, kind: "check" as const },
  ];
  const describe = (k: number): string =>
    `*${formatNumber(100 * weightOf(k), 3)} %* about ${columnNames.map((name, d) => `${name} ${formatEstimate(summary(`mean[${k},${d}]`).mean, summary(`mean[${k},${d}]`).sd)}`).join(", ")}`;
  const centres = (fit: Fit, k: number) =>
    chosen(
      fit,
      columnNames.map((_, d) => `mean[${k},${d}]`),
    ).data();
  return {
    answer: `${best === 1 ? "One component" : `${best} components`}: ${order.map(describe).join("; ")} (${unit}).`,
    cards: [
      {
        label: "components",
        value: `${best}`,
        note: `${best === most ? "of at most" : "the bound is highest there, of 1 to"} ${most}; a sparse prior keeps ${pruned.active} of ${most}`,
      },
      {
        label: "ELBO",
        value: chosenAscent.elbo,
        unit: "nats",
        note: `after ${chosenAscent.sweeps} sweeps, none of which lowered it`,
      },
      {
        label: "C2ST against NUTS",
        value: difference.c2st!,
        note: `sd ratio ${formatNumber(difference.sdRatioMin, 2)} to ${formatNumber(difference.sdRatioMax, 2)}`,
      },
      { label: "rows in doubt", value: `${doubtful.length}`, note: `of ${rows} belong nowhere with more than 90 %` },
    ],
    sections: [
      {
        heading: "What was inferred",
        paragraphs: [
          "The model: each row is drawn from one of K normals with full covariance; weights Dirichlet(1), means and precisions normal-Wishart with the scale of the data. Coordinate ascent finds the best product `q(z) q(w) q(m, P)`; each term of its bound is known.",
        ],
        figures: await Promise.all(
          order.slice(0, 2).map(async (k, i) => ({
            figure: await cornerPlot({
              parameters: columnNames.map((name) => ({ name, unit })),
              samples: { label: "coordinate ascent", draws: centres(ascent, k) },
              oracle: { label: "NUTS", draws: centres(sampled, k) },
            }),
            caption: `Centre of component ${i + 1}. Filled: *coordinate ascent*. Lines: *NUTS*.`,
          })),
        ),
        tables: [
          parameterTable(ascent, quantities),
          {
            caption: "The bound by the number of components, concentration 1.",
            columns: [{ label: "components" }, { label: "ELBO", unit: "nats" }, { label: "with a row or more" }, { label: "sweeps" }],
            rows: tried.map(({ components, elbo, active, sweeps }) => [`${components}`, elbo, active, sweeps]),
          },
          {
            caption: `Terms of the bound, ${best} components.`,
            columns: [{ label: "term" }, { label: "value", unit: "nats" }],
            rows: [
              ...Object.entries(chosenAscent.terms),
              ["reconstruction", chosenAscent.reconstruction],
              ["regularisation", chosenAscent.regularisation],
              ["ELBO", chosenAscent.elbo],
            ],
          },
        ],
      },
      {
        heading: "Do the methods agree",
        paragraphs: [
          sayChains(sampled, chains),
          ...difference.remarks.slice(0, 3),
          "The factorised form takes each row's component as known apart from the parameters, and so is a little too sure of both.",
          ...warningParagraphs([ascent, sampled]),
        ],
        figures: await elboFigures([ascent]),
        tables: [methodTable(sampled, [ascent], compared.differences)],
      },
      await chainSection(
        sampled,
        quantities,
        quantities.slice(0, 4).map(({ name }) => name),
      ),
      {
        heading: "Does it predict the data",
        paragraphs: [
          ...misfits(predicted.facts),
          ...predicted.facts.scores.flatMap(({ label, warnings }) => warnings.map((warning) => `*${label}*: ${warning}`)),
        ],
        tables: predictionTables(predicted.facts),
      },
      identifiabilitySection(told, [
        `Which component is called the first cannot be told: the posterior is the same under ${best === 2 ? "the exchange" : "any permutation"} of names, and every chain stays with the names that it started with. ` +
          `${doubtful.length} rows lie between components. Calibration by simulation is not shown, since names change from one simulated data set to the next.`,
      ]),
      costSection(costs),
    ],
    quantities,
    main: ascent,
    oracle: sampled,
    checks: {
      c2stOracle: difference.c2st!,
      elbo: chosenAscent.elbo,
      elboByComponents: tried.map((one) => ({ ...one })),
      sparse: { elbo: pruned.elbo, active: pruned.active },
      methods: [{ ...difference }],
      chains: { ...chains },
      loo: predicted.facts.scores.map((score) => ({ ...score })),
      predictivePValues: Object.fromEntries(predicted.facts.statistics.map(({ name, pValue }) => [name, pValue])),
      doubtful: doubtful.length,
    },
    costs,
    groups: {
      prior,
      logLikelihood: await pointwiseOf(target, ascent),
      replicated: array(inUnits(predicted.replicated.data() as Float64Array), { shape: predicted.replicated.shape }),
      observed: array(observed, { shape: [rows, size] }),
      dimensions: { x: ["row", "column"], mean: ["component", "column"], sd: ["component", "column"] },
      coordinates: { column: columnNames },
      variable: "x",
      unit,
    },
  };
}

/** Weights, and in the units of the columns centres, spreads and correlations. */
function quantitiesOf(components: number, columns: readonly string[], unit: string): Quantity[] {
  return Array.from({ length: components }, (_, k): Quantity[] => [
    ...(components > 1 ? [{ name: `weight[${k}]`, label: `weight ${k + 1}`, unit: "1" }] : []),
    ...columns.map((column, d) => ({ name: `mean[${k},${d}]`, label: `mean ${column} ${k + 1}`, unit })),
    ...columns.map((column, d) => ({ name: `sd[${k},${d}]`, label: `sd of ${column} ${k + 1}`, unit })),
    ...columns.flatMap((a, i) =>
      columns.slice(0, i).map((b, j) => ({
        name: `correlation[${k},${i},${j}]`,
        label: columns.length === 2 ? `correlation ${k + 1}` : `correlation of ${b} and ${a} ${k + 1}`,
        unit: "1",
      })),
    ),
  ]).flat();
}

function firstRows(fit: Fit, count: number): number[][] {
  const width = fit.unconstrained.shape[2]!;
  const values = fit.unconstrained.data();
  return Array.from({ length: count }, (_, i) => Array.from({ length: width }, (_, d) => values[i * width + d]!));
}

function columnsOf(values: NdArray, all: readonly string[], names: readonly string[]): NdArray {
  const [width, places, data] = [all.length, names.map((name) => all.indexOf(name)), values.data()];
  const rows = data.length / width;
  return array(
    Float64Array.from(
      { length: rows * places.length },
      (_, i) => data[Math.floor(i / places.length) * width + places[i % places.length]!]!,
    ),
    {
      shape: [rows, places.length],
    },
  );
}

function kurtosis(y: Float64Array): number {
  const { mean, sd } = momentsOf(y);
  return y.reduce((sum, value) => sum + ((value - mean) / sd) ** 4, 0) / y.length - 3;
}
