import { derivedSeed, halfNormal, identifiability, model, normal, observed, plate, summarizeDraws } from "@credence/core";
import { cornerPlot, formatEstimate, formatNumber } from "@credence/report";
import { array, matmul, take } from "@credence/tensor";
import type { Analysis, Quantity } from "./analysis.ts";
import { chosen, comparePhase } from "./compare.ts";
import { pointwiseOf, priorOf } from "./evaluate.ts";
import { momentsOf } from "./features.ts";
import { chainSection, elboFigures, forestOf } from "./figures.ts";
import { fitPhase, quantity } from "./fit.ts";
import { nutsMethod, variationalMethod } from "./methods.ts";
import { multilevelModel } from "./multilevel.ts";
import { multilevelPosterior } from "./multilevel-oracle.ts";
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

/** Groups in the table of intercepts: the smallest and the largest. */
const tabled = 5;

/** Regression with an intercept for each group: radon in the counties of Minnesota. */
export async function multilevelAnalysis(run: Run, problem: Extract<Problem, { kind: "multilevel" }>): Promise<Analysis> {
  const { features, groupFeature, outcome, group, outcomeName, groupName, groupsName, unit } = problem;
  const { seed, effort } = run;
  const data = { features, outcome, group, options: { standardise: false } };
  const partial = await multilevelModel(data);
  const { model: target, groups } = partial;
  const exact = await multilevelPosterior(partial, group);
  const quadrature = await fitPhase(run, {
    key: "quadrature",
    label: "quadrature",
    run: async () => ({ draws: await exact.sample(effort.fitDraws, derivedSeed(seed, 6)), logEvidence: exact.logEvidence }),
  });
  const sampled = await fitPhase(run, nutsMethod(run, target));
  const fullRank = await fitPhase(run, variationalMethod(run, target, "full-rank"));
  const meanField = await fitPhase(run, variationalMethod(run, target, "mean-field"));
  const wider = await multilevelModel({ ...data, features: { ...features, ...groupFeature } });
  const widerFit = await fitPhase(
    run,
    nutsMethod(run, wider.model, { key: "with-group-feature", label: `with ${Object.keys(groupFeature).join(", ")}, NUTS` }),
  );
  const index = array(group);
  const apart = model(
    { sigma: halfNormal(1), beta: plate(normal(0, 10), partial.features.names.length), intercept: plate(normal(0, 10), groups) },
    ({ intercept, beta, sigma }) => ({ y: observed(normal(take(intercept, index).add(matmul(partial.x, beta)), sigma), outcome) }),
  );
  const apartFit = await fitPhase(run, nutsMethod(run, apart, { key: "no-pooling", label: "no pooling, NUTS" }));
  const together = model(
    { sigma: halfNormal(1), beta: plate(normal(0, 10), partial.features.names.length), mu: normal(0, 10) },
    ({ mu, beta, sigma }) => ({ y: observed(normal(matmul(partial.x, beta).add(mu), sigma), outcome) }),
  );
  const togetherFit = await fitPhase(run, nutsMethod(run, together, { key: "complete-pooling", label: "complete pooling, NUTS" }));

  const { names } = target;
  const labelOf = (name: string): string => {
    if (name === "mu") return `mean of ${groupName} intercepts`;
    if (name === "tau") return `spread between ${groupsName}`;
    if (name === "sigma") return `spread within ${groupsName}`;
    const place = /^intercept\[(\d+)\]$/.exec(name);
    return place === null ? partial.labels[names.indexOf(name)]! : `${groupName} ${Number(place[1]) + 1}`;
  };
  const labels = names.map(labelOf);
  const quantities = names.map((name): Quantity => ({ name, label: labelOf(name), unit }));
  const population = names.filter((name) => !name.startsWith("intercept"));
  const fits = [sampled, fullRank, meanField];
  const sizes = new Float64Array(groups);
  for (const g of group) sizes[g]!++;
  const bySize = Array.from({ length: groups }, (_, g) => g).sort((a, b) => sizes[a]! - sizes[b]!);
  const shown = [...bySize.slice(0, tabled), ...bySize.slice(-tabled)];
  const shownQuantities = shown.map((g) => quantities.find(({ name }) => name === `intercept[${g}]`)!);
  const seen = [...population, ...shown.map((g) => `intercept[${g}]`)];
  const compared = await comparePhase(run, { fits, oracle: quadrature, names, labels, classified: [sampled.key], seen });
  const groupMeans = (y: Float64Array): Float64Array => {
    const sums = new Float64Array(groups);
    group.forEach((g, i) => {
      sums[g]! += y[i]!;
    });
    return sums.map((sum, g) => sum / sizes[g]!);
  };
  const predicted = await predictPhase(run, {
    candidates: [
      { label: "partial pooling", model: target, fit: sampled },
      { label: `partial pooling with ${Object.keys(groupFeature).join(", ")}`, model: wider.model, fit: widerFit },
      { label: "no pooling", model: apart, fit: apartFit },
      { label: "complete pooling", model: together, fit: togetherFit },
    ],
    observed: outcome,
    statistics: {
      smallest: (y) => y.reduce((a, b) => Math.min(a, b)),
      largest: (y) => y.reduce((a, b) => Math.max(a, b)),
      [`spread of ${groupName} means`]: (y) => momentsOf(groupMeans(y)).sd,
      [`highest ${groupName} mean`]: (y) => groupMeans(y).reduce((a, b) => Math.max(a, b)),
    },
  });
  const prior = await priorOf(target, 4000, derivedSeed(seed, 21));
  const told = identifiability({
    names: population.map(labelOf),
    posterior: chosen(quadrature, population),
    prior: columns(prior.data(), names, population),
  });
  const summary = (name: string) => summarizeDraws(quantity(sampled, name), "");
  const [tau, sigma] = [summary("tau"), summary("sigma")];
  const slope = partial.features.names[0]!;
  const effect = summary("beta[0]");
  const chains = chainFacts(sampled);
  const differenceOf = (key: string) => compared.differences.find((difference) => difference.key === key)!;
  const scoreOf = (label: string) => predicted.facts.scores.find((score) => score.label === label)!;
  const gain = (better: string, worse: string): number => scoreOf(better).elpd - scoreOf(worse).elpd;
  const costs = [
    ...[quadrature, ...fits, widerFit, apartFit, togetherFit].map((fit) => ({
      label: fit.facts.label,
      seconds: fit.seconds,
      kind: "infer" as const,
    })),
    { label: "comparison with a classifier", seconds: compared.seconds, kind: "check" as const },
    { label: "prediction", seconds: predicted.seconds, kind: "check" as const },
  ];
  const [withFeature] = [predicted.facts.scores[1]!.label];
  return {
    answer:
      `${slope.charAt(0).toUpperCase()}${slope.slice(1)} changes ${outcomeName} by *${formatEstimate(effect.mean, effect.sd)}* (a factor of ${formatNumber(Math.exp(effect.mean), 2)}). ` +
      `Between ${groupsName} the spread is *${formatEstimate(tau.mean, tau.sd)}*, within them ${formatEstimate(sigma.mean, sigma.sd)}: ` +
      `partial pooling predicts a new home better than each ${groupName} alone by ${formatNumber(gain("partial pooling", "no pooling"), 2)} nats, and better than all as one by ${formatNumber(gain("partial pooling", "complete pooling"), 2)}.`,
    cards: [
      {
        label: "C2ST, NUTS against quadrature",
        value: differenceOf(sampled.key).c2st!,
        note: `${seen.length} quantities; 0.5 is indistinguishable`,
      },
      { label: "log evidence", value: exact.logEvidence, unit: "nats", note: "by quadrature over two numbers" },
      { label: "largest R-hat", value: formatNumber(chains.rHatMax, 4), note: `${formatNumber(chains.essMin)} effective draws at least` },
      {
        label: "smallest sd of mean-field",
        value: formatNumber(differenceOf(meanField.key).sdRatioMin, 2),
        note: `of the exact one: ${differenceOf(meanField.key).sdRatioMinOf}`,
      },
    ],
    sections: [
      {
        heading: "What was inferred",
        paragraphs: [
          `The model: \`y = intercept + x beta + e\`, \`e ~ N(0, sigma²)\`, one intercept for each of ${groups} ${groupsName}, drawn from \`N(mu, tau²)\`. A ${groupName} with few rows is held to the mean of all, one with many speaks for itself.`,
        ],
        figures: [
          {
            figure: await cornerPlot({
              parameters: [
                { name: labelOf("tau"), unit, low: 0 },
                { name: labelOf("sigma"), unit, low: 0 },
                { name: slope, unit },
              ],
              samples: { label: "NUTS", draws: chosen(sampled, ["tau", "sigma", "beta[0]"]).data() },
              oracle: { label: "quadrature", draws: chosen(quadrature, ["tau", "sigma", "beta[0]"]).data() },
            }),
            caption: "Filled: *NUTS*. Lines: *quadrature*.",
          },
          {
            ...(await forestOf([apartFit, sampled], shownQuantities, unit)),
            caption: `The ${tabled} smallest and the ${tabled} largest ${groupsName}, alone and pooled: the fewer rows, the further they are pulled.`,
          },
        ],
        tables: [
          parameterTable(
            sampled,
            quantities.filter(({ name }) => population.includes(name)),
          ),
          {
            caption: `The ${tabled} smallest and the ${tabled} largest ${groupsName}: alone, and pooled.`,
            columns: ["", "rows", "no pooling", "its sd", "partial pooling", "its sd"].map((label) => ({ label })),
            rows: shown.map((g) => {
              const [own, pooled] = [summarizeDraws(quantity(apartFit, `intercept[${g}]`), ""), summary(`intercept[${g}]`)];
              return [`${groupName} ${g + 1}`, sizes[g]!, own.mean, own.sd, pooled.mean, pooled.sd];
            }),
          },
        ],
      },
      {
        heading: "Do the methods agree",
        paragraphs: [
          "Given the two spreads everything is normal, so that a quadrature over them is the exact answer.",
          sayChains(sampled, chains),
          ...differenceParagraphs(fits, compared.differences),
          ...warningParagraphs([...fits, widerFit, apartFit, togetherFit]),
        ],
        figures: [
          await forestOf(
            [quadrature, ...fits],
            [...quantities.filter(({ name }) => population.includes(name)), shownQuantities[0]!, shownQuantities.at(-1)!],
            unit,
          ),
          ...(await elboFigures(fits, exact.logEvidence)),
        ],
        tables: [methodTable(quadrature, fits, compared.differences)],
      },
      await chainSection(
        sampled,
        [...quantities.filter(({ name }) => population.includes(name)), ...shownQuantities],
        ["tau", "sigma", "beta[0]", `intercept[${bySize[0]!}]`],
      ),
      {
        heading: "Does it predict the data",
        paragraphs: [
          `${formatNumber(100 * predicted.facts.coverage90, 3)} % of the outcomes lie within the central 90 % band of their replicates. Adding ${Object.keys(groupFeature).join(", ")} gains ${formatNumber(gain(withFeature, "partial pooling"), 2)} nats.`,
          ...misfits(predicted.facts),
          ...predicted.facts.scores.flatMap(({ label, warnings }) => warnings.map((warning) => `*${label}*: ${warning}`)),
        ],
        tables: predictionTables(predicted.facts),
      },
      identifiabilitySection(told, [
        `The intercept of a ${groupName} with one row is told by the others: its sd is ${formatNumber(summary(`intercept[${bySize[0]!}]`).sd, 2)}, of the spread ${formatNumber(tau.mean, 2)} between all. Calibration by simulation was not run: each replicate would be a fit of ${names.length} quantities; the quadrature stands in its place.`,
      ]),
      costSection(costs),
    ],
    quantities,
    main: sampled,
    oracle: quadrature,
    checks: {
      c2stOracle: differenceOf(sampled.key).c2st!,
      logEvidence: exact.logEvidence,
      methods: compared.differences.map((difference) => ({ ...difference })),
      kHat: Object.fromEntries(fits.flatMap(({ key, facts: { kHat } }) => (kHat === null ? [] : [[key, kHat]]))),
      elbo: Object.fromEntries(fits.flatMap(({ key, facts: { elbo } }) => (elbo === null ? [] : [[key, elbo.value]]))),
      chains: { ...chains },
      loo: predicted.facts.scores.map((score) => ({ ...score })),
      predictivePValues: Object.fromEntries(predicted.facts.statistics.map(({ name, pValue }) => [name, pValue])),
      predictiveCoverage90: predicted.facts.coverage90,
    },
    costs,
    groups: {
      prior,
      logLikelihood: await pointwiseOf(target, sampled),
      replicated: predicted.replicated,
      observed: array(outcome),
      dimensions: { y: ["row"], beta: ["feature"], intercept: [groupName] },
      coordinates: { feature: partial.features.names, [groupName]: Array.from({ length: groups }, (_, g) => `${g + 1}`) },
      variable: "y",
      unit,
    },
  };
}

function columns(values: ArrayLike<number>, all: readonly string[], names: readonly string[]) {
  const [width, places] = [all.length, names.map((name) => all.indexOf(name))];
  const rows = values.length / width;
  return array(
    Float64Array.from({ length: rows * names.length }, (_, i) => values[Math.floor(i / names.length) * width + places[i % names.length]!]!),
    {
      shape: [rows, names.length],
    },
  );
}
