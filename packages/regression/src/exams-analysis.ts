import {
  correlation,
  derivedSeed,
  eachSampler,
  identifiability,
  linearGaussian,
  type Model,
  normalMeanField,
  Random,
  type Statistic,
  summarizeDraws,
} from "@credence/core";
import { cornerPlot, formatEstimate, formatNumber, type Parameter } from "@credence/report";
import { array, type NdArray, random, type Tensor } from "@credence/tensor";
import type { Analysis, Quantity } from "./analysis.ts";
import { type CalibratedMethod, calibratePhase, calibrationSection, coverage90Of } from "./calibrate.ts";
import { chosen, comparePhase } from "./compare.ts";
import { pointwiseOf, priorOf } from "./evaluate.ts";
import type { ExamData } from "./exams.ts";
import { chainSection, elboFigures, forestOf, tiltFigure } from "./figures.ts";
import { type Fit, fitPhase, quantity } from "./fit.ts";
import { baseFrom, nutsMethod, variationalMethod } from "./methods.ts";
import { multitaskModel } from "./multitask.ts";
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
import { type Surprise, surpriseOf } from "./surprise.ts";

/** A class of the school's whose mean in physics is this far above what was expected of it. */
const surprise = { pupils: 10, points: 15 } as const;

const unit = "points";

/** Schools in two subjects: what a surprise in one says of the other, and which approximations hear it. */
export async function examsAnalysis(run: Run, data: ExamData): Promise<Analysis> {
  const { seed } = run;
  const { tasks, groups, target, truth, score, group, task } = data;
  const noncentred = multitaskModel(data, { noncentred: true });
  const centred = multitaskModel(data);
  const sampled = await fitPhase(run, nutsMethod(run, noncentred));
  const other = await fitPhase(run, nutsMethod(run, centred, { key: "nuts-centred", label: "NUTS, centred", targetAcceptance: 0.9 }));
  const fullRank = await fitPhase(run, variationalMethod(run, noncentred, "full-rank", { label: "full-rank VI, non-centred" }));
  // Left to find a start by itself, it climbs from where the spreads are nearly 0 and the centred density has no bound.
  const meanField = await fitPhase(
    run,
    variationalMethod(run, centred, "mean-field", { label: "mean-field VI, centred", base: () => baseFrom(fullRank, centred) }),
  );
  const raw = await fitPhase(
    run,
    variationalMethod(run, noncentred, "mean-field", { key: "mean-field-noncentred", label: "mean-field VI, non-centred" }),
  );
  const apart = multitaskModel(data, { noncentred: true, concentration: 1e6 });
  const apartFit = await fitPhase(run, nutsMethod(run, apart, { key: "apart", label: "subjects apart, NUTS" }));

  const schools = Array.from({ length: groups }, (_, j) => tasks.map((_, t) => `theta[${j},${t}]`)).flat();
  const population = ["mu[0]", "mu[1]", "tau[0]", "tau[1]", "sigma[0]", "sigma[1]", "correlation[1,0]"];
  const names = [...population, ...schools];
  const labelOf = labelling(tasks);
  const labels = names.map(labelOf);
  const quantities = names.map((name): Quantity => ({ name, label: labelOf(name), unit: name.startsWith("correlation") ? "1" : unit }));
  const fits = [other, fullRank, meanField, raw];
  const compared = await comparePhase(run, { fits, oracle: sampled, names, labels, classified: [other.key] });
  const pair = [`theta[${target},0]`, `theta[${target},1]`] as const;
  const pairParameters = tasks.map((name) => ({ name: `${name}, school ${target + 1}`, unit })) as unknown as readonly [
    Parameter,
    Parameter,
  ];
  const surprises = [sampled, other, fullRank, raw, meanField, apartFit].map((fit) => ({ fit, told: surpriseIn(fit, pair) }));
  const [exact] = surprises as [(typeof surprises)[0]];
  const deaf = surprises.find(({ fit }) => fit === meanField)!;

  const meansOf = (y: Float64Array, t: number): number[] =>
    Array.from({ length: groups }, (_, j) => {
      const own = y.filter((_, k) => group[k] === j && task[k] === t);
      return own.length === 0 ? Number.NaN : own.reduce((a, b) => a + b) / own.length;
    });
  const both: Statistic = (y) => {
    const [physics, chemistry] = [meansOf(y, 0), meansOf(y, 1)];
    const kept = physics.flatMap((value, j) => (Number.isFinite(value + chemistry[j]!) ? [j] : []));
    return correlation(
      kept.map((j) => physics[j]!),
      kept.map((j) => chemistry[j]!),
    );
  };
  const spread =
    (t: number): Statistic =>
    (y) =>
      summarizeDraws(meansOf(y, t).filter(Number.isFinite), "").sd;
  const predicted = await predictPhase(run, {
    candidates: [
      { label: "subjects together", model: noncentred, fit: sampled },
      { label: "subjects apart", model: apart, fit: apartFit },
    ],
    observed: data.score as Float64Array,
    statistics: {
      [`spread of ${tasks[0]} means`]: spread(0),
      [`spread of ${tasks[1]} means`]: spread(1),
      "correlation of the means": both,
      "lowest score": (y) => y.reduce((a, b) => Math.min(a, b)),
      "highest score": (y) => y.reduce((a, b) => Math.max(a, b)),
    },
  });
  const known = knownPopulation(data);
  const calibrated = await calibratePhase(run, { names: tasks, simulate: known.simulate, methods: known.methods, replicates: 300 });
  const [exactCalibration, meanFieldCalibration] = calibrated.facts.methods as [
    (typeof calibrated.facts.methods)[0],
    (typeof calibrated.facts.methods)[0],
  ];
  const prior = await priorOf(noncentred, 4000, derivedSeed(seed, 21));
  const told = identifiability({
    names: population.map(labelOf),
    posterior: chosen(sampled, population),
    prior: columns(prior, noncentred, population),
  });
  const summary = (name: string) => summarizeDraws(quantity(sampled, name), "");
  const truths: readonly [string, number][] = [
    ...truth.mu.map((value, t): [string, number] => [`mu[${t}]`, value]),
    ...truth.tau.map((value, t): [string, number] => [`tau[${t}]`, value]),
    ...truth.sigma.map((value, t): [string, number] => [`sigma[${t}]`, value]),
    ["correlation[1,0]", truth.correlation],
    ...truth.theta.flatMap((row, j) => row.map((value, t): [string, number] => [`theta[${j},${t}]`, value])),
  ];
  const inside = (fit: Fit): number =>
    truths.filter(([name, value]) => within(summarizeDraws(quantity(fit, name), ""), value)).length / truths.length;
  const rho = summary("correlation[1,0]");
  const chains = chainFacts(sampled);
  const differenceOf = (key: string) => compared.differences.find((difference) => difference.key === key)!;
  const [togetherScore, apartScore] = predicted.facts.scores as [(typeof predicted.facts.scores)[0], (typeof predicted.facts.scores)[0]];
  const costs = [
    ...[sampled, ...fits, apartFit].map((fit) => ({ label: fit.facts.label, seconds: fit.seconds, kind: "infer" as const })),
    { label: "comparison with a classifier", seconds: compared.seconds, kind: "check" as const },
    { label: "prediction", seconds: predicted.seconds, kind: "check" as const },
    { label: "calibration", seconds: calibrated.seconds, kind: "check" as const },
  ];
  const points = (value: number): string => `${value >= 0 ? "+" : "-"}${formatNumber(Math.abs(value), 2)}`;
  return {
    answer:
      `Schools good in ${tasks[0]} are good in ${tasks[1]}: their effects correlate by *${formatEstimate(rho.mean, rho.sd)}* (truth ${truth.correlation}). ` +
      `When a class of school ${target + 1} does ${surprise.points} ${unit} better in ${tasks[0]} than expected, the exact posterior raises ${tasks[1]} by *${points(exact.told.shift)} ${unit}*; the mean-field one by ${points(deaf.told.shift)}.`,
    cards: [
      {
        label: `${tasks[1]} after the surprise`,
        value: points(exact.told.shift),
        unit,
        note: `mean-field: ${points(deaf.told.shift)}; it has no correlation of the two`,
      },
      {
        label: "C2ST, centred against non-centred",
        value: differenceOf(other.key).c2st!,
        note: "the same posterior in other coordinates; 0.5 is indistinguishable",
      },
      {
        label: "truths in 90 % intervals",
        value: `${formatNumber(100 * inside(sampled), 2)} %`,
        note: `mean-field: ${formatNumber(100 * inside(meanField), 2)} %; of ${truths.length}`,
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
          `The model: a score is \`N(theta_j,t, sigma_t²)\` for school j in subject t, and the effects of a school in both subjects are one draw of \`N(mu, S)\` whose spreads and correlation are inferred. ` +
            `Different pupils sat the two exams, so that only schools tie the subjects together. School ${target + 1} has held no exam in ${tasks[1]} yet: what is said of it there comes from ${tasks[0]} alone.`,
        ],
        figures: [
          {
            figure: await cornerPlot({
              parameters: [
                { name: `spread in ${tasks[0]}`, unit, low: 0 },
                { name: `spread in ${tasks[1]}`, unit, low: 0 },
                { name: "correlation", low: -1, high: 1 },
              ],
              samples: { label: "NUTS", draws: chosen(sampled, ["tau[0]", "tau[1]", "correlation[1,0]"]).data() },
              oracle: { label: "NUTS, centred", draws: chosen(other, ["tau[0]", "tau[1]", "correlation[1,0]"]).data() },
              markers: [{ label: "truth", values: [...truth.tau, truth.correlation] }],
            }),
            caption: "How schools differ. Filled: *NUTS*, non-centred. Lines: *NUTS, centred*.",
          },
        ],
        tables: [
          parameterTable(
            sampled,
            quantities.filter(({ name }) => population.includes(name) || (pair as readonly string[]).includes(name)),
          ),
          {
            caption: "Truth and posterior.",
            columns: ["", "truth", "mean", "sd", "in the 90 % interval"].map((label) => ({ label })),
            rows: truths
              .filter(([name]) => population.includes(name) || (pair as readonly string[]).includes(name))
              .map(([name, value]) => [
                labelOf(name),
                value,
                summary(name).mean,
                summary(name).sd,
                within(summary(name), value) ? "yes" : "no",
              ]),
          },
        ],
      },
      {
        heading: "What the factorised form severs",
        paragraphs: [
          `Suppose ${surprise.pupils} more pupils of school ${target + 1} sit the exam in ${tasks[0]} and do ${surprise.points} ${unit} better on average than was expected. What should now be expected of ${tasks[1]}, where the school has no scores? ` +
            `Each posterior was updated by the new mean (its draws weighted by the likelihood of it). Under the exact posterior the two effects correlate by ${formatNumber(exact.told.correlation, 2)}, and ${tasks[1]} rises by ${points(exact.told.shift)} ${unit}. ` +
            `A posterior that is a product of its coordinates has nothing to pass the news through: *${points(deaf.told.shift)}*.`,
          "Which coordinates are factorised matters. Written as `theta = mu + L z` with a product over z, the approximation keeps the correlation that the population has, and hears some of the news; a full-rank normal hears it.",
        ],
        figures: [
          await tiltFigure(meanField, sampled, pair, pairParameters, `School ${target + 1}: *mean-field* severs the subjects.`),
          await tiltFigure(fullRank, sampled, pair, pairParameters, `School ${target + 1}: *full-rank* in non-centred coordinates.`),
        ],
        tables: [
          {
            caption: `${tasks[1]} at school ${target + 1}, before and after.`,
            columns: ["", "correlation", "before", "sd", "after", "sd", "shift"].map((label) => ({ label })),
            rows: surprises.map(({ fit, told: s }) => [
              fit.facts.label,
              s.correlation,
              s.before.mean,
              s.before.sd,
              s.after.mean,
              s.after.sd,
              points(s.shift),
            ]),
          },
        ],
      },
      {
        heading: "Do the methods agree",
        paragraphs: [
          sayChains(sampled, chains),
          sayChains(other, chainFacts(other)),
          ...differenceParagraphs(fits, compared.differences),
          ...warningParagraphs([sampled, ...fits, apartFit]),
        ],
        figures: [
          await forestOf(
            [sampled, ...fits],
            quantities.filter(({ name }) => /^(tau|sigma)/.test(name)),
            unit,
          ),
          ...(await elboFigures(fits)),
        ],
        tables: [methodTable(sampled, fits, compared.differences)],
      },
      await chainSection(
        sampled,
        quantities.filter(({ name }) => population.includes(name) || (pair as readonly string[]).includes(name)),
        ["tau[0]", "tau[1]", "correlation[1,0]", pair[1]],
      ),
      await calibrationSection(
        calibrated,
        (name) => `${name}, school ${target + 1}`,
        `With the population known, the effects of school ${target + 1} are a problem in two unknowns with an exact answer. ${calibrated.facts.replicates} schools and their three scores in ${tasks[0]} were simulated; the exact posterior and the best factorised one were each asked for both effects.`,
      ),
      {
        heading: "Does it predict the data",
        paragraphs: [
          `Taking the subjects together predicts a left-out score better than apart by ${formatNumber(togetherScore.elpd - apartScore.elpd, 2)} nats (standard error ${formatNumber(Math.max(togetherScore.differenceError, apartScore.differenceError), 2)}).`,
          ...misfits(predicted.facts),
          ...predicted.facts.scores.flatMap(({ label, warnings }) => warnings.map((warning) => `*${label}*: ${warning}`)),
        ],
        tables: predictionTables(predicted.facts),
      },
      identifiabilitySection(told, [
        `A correlation between ${groups} schools is known from ${groups} noisy pairs: ${formatNumber(rho.q05, 2)} to ${formatNumber(rho.q95, 2)}. Spread between schools and correlation trade against one another.`,
      ]),
      costSection(costs),
    ],
    quantities,
    main: sampled,
    oracle: other,
    checks: {
      c2stOracle: differenceOf(other.key).c2st!,
      sbc: Object.fromEntries(exactCalibration.names.map((name, d) => [name, { pValue: exactCalibration.pValue[d]! }])),
      coverage90: coverage90Of(exactCalibration),
      coverage90MeanField: coverage90Of(meanFieldCalibration),
      meanFieldCalibrated: meanFieldCalibration.calibrated,
      truthsInside90: inside(sampled),
      truthsInside90MeanField: inside(meanField),
      surprise: {
        ...surprise,
        shifts: Object.fromEntries(surprises.map(({ fit, told: s }) => [fit.key, s.shift])),
        correlations: Object.fromEntries(surprises.map(({ fit, told: s }) => [fit.key, s.correlation])),
      },
      methods: compared.differences.map((difference) => ({ ...difference })),
      kHat: Object.fromEntries(fits.flatMap(({ key, facts: { kHat } }) => (kHat === null ? [] : [[key, kHat]]))),
      elbo: Object.fromEntries(fits.flatMap(({ key, facts: { elbo } }) => (elbo === null ? [] : [[key, elbo.value]]))),
      chains: { ...chains },
      loo: predicted.facts.scores.map((s) => ({ ...s })),
      predictivePValues: Object.fromEntries(predicted.facts.statistics.map(({ name, pValue }) => [name, pValue])),
      truth: Object.fromEntries(truths.map(([name, value]) => [labelOf(name), value])),
    },
    costs,
    groups: {
      prior,
      logLikelihood: await pointwiseOf(noncentred, sampled),
      replicated: predicted.replicated,
      observed: array(Float64Array.from(score)),
      dimensions: {
        score: ["row"],
        mu: ["subject"],
        tau: ["subject"],
        sigma: ["subject"],
        theta: ["school", "subject"],
        z: ["school", "subject"],
        correlation: ["subject", "other_subject"],
      },
      coordinates: { subject: tasks, other_subject: tasks, school: Array.from({ length: groups }, (_, j) => `${j + 1}`) },
      variable: "score",
      unit,
    },
  };

  function surpriseIn(fit: Fit, [first, second]: readonly string[]): Surprise {
    return surpriseOf({
      first: quantity(fit, first!),
      second: quantity(fit, second!),
      noise: quantity(fit, "sigma[0]").map((sigma) => sigma / Math.sqrt(surprise.pupils)),
      excess: surprise.points,
    });
  }
}

const within = ({ q05, q95 }: { q05: number; q95: number }, value: number): boolean => value >= q05 && value <= q95;

const labelling =
  (tasks: readonly string[]) =>
  (name: string): string => {
    const [, quantityName, first, second] = /^(\w+)\[(\d+)(?:,(\d+))?\]$/.exec(name)!;
    const task = (t: string | undefined): string => tasks[Number(t)]!;
    switch (quantityName) {
      case "mu":
        return `mean ${task(first)}`;
      case "tau":
        return `spread between schools, ${task(first)}`;
      case "sigma":
        return `spread of pupils, ${task(first)}`;
      case "theta":
        return `${task(second)} at school ${Number(first) + 1}`;
      default:
        return "correlation of schools";
    }
  };

/** The effects of one school with three scores in the first task, the population known: exact, and factorised at its best. */
function knownPopulation({ tasks, truth: { mu, tau, sigma, correlation: rho } }: ExamData): {
  simulate: (key: Tensor, count: number) => { theta: Tensor; x: Tensor };
  methods: readonly CalibratedMethod[];
} {
  const covariance = [
    [tau[0] ** 2, rho * tau[0] * tau[1]],
    [rho * tau[0] * tau[1], tau[1] ** 2],
  ];
  const scores = 3;
  const root = array(Float64Array.of(tau[0], 0, rho * tau[1], tau[1] * Math.sqrt(1 - rho ** 2)), { shape: [2, 2] });
  const posterior = (y: NdArray) =>
    linearGaussian({
      operator: Array.from({ length: scores }, () => [1, 0]),
      data: y,
      prior: { mean: [...mu], covariance },
      noise: { sd: sigma[0] },
      names: [...tasks],
    });
  return {
    simulate(key, count) {
      const z = random.normal(random.fold(key, 0), [count, 2], { dtype: "f64" });
      const theta = z.matmul(array(transposed(root), { shape: [2, 2] })).add(array(Float64Array.from(mu)));
      const noise = random.normal(random.fold(key, 1), [count, scores], { dtype: "f64" });
      return { theta, x: theta.slice([0, 0], [undefined, 1]).add(noise.mul(sigma[0])) };
    },
    methods: [
      { label: "exact", sampler: eachSampler(async (y, { draws, seed }) => (await posterior(y)).sample(draws, { seed })) },
      {
        label: "mean-field",
        sampler: eachSampler(async (y, { draws, seed }) => {
          const exact = await posterior(y);
          const { variance } = await normalMeanField({ covariance: await exact.covariance() });
          const drawn = await exact.sample(draws, { seed });
          const [own, centre, spread] = [new Random(seed, 7), exact.mean.data(), variance.data()];
          const values = array(
            Float64Array.from({ length: 2 * draws }, (_, i) => own.normal(centre[i % 2]!, Math.sqrt(spread[i % 2]!))),
            { shape: [1, draws, 2] },
          );
          return { ...drawn, draws: values, unconstrained: values };
        }),
      },
    ],
  };
}

const transposed = (m: NdArray): Float64Array => {
  const [a, b, c, d] = m.data() as unknown as [number, number, number, number];
  return Float64Array.of(a, c, b, d);
};

function columns(values: NdArray, { names }: Model, chosenNames: readonly string[]): NdArray {
  const [width, places, all] = [names.length, chosenNames.map((name) => names.indexOf(name)), values.data()];
  const rows = all.length / width;
  return array(
    Float64Array.from({ length: rows * places.length }, (_, i) => all[Math.floor(i / places.length) * width + places[i % places.length]!]!),
    {
      shape: [rows, places.length],
    },
  );
}
