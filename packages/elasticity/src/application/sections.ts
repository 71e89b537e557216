import { identifiability, summarizeDraws } from "@credence/core";
import {
  cornerPlot,
  coverageCurve,
  formatEstimate,
  formatNumber,
  type Marker,
  pathFigure,
  pointMap,
  type ReportSection,
  sbcHistograms,
} from "@credence/report";
import { array } from "@credence/tensor";
import { engineeringOf, type Lame } from "../material.ts";
import type { QuadraturePosterior } from "../oracle/quadrature-posterior.ts";
import type { Amortised } from "./amortised-phase.ts";
import type { Cost } from "./analysis.ts";
import type { Calibrated } from "./calibrate-phase.ts";
import type { Difference } from "./compare-phase.ts";
import { type Fit, type QuantityName, quantity, quantityNames, type Refusal, unitOf } from "./fit.ts";
import type { Observation, SensorObservation } from "./observation.ts";
import type { Predicted } from "./predict-phase.ts";
import type { Run } from "./run.ts";
import type { TwinRun } from "./twin-phase.ts";

const labelled = (...labels: string[]): { label: string }[] => labels.map((label) => ({ label }));

export const labelOf: Readonly<Record<QuantityName, string>> = {
  lambda: "lambda",
  mu: "mu",
  young: "Young's modulus",
  poisson: "Poisson's ratio",
};

/** Pairs of quantities as row-major draws. */
export const pairOf = (fit: Fit, names: readonly QuantityName[]): Float64Array => {
  const columns = names.map((name) => quantity(fit, name));
  return Float64Array.from(
    { length: columns[0]!.length * names.length },
    (_, k) => columns[k % names.length]![Math.floor(k / names.length)]!,
  );
};

export const parameterTable = (fit: Fit, observation: Observation, truth?: Lame) => ({
  columns: labelled("", "unit", "mean", "sd", "5 %", "median", "95 %", ...(truth ? ["truth"] : [])),
  rows: quantityNames.map((name) => {
    const { mean, sd, q05, median, q95 } = summarizeDraws(quantity(fit, name), "");
    return [
      labelOf[name],
      unitOf(name, observation),
      mean,
      sd,
      q05,
      median,
      q95,
      ...(truth ? [{ ...truth, ...engineeringOf(truth) }[name]] : []),
    ];
  }),
});

export async function corner(
  fit: Fit,
  oracle: Fit,
  observation: Observation,
  names: readonly QuantityName[],
  markers: readonly Marker[] = [],
) {
  return cornerPlot({
    parameters: names.map((name) => ({ name: labelOf[name], unit: unitOf(name, observation) })),
    samples: { label: fit.facts.label, draws: pairOf(fit, names) },
    oracle: { label: oracle.facts.label, draws: pairOf(oracle, names) },
    markers,
  });
}

export async function inferredSection(
  { observation }: Run<SensorObservation>,
  { main, oracle, truth }: { readonly main: Fit; readonly oracle: Fit; readonly truth: Lame },
): Promise<ReportSection> {
  const setting = {
    "plane-strain": "plane strain",
    "plane-stress": "plane stress (stresses across the plate vanish)",
    solid: "three dimensions",
  }[observation.field.setting];
  const known = { ...truth, ...engineeringOf(truth) };
  return {
    heading: "What was inferred",
    paragraphs: [
      `The body obeys \`div sigma + b = 0\`, \`sigma = lambda tr(eps) I + 2 mu eps\`, \`eps = sym grad u\`, under ${setting}. Loads and supports are known; ${observation.places.length} sensors read both displacements with independent normal noise of sd ${observation.noiseSd} ${observation.lengthUnit}. ` +
        "Lambda and mu are flat before the readings, Poisson's ratio between 0 and 0.45.",
    ],
    figures: [
      {
        figure: await corner(main, oracle, observation, ["lambda", "mu"], [{ label: "truth", values: [known.lambda, known.mu] }]),
        caption: `Filled: *${main.facts.label}*. Lines: *${oracle.facts.label}*, exact.`,
      },
    ],
    tables: [parameterTable(main, observation, truth)],
  };
}

export async function methodsSection(
  _: Run<SensorObservation>,
  {
    oracle,
    fits,
    refusals,
    differences,
    exact,
  }: {
    readonly refusals: readonly Refusal[];
    readonly oracle: Fit;
    readonly fits: readonly Fit[];
    readonly differences: readonly Difference[];
    readonly exact: QuadraturePosterior;
  },
): Promise<ReportSection> {
  const chains = fits.find(({ facts }) => facts.numbers["rHatMax"] !== undefined);
  return {
    heading: "Do the methods agree",
    paragraphs: [
      "For given loads the displacement is `U(lambda / mu) / mu`, and more where supports move. Galerkin's method gives it for any material at once, and a quadrature over lambda and mu is then the *exact* posterior.",
      "The *network of random features* knows nothing of that: a displacement `sum w tanh(a . (x - c))` whose a and c are drawn and never trained, with weights that are integrated over, given that its stress balances the known force. " +
        "*Jointly with the force* is the usual loss of physics-informed networks: it also scores how well the prior of the weights would have made the force, for each lambda and mu anew. The force is given and says nothing about them; that factor is a bias.",
      ...(chains
        ? [
            `*${chains.facts.label}*: largest R-hat ${formatNumber(chains.facts.numbers["rHatMax"]!, 4)}, smallest effective sample size ${formatNumber(chains.facts.numbers["essMin"]!)}.`,
          ]
        : []),
      ...refusals.map(({ label, refusal }) => `*${label}* has *no answer* to these readings: ${refusal.replace(/\.?$/, ".")}`),
      ...differences.flatMap(({ label, remarks }) => (remarks.length === 0 ? [] : [`*${label}*: ${remarks.slice(0, 2).join(" ")}`])),
      ...[oracle, ...fits].flatMap(({ facts }) =>
        facts.warnings.map((warning) => `*${facts.label}* warns: ${warning.replace(/\.?$/, ".")}`),
      ),
    ],
    tables: [
      {
        caption:
          "Each method beside the exact posterior: differences of means in the exact standard deviations, ratios of standard deviations, correlation of lambda and mu, accuracy of a classifier.",
        columns: [...labelled("", "lambda: bias", "sd ratio", "mu: bias", "sd ratio", "correlation", "C2ST"), { label: "time", unit: "s" }],
        rows: [
          [`${oracle.facts.label} (exact)`, 0, 1, 0, 1, exact.correlation, null, oracle.seconds],
          ...fits.map((fit) => {
            const { shifts, sdRatios, correlation, c2st } = differences.find(({ key }) => key === fit.key)!;
            return [fit.facts.label, shifts[0]!, sdRatios[0]!, shifts[1]!, sdRatios[1]!, correlation, c2st, fit.seconds];
          }),
        ],
      },
    ],
  };
}

export async function calibrationSection({ facts, ranks }: Calibrated): Promise<ReportSection> {
  const { replicates, draws, levels, coverage, calibrated, remarks } = facts;
  return {
    heading: "Is it calibrated",
    paragraphs: [
      `${replicates} materials were drawn from a normal prior three times as wide as the posterior, readings of each were simulated and each was inferred anew by chains. ${calibrated ? "No rank is out of place." : remarks.slice(0, 3).join(" ")}`,
    ],
    figures: [
      {
        figure: await sbcHistograms({ parameters: ["lambda", "mu"], ranks, draws }),
        caption: `Ranks of the truth among ${draws} draws. Level is calibrated; a valley is too sure of itself.`,
      },
      {
        figure: await coverageCurve({
          curves: ["lambda", "mu"].map((label, d) => ({ label, nominal: levels, empirical: coverage[d]! })),
          replicates,
        }),
        caption: "Share of truths inside central intervals against what the intervals claim.",
      },
    ],
  };
}

export async function predictionSection({ observation }: Run<SensorObservation>, { facts, fitted }: Predicted): Promise<ReportSection> {
  const { places, readings, lengthUnit } = observation;
  const part = (values: ArrayLike<number>, k: number): Float64Array =>
    Float64Array.from({ length: places.length }, (_, i) => values[2 * i + k]!);
  const residuals = readings.map((value, k) => value - fitted[k]!);
  const unit = lengthUnit === "" ? "" : ` [${lengthUnit}]`;
  return {
    heading: "Does it predict the readings",
    paragraphs: [
      `Chi-square is ${formatNumber(facts.chiSquarePerDatum, 3)} a reading; replicated readings fit worse in ${formatNumber(100 * facts.chiSquarePValue, 2)} % of the draws. ${formatNumber(100 * facts.coverage90, 3)} % of the readings lie within the central 90 % band of their replicates.`,
    ],
    figures: [
      {
        figure: await pointMap({
          x: places.map(([x]) => x!),
          y: places.map(([, y]) => y!),
          panels: [
            { title: "u_x", values: part(fitted, 0) },
            { title: "u_y", values: part(fitted, 1) },
            { title: "residual of u_x", values: part(residuals, 0) },
            { title: "residual of u_y", values: part(residuals, 1) },
          ],
          unit: lengthUnit,
          xLabel: `x${unit}`,
          yLabel: `y${unit}`,
        }),
        caption:
          "The inferred displacement at the sensors, and what it leaves of their readings: a pattern among the residuals would be something that the model lacks.",
      },
    ],
  };
}

export async function twinSection(
  { observation }: Run<SensorObservation>,
  { facts, path, evidence, plantedEvidence, times }: TwinRun,
  { truth, exact }: { readonly truth: Lame; readonly exact: QuadraturePosterior },
): Promise<ReportSection> {
  const count = facts.readings;
  // The first readings leave everything open: shown is what follows.
  const from = Math.min(5, count - 2);
  const at = (k: number): Float64Array => Float64Array.from({ length: count - from }, (_, i) => path[4 * (i + from) + k]!);
  const banded = (mean: Float64Array, sd: Float64Array) => ({
    values: mean,
    low: mean.map((m, i) => m - 1.645 * sd[i]!),
    high: mean.map((m, i) => m + 1.645 * sd[i]!),
  });
  const { stressUnit } = observation;
  const unit = stressUnit === "" ? "" : ` [${stressUnit}]`;
  const [lambdaSd, muSd] = [exact.lambda.sd, exact.mu.sd];
  const view = (value: number, sd: number): [number, number] => [value - 14 * sd, value + 14 * sd];
  const sorted = [...times].sort((a, b) => a - b);
  const threshold = -Math.log(facts.falseAlarm);
  const { heard, after, planted } = facts;
  return {
    heading: "A digital twin",
    paragraphs: [
      `The readings came one by one, in a random order, and Bayes' rule took in each on its own: ${formatNumber(sorted[Math.floor(count / 2)]!, 2)} ms each in the middle, ${formatNumber(sorted.at(-1)!, 2)} ms at most, on this machine as busy as it was. In the reverse order the same posterior comes out, to ${formatNumber(facts.orderGap, 2)} standard deviations.`,
      `An alarm is a test martingale: with a material that stays it sounds with a probability of at most ${facts.falseAlarm}, however long the twin runs. ${facts.alarm === null ? "It did not sound in these readings." : `It *sounded* at reading ${facts.alarm + 1} of these readings: they do not come from one material with this noise.`}`,
      heard === null
        ? `Then ${count} readings of a material softer by a twentieth followed, and the alarm *did not sound*: so few readings with this noise do not tell.`
        : `Then readings of a material softer by a twentieth followed, from reading ${planted.at + 1} on. The alarm sounded at reading ${heard.at + 1}, places the change at reading ${heard.since + 1}, and displacements at ${formatNumber(heard.change, 3)} times what they were (truth ${formatNumber(planted.change, 4)}).` +
          (after === null
            ? ""
            : ` Started anew from there, the twin finds mu ${formatEstimate(after.mean, after.sd)}${stressUnit === "" ? "" : ` ${stressUnit}`} (truth ${formatNumber(after.truth, 4)}).`),
    ],
    figures: [
      {
        figure: await pathFigure({
          stepLabel: `readings after the first ${from}`,
          panels: [
            {
              title: `lambda${unit}`,
              paths: [{ label: "mean and 90 %", ...banded(at(0), at(1)) }],
              levels: [{ label: "truth", value: truth.lambda }],
              domain: view(exact.lambda.mean, lambdaSd),
            },
            {
              title: `mu${unit}`,
              paths: [{ label: "mean and 90 %", ...banded(at(2), at(3)) }],
              levels: [{ label: "truth", value: truth.mu }],
              domain: view(exact.mu.mean, muSd),
            },
          ],
        }),
        caption: "What the twin knows after each reading.",
      },
      {
        figure: await pathFigure({
          stepLabel: "readings",
          panels: [
            {
              title: "evidence of a change [nats]: as read",
              paths: [{ label: "log e-value", values: evidence }],
              levels: [{ label: "alarm", value: threshold }],
            },
            {
              title: "the same with a planted change",
              paths: [{ label: "log e-value", values: plantedEvidence.map((value) => Math.min(value, 3 * threshold)) }],
              levels: [{ label: "alarm", value: threshold }],
              moments: [{ label: "softer from here", at: planted.at + 1 }],
            },
          ],
        }),
        caption: `An alarm sounds at ${formatNumber(threshold, 3)} nats; values above three times that are cut off.`,
      },
    ],
  };
}

export function identifiabilitySection(
  { observation }: Run<SensorObservation>,
  { main, prior, correlation }: { readonly main: Fit; readonly prior: Float64Array; readonly correlation: number },
): ReportSection {
  const found = identifiability({
    names: ["lambda", "mu"],
    posterior: main.draws,
    prior: array(prior, { shape: [prior.length / 2, 2] }),
  });
  const { setting } = observation.field;
  return {
    heading: "What cannot be told",
    paragraphs: [
      "Displacements scale as load over stiffness. A load that is wrong by one per cent makes both lambda and mu wrong by one per cent, and no reading can tell: the intervals hold the noise of the sensors, not that of the load cell. Without any load (no body force, displacements prescribed all around) only lambda / mu, that is Poisson's ratio, can be told.",
      `Lambda and mu are correlated by ${formatNumber(correlation, 2)}: the readings tell one combination better than either.${setting === "plane-stress" ? " Under plane stress lambda enters only through 2 lambda mu / (lambda + 2 mu), which says less of it." : ""}`,
      ...found.remarks.slice(0, 4),
    ],
    tables: [
      {
        caption:
          "Share of its prior variance that the readings have taken from each, and how far its mean has moved, in prior standard deviations.",
        columns: labelled("", "contraction", "shift"),
        rows: found.parameters.map(({ name, contraction, shift }) => [name, contraction, shift]),
      },
    ],
  };
}

export const costSection = (costs: readonly Cost[]): ReportSection => ({
  heading: "What it cost",
  tables: [
    {
      columns: [{ label: "phase" }, { label: "time", unit: "s" }],
      rows: [...costs.map(({ label, seconds }) => [label, seconds]), ["together", costs.reduce((sum, { seconds }) => sum + seconds, 0)]],
    },
  ],
});

export async function amortisedSection({ facts, ranks }: Amortised): Promise<ReportSection> {
  return {
    heading: "Random loads, one network",
    paragraphs: [
      `A square that stands on its lower edge, nine sensors, noise of sd ${facts.noiseSd}, and three loads of random size at once, which are known. A flow was trained on ${formatNumber(facts.simulations)} simulations to give the posterior for any readings under any such loads; it sees the most likely material and the information about it.`,
      `Held against the exact posterior for ${facts.c2st.length} loads that it has not seen, a classifier is right ${facts.c2st.map((value) => formatNumber(value, 3)).join(", ")} of the time (0.5 is indistinguishable). Of ${facts.replicates} further materials ${formatNumber(100 * facts.coverage90, 3)} % lie in the 90 % intervals; p-values of uniform ranks ${facts.pValues.map((value) => formatNumber(value, 2)).join(" and ")}.`,
    ],
    figures: [
      {
        figure: await sbcHistograms({ parameters: ["lambda", "mu"], ranks, draws: facts.draws }),
        caption: `Ranks of the truth among ${facts.draws} draws of the network.`,
      },
    ],
  };
}
