import {
  chainSampler,
  type Draws,
  derivedSeed,
  eachSampler,
  identifiability,
  type Model,
  nuts,
  psis,
  type Statistic,
  simulateFrom,
  summarizeDraws,
  variationalLogistic,
} from "@credence/core";
import { cornerPlot, formatEstimate, formatNumber, type ReportSection } from "@credence/report";
import { array, type NdArray, type Tensor } from "@credence/tensor";
import type { Analysis, Quantity } from "./analysis.ts";
import { type Calibrated, type CalibratedMethod, calibratePhase, calibrationSection, coverage90Of } from "./calibrate.ts";
import { chosen, comparePhase } from "./compare.ts";
import { drawsOf, logDensityOf, pointwiseOf, priorOf } from "./evaluate.ts";
import { momentsOf } from "./features.ts";
import { chainSection, elboFigures, forestOf } from "./figures.ts";
import { type Fit, fitPhase, type Method, quantity } from "./fit.ts";
import { withOnes } from "./linear.ts";
import { type LogisticModel, logisticModel, logisticOf } from "./logistic.ts";
import { laplaceMethod, nutsMethod, variationalMethod } from "./methods.ts";
import type { RegressionProblem } from "./observation.ts";
import { type PoissonModel, poissonModel, poissonOf } from "./poisson.ts";
import { predictPhase } from "./predict.ts";
import type { Run } from "./run.ts";
import {
  chainFacts,
  costSection,
  differenceParagraphs,
  identifiabilitySection,
  methodTable,
  misfits,
  parameterTable,
  predictionTables,
  sayChains,
  warningParagraphs,
} from "./sections.ts";

/** Rows of the features, and data sets, that NUTS is calibrated on: chains are many, so data are few. */
const calibrationRows = 200;

/** What differs between classes and counts. */
interface Family {
  readonly regression: LogisticModel | PoissonModel;
  readonly formula: string;
  /** The methods beside NUTS, the reported one first. */
  readonly methods: readonly Method[];
  readonly calibrated: readonly CalibratedMethod[];
  /** Of NUTS under calibration: nearer to 1 where posteriors of simulated data differ much in scale, since all chains take one step size. */
  readonly calibrationAcceptance: number;
  /** The same model for other rows and outcomes. */
  of(x: NdArray, outcome: Float64Array | Tensor): Model;
  readonly statistics: (fit: Fit) => Readonly<Record<string, Statistic>>;
  sayEffect(label: string, mean: number, sd: number, scale: number): string;
}

/** Logistic and Poisson regression: variational families and Laplace beside NUTS. */
export async function glmAnalysis(run: Run, problem: RegressionProblem): Promise<Analysis> {
  const { seed, effort } = run;
  const family = problem.family === "logistic" ? await logisticFamily(run, problem) : await poissonFamily(run, problem);
  const { features, outcome, model, labels, warnings } = family.regression;
  const sampled = await fitPhase(run, nutsMethod(run, model));
  const fits: Fit[] = [];
  for (const method of family.methods) fits.push(await fitPhase(run, method));
  const [main] = fits as [Fit];

  const { names } = model;
  const labelOf = (name: string): string => labels[names.indexOf(name)] ?? name;
  const quantities = names.map((name): Quantity => ({ name, label: labelOf(name), unit: problem.unit }));
  const compared = await comparePhase(run, { fits, oracle: sampled, names, labels, classified: [main.key] });
  const predicted = await predictPhase(run, {
    candidates: [{ label: sampled.facts.label, model, fit: sampled }],
    observed: outcome,
    statistics: family.statistics(sampled),
  });
  const calibrated = await calibrateGlm(run, family);
  const prior = await priorOf(model, 4000, derivedSeed(seed, 21));
  const told = identifiability({ names: labels, posterior: chosen(sampled, names), prior });
  const chains = chainFacts(sampled);
  const summary = (name: string) => summarizeDraws(quantity(sampled, name), "");
  const slopes = names.filter((name) => name.startsWith("beta"));
  const strongest = slopes.map((name) => ({ name, ...summary(name) })).sort((a, b) => Math.abs(b.mean) - Math.abs(a.mean));
  const shown = strongest.slice(0, Math.min(3, strongest.length)).map(({ name }) => name);
  const { c2st } = compared.differences.find(({ key }) => key === main.key)!;
  const worst = compared.differences.reduce((a, b) => (a.sdRatioMin <= b.sdRatioMin ? a : b));
  const worstLabel = fits.find(({ key }) => key === worst.key)!.facts.label;
  const [first] = calibrated.facts.methods as [Calibrated["facts"]["methods"][0]];
  const costs = [
    ...[sampled, ...fits].map((fit) => ({ label: fit.facts.label, seconds: fit.seconds, kind: "infer" as const })),
    { label: "comparison with a classifier", seconds: compared.seconds, kind: "check" as const },
    { label: "prediction", seconds: predicted.seconds, kind: "check" as const },
    { label: "calibration", seconds: calibrated.seconds, kind: "check" as const },
  ];
  const say = ({ name, mean, sd }: (typeof strongest)[0]): string =>
    family.sayEffect(labelOf(name), mean, sd, features.scale[slopes.indexOf(name)]!);
  return {
    answer: `${capital(say(strongest[0]!))}${strongest.length > 1 ? `; ${say(strongest[1]!)}` : ""}. ${worstLabel} is the least accurate of the approximations: it gives ${worst.sdRatioMinOf} ${formatNumber(100 * worst.sdRatioMin, 2)} % of its standard deviation.`,
    cards: [
      {
        label: "data",
        value: `${formatNumber(features.rows)} rows`,
        note: `${features.names.length} features${warnings.length > 0 ? "; read the warning below" : ""}`,
      },
      {
        label: `C2ST, ${main.facts.label} against NUTS`,
        value: c2st!,
        note: `0.5 is indistinguishable; k-hat ${main.facts.kHat === null ? "–" : formatNumber(main.facts.kHat, 2)}`,
      },
      {
        label: "leave-one-out",
        value: predicted.facts.scores[0]!.elpd,
        unit: "nats",
        note: `± ${formatNumber(predicted.facts.scores[0]!.standardError, 2)}`,
      },
      {
        label: "coverage of 90 % intervals",
        value: coverage90Of(first),
        note: `${first.label}, ${calibrated.facts.replicates} replicates`,
      },
    ],
    sections: [
      {
        heading: "What was inferred",
        paragraphs: [
          family.formula,
          ...(run.observation.note ? [`${run.observation.note.charAt(0).toUpperCase()}${run.observation.note.slice(1)}.`] : []),
          ...warnings.map((warning) => `*Warning*: ${warning}.`),
        ],
        figures: [
          {
            figure: await cornerPlot({
              parameters: shown.map((name) => ({ name: labelOf(name), unit: problem.unit })),
              samples: { label: main.facts.label, draws: chosen(main, shown).data() },
              oracle: { label: "NUTS", draws: chosen(sampled, shown).data() },
            }),
            caption: `The ${shown.length} strongest coefficients: filled *${main.facts.label}*, lines *NUTS*.`,
          },
        ],
        tables: [parameterTable(sampled, quantities, "Coefficients are per standard deviation of the feature; draws of NUTS.")],
      },
      {
        heading: "Do the methods agree",
        paragraphs: [
          sayChains(sampled, chains),
          ...differenceParagraphs(fits, compared.differences),
          ...warningParagraphs([sampled, ...fits]),
        ],
        figures: [
          await forestOf(
            [sampled, ...fits],
            strongest.slice(0, 8).map(({ name }) => quantities.find((one) => one.name === name)!),
            `${problem.unit} per sd of the feature`,
            0,
          ),
          ...(await elboFigures(fits)),
        ],
        tables: [methodTable(sampled, fits, compared.differences)],
      },
      await chainSection(sampled, quantities, shown),
      await calibrationSection(
        calibrated,
        labelOf,
        `Coefficients were drawn from the prior and outcomes simulated ${calibrated.facts.replicates} times, for ${Math.min(calibrationRows, features.rows)} rows of these features.`,
      ),
      await predictionSection(problem, predicted.facts, sampled, family, predicted.replicated),
      identifiabilitySection(told, warnings.length > 0 ? [`Remember: ${warnings.join("; ")}.`] : []),
      costSection(costs),
    ],
    quantities,
    main,
    oracle: sampled,
    checks: {
      c2stOracle: c2st!,
      sbc: Object.fromEntries(first.names.map((name, d) => [labelOf(name), { pValue: first.pValue[d]! }])),
      coverage90: coverage90Of(first),
      calibration: calibrated.facts.methods.map((method) => ({
        label: method.label,
        calibrated: method.calibrated,
        coverage90: coverage90Of(method),
      })),
      methods: compared.differences.map((difference) => ({ ...difference })),
      kHat: Object.fromEntries(fits.flatMap(({ key, facts: { kHat } }) => (kHat === null ? [] : [[key, kHat]]))),
      elbo: Object.fromEntries(fits.flatMap(({ key, facts: { elbo } }) => (elbo === null ? [] : [[key, elbo.value]]))),
      chains: { ...chains },
      loo: predicted.facts.scores.map((score) => ({ ...score })),
      predictivePValues: Object.fromEntries(predicted.facts.statistics.map(({ name, pValue }) => [name, pValue])),
      warnings: [...warnings],
    },
    costs,
    groups: {
      prior,
      logLikelihood: await pointwiseOf(model, sampled),
      replicated: predicted.replicated,
      observed: array(outcome),
      dimensions: { y: ["row"], beta: ["feature"] },
      coordinates: { feature: features.names },
      variable: "y",
      unit: problem.family === "poisson" ? problem.outcomeName : "1",
    },
  };

  async function calibrateGlm(r: Run, own: Family): Promise<Calibrated> {
    const { of, regression } = own;
    const rows = Math.min(calibrationRows, regression.features.rows);
    const width = regression.features.names.length;
    const x = array(regression.features.x.slice(0, rows * width), { shape: [rows, width] });
    const replicates = effort.replicates >= 500 ? 200 : 100;
    const sampler = chainSampler(
      (y) => of(x, y),
      (target, { chains: count, seed: s, signal }) =>
        nuts(target, {
          chains: count,
          warmup: 300,
          draws: 3 * effort.replicateDraws,
          seed: s,
          targetAcceptance: own.calibrationAcceptance,
          ...(signal && { signal }),
        }),
    );
    return calibratePhase(r, {
      names: regression.model.names,
      simulate: simulateFrom(of(x, regression.outcome.slice(0, rows))),
      methods: [{ label: "NUTS", sampler }, ...own.calibrated],
      replicates,
    });
  }
}

async function logisticFamily(run: Run, problem: RegressionProblem): Promise<Family> {
  const regression = await logisticModel({ features: problem.features, outcome: problem.outcome }, problem.logisticPrior);
  const { model, x, outcome, prior, features } = regression;
  const sd = [prior.interceptSd, ...features.names.map(() => prior.coefficientSd)];
  const bound = async (features: NdArray, y: NdArray | Float64Array) =>
    variationalLogistic({ x: withOnes(features), y, names: model.names, prior: { sd } });
  const jaakkolaJordan: Method = {
    key: "jaakkola-jordan",
    label: "Jaakkola-Jordan",
    async run() {
      const fit = await bound(x, outcome);
      const drawn = await fit.sample(run.effort.fitDraws, { seed: derivedSeed(run.seed, 16) });
      return {
        draws: await drawsOf(model, rows(drawn), fit.warnings),
        elbo: {
          value: fit.ascent.elbo,
          standardError: 0,
          reconstruction: fit.ascent.reconstruction,
          regularisation: fit.ascent.regularisation,
        },
        kHat: await kHatOf(model, drawn),
        trace: fit.ascent.history,
      };
    },
  };
  const calibrationRowsOf = (y: NdArray): NdArray => {
    const n = y.size;
    return array(features.x.slice(0, n * features.names.length), { shape: [n, features.names.length] });
  };
  return {
    regression,
    formula: `The model: \`P(${problem.outcomeName}) = 1 / (1 + exp(-(alpha + x beta)))\`, features standardised, coefficients \`N(0, ${prior.coefficientSd}²)\`, intercept \`N(0, ${prior.interceptSd}²)\`.`,
    methods: [
      variationalMethod(run, model, "flow", { steps: run.effort.flowSteps }),
      variationalMethod(run, model, "full-rank"),
      laplaceMethod(run, model),
      jaakkolaJordan,
      variationalMethod(run, model, "mean-field"),
    ],
    calibrated: [
      {
        label: "Jaakkola-Jordan",
        sampler: eachSampler(async (y, { draws, seed }) => (await bound(calibrationRowsOf(y), y)).sample(draws, { seed })),
      },
    ],
    calibrationAcceptance: 0.8,
    of: (features, y) => logisticOf(features, prior, y),
    statistics: (fit) => {
      const eta = linearPredictorOf(fit, features.x, features.rows);
      const order = Array.from(eta.keys()).sort((a, b) => eta[b]! - eta[a]!);
      const share =
        (places: readonly number[]): Statistic =>
        (y) =>
          places.reduce((sum, i) => sum + y[i]!, 0) / places.length;
      const tenth = Math.max(1, Math.round(order.length / 10));
      return {
        [`share of ${problem.outcomeName}`]: (y) => momentsOf(y).mean,
        "share in the riskiest tenth": share(order.slice(0, tenth)),
        "share in the middle fifth": share(order.slice(4 * tenth, 6 * tenth)),
        "share in the safest fifth": share(order.slice(-2 * tenth)),
      };
    },
    sayEffect: (label, mean, sdOf) =>
      `the odds of ${problem.outcomeName} change by a factor of *${formatNumber(Math.exp(mean), 3)}* (${formatNumber(Math.exp(mean - 1.645 * sdOf), 2)} to ${formatNumber(Math.exp(mean + 1.645 * sdOf), 2)}) per standard deviation of ${label}`,
  };
}

async function poissonFamily(run: Run, problem: RegressionProblem): Promise<Family> {
  const regression = await poissonModel({ features: problem.features, outcome: problem.outcome }, problem.poissonPrior);
  const { model, prior } = regression;
  return {
    regression,
    formula: `The model: \`${problem.outcomeName} ~ Poisson(exp(alpha + x beta))\`, features standardised, coefficients \`N(0, ${prior.coefficientSd}²)\`, intercept \`N(${formatNumber(prior.logMean, 3)}, 1)\`, the logarithm of the mean count.`,
    methods: [variationalMethod(run, model, "full-rank"), laplaceMethod(run, model), variationalMethod(run, model, "mean-field")],
    calibrated: [],
    calibrationAcceptance: 0.99,
    of: (features, y) => poissonOf(features, prior, y),
    statistics: () => ({
      "variance over mean": (y) => momentsOf(y).sd ** 2 / momentsOf(y).mean,
      smallest: (y) => y.reduce((a, b) => Math.min(a, b)),
      largest: (y) => y.reduce((a, b) => Math.max(a, b)),
      "mean step from row to row": (y) => y.subarray(1).reduce((sum, value, i) => sum + Math.abs(value - y[i]!), 0) / (y.length - 1),
    }),
    sayEffect: (label, mean, sd) =>
      `log ${problem.outcomeName} changes by *${formatEstimate(mean, sd)}* per standard deviation of ${label}`,
  };
}

const rows = ({ draws }: Draws): NdArray => array(Float64Array.from(draws.data()), { shape: draws.shape.slice(1) });

/** k-hat of draws whose log density is that of the approximation, in the model's own coordinates. */
async function kHatOf(model: Model, drawn: Draws): Promise<number> {
  const own = drawn.logDensity.data();
  const target = (await logDensityOf(model, rows(drawn))).data();
  return psis(Float64Array.from(target, (value, i) => value - own[i]!)).kHat;
}

/** Posterior mean of alpha + x beta, by row. */
function linearPredictorOf(fit: Fit, x: Float64Array, count: number): Float64Array {
  const width = x.length / count;
  const centre = fit.facts.names.slice(0, width + 1).map((name) => momentsOf(quantity(fit, name)).mean);
  return Float64Array.from({ length: count }, (_, i) => {
    let sum = centre[0]!;
    for (let d = 0; d < width; d++) sum += centre[d + 1]! * x[i * width + d]!;
    return sum;
  });
}

async function predictionSection(
  problem: RegressionProblem,
  facts: Awaited<ReturnType<typeof predictPhase>>["facts"],
  fit: Fit,
  { regression: { features, outcome } }: Family,
  replicated: NdArray,
): Promise<ReportSection> {
  const [score] = facts.scores as [(typeof facts.scores)[0]];
  const predictable =
    problem.family === "logistic" ? reliability(linearPredictorOf(fit, features.x, features.rows), outcome, replicated) : undefined;
  return {
    heading: "Does it predict the data",
    paragraphs: [
      problem.family === "logistic"
        ? `A new case is predicted with ${formatNumber(-score.elpd / features.rows, 3)} nats of surprise; always guessing the share of ${problem.outcomeName} costs ${formatNumber(entropy(momentsOf(outcome).mean), 3)}.`
        : "A Poisson law has the variance of its mean: where the data scatter more than replicated ones, something that changes from row to row is missing.",
      ...misfits(facts),
      ...score.warnings,
    ],
    tables: [...(predictable ? [predictable] : []), ...predictionTables(facts)],
  };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const entropy = (p: number): number => -p * Math.log(p) - (1 - p) * Math.log1p(-p);

/** Observed shares in fifths of the linear predictor, beside replicated ones. */
function reliability(eta: Float64Array, outcome: Float64Array, replicated: NdArray) {
  const order = Array.from(eta.keys()).sort((a, b) => eta[a]! - eta[b]!);
  const values = replicated.data();
  const [count, size] = replicated.shape as [number, number];
  return {
    caption: "Fifths of the cases by predicted risk: the share observed, and the central 90 % of replicated shares.",
    columns: ["", "cases", "observed share", "5 %", "95 %"].map((label) => ({ label })),
    rows: Array.from({ length: 5 }, (_, fifth) => {
      const places = order.slice(Math.floor((fifth * size) / 5), Math.floor(((fifth + 1) * size) / 5));
      const shares = Array.from({ length: count }, (_, r) => places.reduce((sum, i) => sum + values[r * size + i]!, 0) / places.length);
      const { q05, q95 } = summarizeDraws(shares, "");
      return [
        ["lowest", "second", "third", "fourth", "highest"][fifth]!,
        places.length,
        places.reduce((sum, i) => sum + outcome[i]!, 0) / places.length,
        q05,
        q95,
      ];
    }),
  };
}
