import { derivedSeed, eachSampler, identifiability, model, normal, observed, simulateFrom, summarizeDraws } from "@credence/core";
import { cornerPlot, formatEstimate, formatNumber } from "@credence/report";
import { array } from "@credence/tensor";
import type { Analysis, Quantity } from "./analysis.ts";
import { calibratePhase, calibrationSection, coverage90Of } from "./calibrate.ts";
import { chosen, comparePhase } from "./compare.ts";
import { estimatesPosterior } from "./estimates-oracle.ts";
import { pointwiseOf, priorOf } from "./evaluate.ts";
import { momentsOf } from "./features.ts";
import { chainSection, elboFigures, forestOf } from "./figures.ts";
import { fitPhase, quantity } from "./fit.ts";
import { nutsMethod, variationalMethod } from "./methods.ts";
import { estimatesModel } from "./multilevel.ts";
import type { Problem } from "./observation.ts";
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

/** Scale of the priors of mu and tau. */
const scale = 5;

/** Partial pooling of estimates with known errors: eight schools. */
export async function estimatesAnalysis(run: Run, problem: Extract<Problem, { kind: "estimates" }>): Promise<Analysis> {
  const { estimates, errors, groupNames, unit } = problem;
  const { seed, effort } = run;
  const noncentred = estimatesModel({ estimates, errors }, { scale });
  const centred = estimatesModel({ estimates, errors }, { scale, noncentred: false });
  const exact = await estimatesPosterior(noncentred, estimates, errors, scale);
  const quadrature = await fitPhase(run, {
    key: "quadrature",
    label: "quadrature",
    run: async () => ({ draws: await exact.sample(effort.fitDraws, derivedSeed(seed, 6)), logEvidence: exact.logEvidence }),
  });
  const sampled = await fitPhase(run, nutsMethod(run, noncentred, { targetAcceptance: 0.9 }));
  const fullRank = await fitPhase(run, variationalMethod(run, noncentred, "full-rank"));
  const meanField = await fitPhase(run, variationalMethod(run, noncentred, "mean-field", { label: "mean-field VI, non-centred" }));
  const centredMeanField = await fitPhase(
    run,
    variationalMethod(run, centred, "mean-field", { key: "mean-field-centred", label: "mean-field VI, centred" }),
  );
  const pooled = model({ mu: normal(0, scale) }, ({ mu }) => ({ y: observed(normal(mu, array(errors)), estimates) }));
  const pooledFit = await fitPhase(run, nutsMethod(run, pooled, { key: "pooled", label: "complete pooling, NUTS" }));

  const { names } = noncentred;
  const labels = ["mean effect", "spread between schools", ...groupNames];
  const labelOf = (name: string): string => labels[names.indexOf(name)] ?? name;
  const quantities = names.map((name): Quantity => ({ name, label: labelOf(name), unit }));
  const fits = [sampled, fullRank, meanField, centredMeanField];
  const compared = await comparePhase(run, { fits, oracle: quadrature, names, labels, classified: [sampled.key, meanField.key] });
  const predicted = await predictPhase(run, {
    candidates: [
      { label: "partial pooling", model: noncentred, fit: sampled },
      { label: "complete pooling", model: pooled, fit: pooledFit },
    ],
    observed: estimates,
    statistics: {
      smallest: (y) => y.reduce((a, b) => Math.min(a, b)),
      largest: (y) => y.reduce((a, b) => Math.max(a, b)),
      "standard deviation": (y) => momentsOf(y).sd,
    },
  });
  const calibrated = await calibratePhase(run, {
    names,
    simulate: simulateFrom(noncentred),
    replicates: 300,
    methods: [
      {
        label: "quadrature",
        sampler: eachSampler(async (y, { draws, seed: own }) =>
          (await estimatesPosterior(noncentred, Float64Array.from(y.data()), errors, scale)).sample(draws, own),
        ),
      },
    ],
  });
  const prior = await priorOf(noncentred, 4000, derivedSeed(seed, 21));
  // The half-Cauchy prior of tau has no variance: its logarithm has.
  const logTau = (values: ArrayLike<number>) => Float64Array.from(values, (value, i) => (i % names.length === 1 ? Math.log(value) : value));
  const told = identifiability({
    names: ["mean effect", "log spread between schools"],
    posterior: firstTwo(logTau(quadrature.draws.data()), names.length),
    prior: firstTwo(logTau(prior.data()), names.length),
  });
  const summary = (name: string) => summarizeDraws(quantity(sampled, name), "");
  const [mu, tau] = [summary("mu"), summary("tau")];
  const chains = chainFacts(sampled);
  const best = estimates.indexOf(estimates.reduce((a, b) => Math.max(a, b)));
  const bestSummary = summary(`theta[${best}]`);
  const [method] = calibrated.facts.methods as [(typeof calibrated.facts.methods)[0]];
  const differenceOf = (key: string) => compared.differences.find((difference) => difference.key === key)!;
  const costs = [
    ...[quadrature, ...fits, pooledFit].map((fit) => ({ label: fit.facts.label, seconds: fit.seconds, kind: "infer" as const })),
    { label: "comparison with classifiers", seconds: compared.seconds, kind: "check" as const },
    { label: "prediction", seconds: predicted.seconds, kind: "check" as const },
    { label: "calibration", seconds: calibrated.seconds, kind: "check" as const },
  ];
  const kHat = (value: number | null): string => (value === null ? "–" : formatNumber(value, 2));
  return {
    answer:
      `Coaching changes scores by *${formatEstimate(mu.mean, mu.sd)} ${unit}* on average. The ${estimates[best]} ± ${errors[best]} of ${groupNames[best]} are pulled to *${formatEstimate(bestSummary.mean, bestSummary.sd)}*: ` +
      `schools differ by ${formatNumber(tau.median, 2)} ${unit} (5 % to 95 %: ${formatNumber(tau.q05, 2)} to ${formatNumber(tau.q95, 2)}), which may be nothing at all.`,
    cards: [
      { label: "C2ST, NUTS against quadrature", value: differenceOf(sampled.key).c2st!, note: "0.5 is indistinguishable" },
      { label: "log evidence", value: exact.logEvidence, unit: "nats", note: "by quadrature over one number" },
      {
        label: "k-hat of mean-field",
        value: kHat(meanField.facts.kHat),
        note: `centred: ${kHat(centredMeanField.facts.kHat)}; trust ends at 0.7`,
      },
      { label: "coverage of 90 % intervals", value: coverage90Of(method), note: `quadrature, ${calibrated.facts.replicates} replicates` },
    ],
    sections: [
      {
        heading: "What was inferred",
        paragraphs: [
          `The model: estimates \`y_j ~ N(theta_j, s_j²)\` with their known errors, effects \`theta_j ~ N(mu, tau²)\`, \`mu ~ N(0, ${scale}²)\`, \`tau\` half-Cauchy(${scale}). Nothing is as flat as the data: each school borrows from the others as much as their spread allows.`,
        ],
        figures: [
          {
            figure: await cornerPlot({
              parameters: [
                { name: "mean effect", unit },
                { name: "spread", unit, low: 0 },
                { name: groupNames[best]!, unit },
              ],
              samples: { label: "NUTS", draws: chosen(sampled, ["mu", "tau", `theta[${best}]`]).data() },
              oracle: { label: "quadrature", draws: chosen(quadrature, ["mu", "tau", `theta[${best}]`]).data() },
            }),
            caption: "Filled: *NUTS*. Lines: *quadrature*. The funnel: where the spread is small, the school is held to the mean.",
          },
        ],
        tables: [
          parameterTable(sampled, quantities),
          {
            caption: "From each school alone (no pooling), from all as one (complete pooling), and in between.",
            columns: ["", "no pooling", "its error", "partial pooling", "its sd", "complete pooling"].map((label) => ({ label })),
            rows: groupNames.map((name, j) => {
              const { mean, sd } = summary(`theta[${j}]`);
              return [name, estimates[j]!, errors[j]!, mean, sd, summarizeDraws(quantity(pooledFit, "mu"), "").mean];
            }),
          },
        ],
      },
      {
        heading: "Do the methods agree",
        paragraphs: [
          "Given the spread everything is normal, so that a quadrature over one number is the exact answer.",
          sayChains(sampled, chains),
          `In centred coordinates a factorised normal cannot follow the funnel (k-hat ${kHat(centredMeanField.facts.kHat)}); in non-centred ones it comes nearer (${kHat(meanField.facts.kHat)}). Yao, Vehtari, Simpson and Gelman (2018, section 4.2) found the same order with another optimiser: 1.0 and 0.64.`,
          ...differenceParagraphs(fits, compared.differences),
          ...warningParagraphs([...fits, pooledFit]),
        ],
        figures: [await forestOf([quadrature, ...fits], quantities, unit), ...(await elboFigures(fits, exact.logEvidence))],
        tables: [methodTable(quadrature, fits, compared.differences)],
      },
      await chainSection(sampled, quantities, ["mu", "tau", `theta[${best}]`]),
      await calibrationSection(
        calibrated,
        labelOf,
        `${calibrated.facts.replicates} sets of effects were drawn from the prior and estimates simulated with these errors; the quadrature answered for each.`,
      ),
      {
        heading: "Does it predict the data",
        paragraphs: [...misfits(predicted.facts), ...predicted.facts.scores.flatMap(({ warnings }) => warnings)],
        tables: predictionTables(predicted.facts),
      },
      identifiabilitySection(told, [
        `Eight estimates say little of how schools differ: zero is as likely as ${formatNumber(tau.median, 2)} ${unit}, and the prior decides how far beyond ${formatNumber(tau.q95, 2)} one should look.`,
      ]),
      costSection(costs),
    ],
    quantities,
    main: sampled,
    oracle: quadrature,
    checks: {
      c2stOracle: differenceOf(sampled.key).c2st!,
      c2stMeanField: differenceOf(meanField.key).c2st!,
      sbc: Object.fromEntries(method.names.map((name, d) => [labelOf(name), { pValue: method.pValue[d]! }])),
      coverage90: coverage90Of(method),
      logEvidence: exact.logEvidence,
      kHat: Object.fromEntries(fits.flatMap(({ key, facts }) => (facts.kHat === null ? [] : [[key, facts.kHat]]))),
      elbo: Object.fromEntries(fits.flatMap(({ key, facts: { elbo } }) => (elbo === null ? [] : [[key, elbo.value]]))),
      methods: compared.differences.map((difference) => ({ ...difference })),
      chains: { ...chains },
      loo: predicted.facts.scores.map((score) => ({ ...score })),
      predictivePValues: Object.fromEntries(predicted.facts.statistics.map(({ name, pValue }) => [name, pValue])),
    },
    costs,
    groups: {
      prior,
      logLikelihood: await pointwiseOf(noncentred, sampled),
      replicated: predicted.replicated,
      observed: array(estimates),
      dimensions: { y: ["school"], theta: ["school"] },
      coordinates: { school: groupNames },
      variable: "y",
      unit,
    },
  };
}

function firstTwo(values: Float64Array, width: number) {
  const rows = values.length / width;
  return array(
    Float64Array.from({ length: rows * 2 }, (_, i) => values[Math.floor(i / 2) * width + (i % 2)]!),
    { shape: [rows, 2] },
  );
}
