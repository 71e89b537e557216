import {
  derivedSeed,
  eachSampler,
  identifiability,
  type LinearRegression,
  linearRegression,
  Random,
  simulateFrom,
  summarizeDraws,
} from "@credence/core";
import type { Parameter } from "@credence/report";
import { formatEstimate, formatNumber } from "@credence/report";
import { array, diagonal, inverse, type NdArray, program, type Tensor } from "@credence/tensor";
import type { Analysis, Quantity } from "./analysis.ts";
import { calibratePhase, calibrationSection, coverage90Of } from "./calibrate.ts";
import { chosen, comparePhase } from "./compare.ts";
import { drawsOf, pointwiseOf, priorOf } from "./evaluate.ts";
import { momentsOf } from "./features.ts";
import { chainSection, elboFigures, forestOf, tiltFigure } from "./figures.ts";
import { type Fit, fitPhase, quantity } from "./fit.ts";
import { type LinearModel, linearModel, withOnes } from "./linear.ts";
import { nutsMethod, variationalMethod } from "./methods.ts";
import type { RegressionProblem } from "./observation.ts";
import { predictPhase } from "./predict.ts";
import { robustModel } from "./robust.ts";
import type { Run } from "./run.ts";
import {
  chainFacts,
  costSection,
  differenceParagraphs,
  identifiabilitySection,
  listed,
  methodTable,
  misfits,
  parameterTable,
  predictionTables,
  sayChains,
  warningParagraphs,
} from "./sections.ts";
import { sayCombination, tiltOf } from "./tilt.ts";

/** Prior sd of coefficients in units of sigma. */
const relativeSd = 10;

/** Linear regression: exact, mean-field and full-rank side by side, with NUTS for an oracle and Student-t noise for an alternative. */
export async function linearAnalysis(run: Run, problem: RegressionProblem): Promise<Analysis> {
  const { seed, effort } = run;
  const linear = await linearModel({ features: problem.features, outcome: problem.outcome }, { relativeSd });
  const { model, features, outcome, labels } = linear;
  const exactPosterior = await linear.exact();
  const exact = await fitPhase(run, {
    key: "exact",
    label: "exact",
    run: async () => ({
      draws: await exactDraws(linear, exactPosterior, effort.fitDraws, derivedSeed(seed, 6)),
      logEvidence: exactPosterior.logEvidence,
    }),
  });
  const meanField = await fitPhase(run, variationalMethod(run, model, "mean-field"));
  const fullRank = await fitPhase(run, variationalMethod(run, model, "full-rank"));
  const sampled = await fitPhase(run, nutsMethod(run, model));
  const robust = await robustModel({ features: problem.features, outcome: problem.outcome });
  const robustFit = await fitPhase(run, nutsMethod(run, robust.model, { key: "robust", label: "Student-t noise, NUTS" }));

  const coefficients = ["alpha", ...features.names.map((_, d) => `beta[${d}]`)];
  const names = [...coefficients, "sigma"];
  const labelOf = (name: string): string => labels[model.names.indexOf(name)] ?? name;
  const quantities = names.map((name): Quantity => ({ name, label: labelOf(name), unit: unitOf(problem, name) }));
  const fits = [meanField, fullRank, sampled];
  const compared = await comparePhase(run, {
    fits,
    oracle: exact,
    names,
    labels: names.map(labelOf),
    classified: [sampled.key, meanField.key],
  });
  const tilt = await tiltOf(await slopesCovariance(exactPosterior, features.names.length), features.names);
  const predicted = await predictPhase(run, {
    candidates: [
      { label: "normal noise", model, fit: exact },
      { label: "Student-t noise", model: robust.model, fit: robustFit },
    ],
    observed: outcome,
    statistics: {
      smallest: least,
      largest: most,
      "standard deviation": (y) => momentsOf(y).sd,
      skewness: skewness,
      "excess kurtosis": kurtosis,
    },
  });
  const calibrated = await calibratePhase(run, {
    names: model.names,
    simulate: simulateFrom(model),
    methods: [
      { label: "exact", sampler: { names, ...eachSampler((x, { draws, seed: own }) => refit(linear, x, draws, own, false)) } },
      {
        label: "mean-field",
        sampler: { names: coefficients, ...eachSampler((x, { draws, seed: own }) => refit(linear, x, draws, own, true)) },
      },
    ],
  });
  const prior = await priorOf(model, 4000, derivedSeed(seed, 21));
  const told = identifiability({
    names: features.names,
    posterior: chosen(exact, coefficients.slice(1)),
    prior: chosenColumns(prior, model.names, coefficients.slice(1)),
  });
  const [a, b] = [features.names.indexOf(tilt.first), features.names.indexOf(tilt.second)];
  const pairNames = [`beta[${a}]`, `beta[${b}]`] as const;
  const pair = pairNames.map((name) => ({ name: labelOf(name), unit: unitOf(problem, name) })) as [Parameter, Parameter];
  const slopes = quantities.filter(({ name }) => name.startsWith("beta"));
  const summary = (name: string) => summarizeDraws(quantity(exact, name), "");
  const strongest = coefficients
    .slice(1)
    .map((name) => ({ name, ...summary(name) }))
    .sort((x, y) => Math.abs(y.mean) - Math.abs(x.mean));
  const [first, second] = strongest as [(typeof strongest)[0], (typeof strongest)[0] | undefined];
  const least90 = tilt.varianceRatio.reduce((x, y) => Math.min(x, y));
  const leastOf = tilt.names[tilt.varianceRatio.indexOf(least90)]!;
  const differenceOf = (fit: Fit) => compared.differences.find(({ key }) => key === fit.key)!;
  const chains = chainFacts(sampled);
  const [exactCalibration, meanFieldCalibration] = calibrated.facts.methods as [
    (typeof calibrated.facts.methods)[0],
    (typeof calibrated.facts.methods)[0],
  ];
  const [normalScore, studentScore] = predicted.facts.scores as [(typeof predicted.facts.scores)[0], (typeof predicted.facts.scores)[0]];
  const effect = ({ name, mean, sd }: { name: string; mean: number; sd: number }): string =>
    `a standard deviation more of ${labelOf(name)} (${formatNumber(features.scale[Number(/\d+/.exec(name)![0])]!, 3)}) goes with *${formatEstimate(mean, sd)} ${problem.unit}*`;
  const costs = [
    ...[exact, ...fits, robustFit].map((fit) => ({ label: fit.facts.label, seconds: fit.seconds, kind: "infer" as const })),
    { label: "comparison with classifiers", seconds: compared.seconds, kind: "check" as const },
    { label: "prediction", seconds: predicted.seconds, kind: "check" as const },
    { label: "calibration", seconds: calibrated.seconds, kind: "check" as const },
  ];
  return {
    answer:
      `${capital(effect(first))}${second === undefined ? "" : `, ${effect(second)}`}, the others held. ` +
      `A factorised approximation loses the correlation ${formatNumber(tilt.correlation, 2)} of ${tilt.first} and ${tilt.second}, and gives ${leastOf} ${formatNumber(100 * Math.sqrt(least90), 2)} % of its standard deviation.`,
    cards: [
      {
        label: "noise",
        value: summary("sigma").mean,
        unit: problem.unit,
        note: `${formatNumber(outcome.length)} rows, ${features.names.length} features`,
      },
      {
        label: "log evidence",
        value: exactPosterior.logEvidence,
        unit: "nats",
        note: `mean-field: ${formatNumber(exactPosterior.logEvidence - meanField.facts.elbo!.value, 3)} below; full-rank: ${formatNumber(exactPosterior.logEvidence - fullRank.facts.elbo!.value, 2)} below`,
      },
      {
        label: "C2ST, NUTS against exact",
        value: differenceOf(sampled).c2st!,
        note: `mean-field ${formatNumber(differenceOf(meanField).c2st!, 2)}; 0.5 is indistinguishable`,
      },
      {
        label: "coverage of 90 % intervals",
        value: coverage90Of(exactCalibration),
        note: `mean-field: ${formatNumber(coverage90Of(meanFieldCalibration), 2)}; ${calibrated.facts.replicates} replicates`,
      },
    ],
    sections: [
      {
        heading: "What was inferred",
        paragraphs: [
          "The model: `y = alpha + x beta + e`, `e ~ N(0, sigma²)`, features standardised, with conjugate priors that are weak: coefficients `N(0, (10 sigma)²)`. Its posterior is known in closed form, and that is what is reported.",
          ...(run.observation.note ? [`${capital(run.observation.note)}.`] : []),
          ...linear.warnings,
        ],
        tables: [
          parameterTable(exact, quantities, "Coefficients are per standard deviation of the feature."),
          {
            caption: "In units of the features.",
            columns: ["", "mean", "sd", "one standard deviation of the feature"].map((label) => ({ label })),
            rows: features.names.map((name, d) => {
              const { mean, sd } = summary(`beta[${d}]`);
              return [name, mean / features.scale[d]!, sd / features.scale[d]!, features.scale[d]!];
            }),
          },
        ],
      },
      {
        heading: "What the factorised form loses",
        paragraphs: [
          `The exact posterior of ${tilt.first} and ${tilt.second} is tilted: their correlation is ${formatNumber(tilt.correlation, 3)}. A mean-field approximation has none. It costs ${formatNumber(tilt.gap, 3)} nats of the evidence, and it is sure of what the data do not tell: ` +
            `the combination ${sayCombination(tilt.names, tilt.narrow.weights)} (each in posterior standard deviations) varies ${formatNumber(tilt.narrow.ratio, 3)} times as much as it says. ` +
            `Means are right, sums along the tilt are not. A full-rank normal has the tilt.`,
        ],
        figures: [
          await tiltFigure(meanField, exact, pairNames, pair, "*Mean-field* stands upright where the exact posterior is tilted."),
          await tiltFigure(fullRank, exact, pairNames, pair, "*Full-rank* has the tilt."),
          await forestOf([exact, fullRank, meanField], slopes, `${problem.unit} per sd of the feature`, 0),
          ...(await elboFigures([fullRank, meanField], exactPosterior.logEvidence)),
        ],
        tables: [
          {
            caption:
              "What is left of each coefficient's standard deviation in the best factorised form (closed form), and in the fitted one.",
            columns: ["", "closed form", "mean-field", "full-rank"].map((label) => ({ label })),
            rows: features.names.map((name, d) => {
              const own = (fit: Fit): number => summarizeDraws(quantity(fit, `beta[${d}]`), "").sd / summary(`beta[${d}]`).sd;
              return [name, Math.sqrt(tilt.varianceRatio[d]!), own(meanField), own(fullRank)];
            }),
          },
        ],
      },
      {
        heading: "Do the methods agree",
        paragraphs: [
          sayChains(sampled, chains),
          ...differenceParagraphs(fits, compared.differences),
          ...warningParagraphs([...fits, robustFit]),
        ],
        tables: [methodTable(exact, fits, compared.differences)],
      },
      await chainSection(sampled, quantities, [...strongest.slice(0, 3).map(({ name }) => name), "sigma"]),
      await calibrationSection(
        calibrated,
        labelOf,
        `${calibrated.facts.replicates} sets of coefficients were drawn from the prior and outcomes simulated for the same features; the exact posterior of each was computed, and the best factorised normal of it.`,
      ),
      {
        heading: "Does it predict the data",
        paragraphs: [
          `${formatNumber(100 * predicted.facts.coverage90, 3)} % of the outcomes lie within the central 90 % band of their replicates. ` +
            sayScores(
              normalScore.difference < studentScore.difference,
              Math.abs(normalScore.difference - studentScore.difference),
              Math.max(normalScore.differenceError, studentScore.differenceError),
            ) +
            ` The tail index of the noise is nu = ${formatEstimate(summarizeDraws(quantity(robustFit, "nu"), "").mean, summarizeDraws(quantity(robustFit, "nu"), "").sd)} (above 30 is normal).`,
          ...misfits(predicted.facts),
          ...predicted.facts.scores.flatMap(({ warnings }) => warnings),
        ],
        tables: predictionTables(predicted.facts),
      },
      identifiabilitySection(told, [
        `What ${listed(features.names)} share cannot be told apart: of ${leastOf}, ${formatNumber(100 * (1 - least90), 3)} % of the variance is explained by the other coefficients.`,
      ]),
      costSection(costs),
    ],
    quantities,
    main: exact,
    oracle: sampled,
    checks: {
      c2stOracle: differenceOf(sampled).c2st!,
      c2stMeanField: differenceOf(meanField).c2st!,
      sbc: Object.fromEntries(exactCalibration.names.map((name, d) => [labelOf(name), { pValue: exactCalibration.pValue[d]! }])),
      coverage90: coverage90Of(exactCalibration),
      coverage90MeanField: coverage90Of(meanFieldCalibration),
      meanFieldCalibrated: meanFieldCalibration.calibrated,
      logEvidence: exactPosterior.logEvidence,
      elboMeanField: meanField.facts.elbo!.value,
      elboFullRank: fullRank.facts.elbo!.value,
      elboGapPerDatum: (exactPosterior.logEvidence - fullRank.facts.elbo!.value) / outcome.length,
      tilt: { ...tilt, narrow: { ...tilt.narrow }, wide: { ...tilt.wide } },
      kHat: Object.fromEntries(fits.flatMap(({ key, facts: { kHat } }) => (kHat === null ? [] : [[key, kHat]]))),
      chains: { ...chains },
      loo: predicted.facts.scores.map((score) => ({ ...score })),
      predictivePValues: Object.fromEntries(predicted.facts.statistics.map(({ name, pValue }) => [name, pValue])),
      predictiveCoverage90: predicted.facts.coverage90,
      nu: { ...summarizeDraws(quantity(robustFit, "nu"), "") },
    },
    costs,
    groups: {
      prior,
      logLikelihood: await pointwiseOf(model, exact),
      replicated: predicted.replicated,
      observed: array(outcome),
      dimensions: { y: ["row"], beta: ["feature"] },
      coordinates: { feature: features.names },
      variable: "y",
      unit: problem.unit,
    },
  };
}

const unitOf = ({ unit }: RegressionProblem, name: string): string => (name.startsWith("beta") ? `${unit}/sd` : unit);

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const sayScores = (student: boolean, gap: number, error: number): string => {
  if (gap < 4 || gap < 2 * error)
    return `Normal and Student-t noise predict equally well (${formatNumber(gap, 2)} nats apart, standard error ${formatNumber(error, 2)}).`;
  return `${student ? "Student-t" : "Normal"} noise predicts better, by ${formatNumber(gap, 3)} nats (standard error ${formatNumber(error, 2)}).`;
};

/** The closed form's draws in the order of the model's quantities: variance, alpha, beta[D], sigma. */
async function exactDraws(linear: LinearModel, posterior: LinearRegression, count: number, seed: number) {
  const { draws } = await posterior.sample(count, { seed });
  const width = draws.shape[2]!;
  const values = draws.data();
  const out = new Float64Array(count * (width + 1));
  for (let i = 0; i < count; i++) {
    const sigma = values[i * width + width - 1]!;
    out[i * (width + 1)] = sigma ** 2;
    out.set(values.subarray(i * width, (i + 1) * width), i * (width + 1) + 1);
  }
  return drawsOf(linear.model, array(out, { shape: [count, width + 1] }), posterior.warnings);
}

/** Covariance of the coefficients without the intercept, [D, D]. */
async function slopesCovariance(posterior: LinearRegression, width: number): Promise<NdArray> {
  const all = (await posterior.covariance()).data();
  return array(
    Float64Array.from({ length: width * width }, (_, i) => all[(Math.floor(i / width) + 1) * (width + 1) + (i % width) + 1]!),
    { shape: [width, width] },
  );
}

/** The posterior of another outcome under the same prior, exact or as the best factorised normal of the coefficients. */
async function refit({ features, x, outcome }: LinearModel, y: NdArray, count: number, seed: number, factorised: boolean) {
  const { mean, sd } = momentsOf(outcome);
  const width = features.names.length;
  const posterior = await linearRegression({
    x: withOnes(x),
    y,
    prior: { mean: [mean, ...features.names.map(() => 0)], sd: relativeSd },
    noise: { shape: 1, rate: sd ** 2 },
  });
  if (!factorised) return posterior.sample(count, { seed });
  const variance = await bestFactorised.runAsync([await posterior.covariance()]);
  const random = new Random(seed, 7);
  const [centre, spread] = [posterior.mean.data(), variance.data()];
  const values = Float64Array.from({ length: count * (width + 1) }, (_, i) =>
    random.normal(centre[i % (width + 1)]!, Math.sqrt(spread[i % (width + 1)]!)),
  );
  const draws = array(values, { shape: [1, count, width + 1] });
  return { names: posterior.names, draws, unconstrained: draws, logDensity: draws, stats: {}, warnings: [] };
}

/** Variances of the best factorised normal: what each coefficient has with the others held. */
const bestFactorised = program((covariance: Tensor) => diagonal(inverse(covariance, { positiveDefinite: true })).pow(-1), {
  name: "best factorised normal",
});

function chosenColumns(rows: NdArray, all: readonly string[], names: readonly string[]): NdArray {
  const [width, values] = [all.length, rows.data()];
  const places = names.map((name) => all.indexOf(name));
  return array(
    Float64Array.from(
      { length: (values.length / width) * names.length },
      (_, i) => values[Math.floor(i / names.length) * width + places[i % names.length]!]!,
    ),
    { shape: [values.length / width, names.length] },
  );
}

const least = (y: Float64Array): number => y.reduce((a, b) => Math.min(a, b));
const most = (y: Float64Array): number => y.reduce((a, b) => Math.max(a, b));

function standardMoment(y: Float64Array, power: number): number {
  const { mean, sd } = momentsOf(y);
  return y.reduce((sum, value) => sum + ((value - mean) / sd) ** power, 0) / y.length;
}
const skewness = (y: Float64Array): number => standardMoment(y, 3);
const kurtosis = (y: Float64Array): number => standardMoment(y, 4) - 3;
