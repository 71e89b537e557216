import { createRequire } from "node:module";
import { join } from "node:path";
import {
  type Application,
  type ApplicationContext,
  type ApplicationOptions,
  type JsonValue,
  provenanceOf,
  type Summary,
  summarizeDraws,
} from "@credence/core";
import {
  type Fact,
  formatEstimate,
  formatNumber,
  inferenceFromDraws,
  type ReportSection,
  writeInferenceData,
  writeJson,
  writeReport,
} from "@credence/report";
import { array, DeviceError } from "@credence/tensor";
import { type Bodies, bodiesOf } from "./application/bodies.ts";
import { bushveldSurvey } from "./application/bushveld-survey.ts";
import { calibrate } from "./application/calibrate.ts";
import { chooseGround, exactGround, type Ground, groundModel, lowRankGround, operatorOf } from "./application/ground.ts";
import { mohoStory } from "./application/moho.ts";
import type { Run } from "./application/run.ts";
import * as sections from "./application/sections.ts";
import { effortOf } from "./application/settings.ts";
import type { Survey } from "./application/survey.ts";
import { simulatedSurvey, tutorialSurvey } from "./application/two-body-surveys.ts";
import { residualChecks } from "./check/residual-checks.ts";
import { exactPosterior } from "./inference/exact-posterior.ts";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

/** What lies under the ground, from gravity, end to end. */
export const application: Application = {
  name: "gravity",
  title: "What lies under the ground, from gravity, with its uncertainty",
  datasets: [
    { name: "simulated", title: "A dense block and a light ball under level ground" },
    { name: "simpeg-tutorial", title: "SimPEG's tutorial: a block and a ball, 289 stations" },
    { name: "bushveld", title: "The Bushveld Complex, South Africa: 3,877 stations" },
  ],
  options: [],
  reproduce,
};

const surveys: Readonly<Record<string, () => Survey | Promise<Survey>>> = {
  simulated: simulatedSurvey,
  "simpeg-tutorial": tutorialSurvey,
  bushveld: bushveldSurvey,
};

async function reproduce(options: ApplicationOptions, context: ApplicationContext): Promise<Summary> {
  if (options.device !== "cpu")
    throw new DeviceError(`gravity runs on the CPU, as some of its methods are written for it; got device ${options.device}, leave it out`);
  const effort = effortOf(options);
  const survey = await surveys[options.dataset]!();
  const { dataset, title, source, licence, checksum, note } = survey;
  const run: Run = { survey, effort, seed: options.seed, context, directory: join(options.out, "phases") };
  const provenance = provenanceOf({
    application: application.name,
    version,
    options,
    dataset: { name: dataset, title, source, licence, checksum: checksum ?? null, note: note ?? null },
    effort,
  });
  // First, so that a folder that cannot be written is told before the work and not after it.
  await writeJson(join(options.out, "run.json"), provenance);
  context.log(title);

  const operator = operatorOf(survey);
  const evidence = await chooseGround(run, operator);
  const chosen = evidence.facts[0]!;
  const main = await lowRankGround(run, operator, chosen);
  const oracle = await exactGround(run, operator, chosen);
  const bodies = await bodiesOf(run);
  const begun = performance.now();
  context.progress("checks", 0, 1);
  const posterior = await exactPosterior(groundModel(survey, operator, chosen), { signal: context.signal });
  const checks = await residualChecks(posterior, { seed: options.seed, replicates: effort.replicates, signal: context.signal });
  context.progress("checks", 1, 1);
  const checked = (performance.now() - begun) / 1000;
  const calibration = await calibrate(run, operator, chosen);

  const width = survey.quantities.length;
  const summariesOf = ({ quantities }: Ground) =>
    Object.fromEntries(
      survey.quantities.map(({ name, unit }, q) => [name, summarizeDraws(sections.quantityDraws(quantities, width, q), unit)]),
    );
  const parameters = summariesOf(main);
  const between = parameters["thicknessCentre"];
  const moho = between && (await mohoStory(run, operator, chosen, between));
  const summary: Summary = {
    application: application.name,
    dataset,
    parameters,
    oracle: summariesOf(oracle),
    ...(moho && { published: moho.published }),
    checks: {
      chiSquarePerDatum: checks.chiSquarePerDatum.value,
      elboGapPerDatum: (oracle.logEvidence - main.logEvidence) / survey.data.length,
      sbc: Object.fromEntries(Object.entries(calibration.byQuantity).map(([name, { pValue }]) => [name, { pValue }])),
      coverage90: calibration.coverage90,
      residuals: {
        findings: [...checks.findings],
        moran: checks.moran ? { ...checks.moran } : null,
        priorMisfit: { ...checks.priorMisfit },
      },
      resolvedParameters: main.resolved,
      chosen: { ...chosen },
      ...(bodies && { bodies: bodies.summaries as unknown as JsonValue }),
      ...(moho && { moho: moho.facts }),
    },
    cost: {
      simulations: 0,
      seconds: {
        simulate: 0,
        train: 0,
        infer: evidence.seconds + main.seconds + oracle.seconds + (bodies?.seconds ?? 0),
        check: checked + calibration.seconds,
      },
    },
  };

  await writeInference(join(options.out, "posterior.nc"), run, main);
  const parts: ReportSection[] = [
    await sections.groundSection(survey, main),
    ...(bodies ? [await sections.bodiesSection(bodies)] : []),
    ...(moho ? [moho.section] : []),
    await sections.dataSection(survey, main, checks, chosen.noiseSd),
    await sections.oracleSection(survey, main, oracle),
    await sections.calibrationSection(survey, calibration),
    sections.evidenceSection(evidence.facts),
    costSection(summary, main),
  ];
  await writeReport(join(options.out, "report.html"), {
    title,
    subtitle: `${main.label} of ${survey.mesh.upwards.length - 1} layers of cells, held against ${oracle.label}`,
    answer: answerOf(survey, summary),
    facts: factsOf(survey, summary, bodies),
    sections: parts,
    provenance: {
      application: application.name,
      "data set": dataset,
      source,
      licence,
      checksum: checksum ?? "simulated here",
      seed: options.seed,
      device: options.device,
      fingerprint: main.fingerprint,
    },
  });
  await writeJson(join(options.out, "run.json"), { ...provenance, seconds: summary.cost.seconds });
  await writeJson(join(options.out, "summary.json"), summary);
  return summary;
}

function answerOf(survey: Survey, { parameters }: Summary): string {
  const told = survey.quantities.slice(0, 3).map(({ name, label, unit }) => {
    const { mean, sd } = parameters[name]!;
    return `${label} *${formatEstimate(mean, sd)} ${unit}*`;
  });
  const text = told.join("; ");
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

function factsOf(survey: Survey, { parameters, checks }: Summary, bodies: Bodies | undefined): Fact[] {
  const covered = bodies && Object.values(bodies.summaries).filter(({ q05, q95, truth }) => truth > q05 && truth < q95).length;
  return [
    ...survey.quantities.slice(0, 2).map(({ name, label, unit, truth }): Fact => {
      const { mean, sd, q05, q95 } = parameters[name]!;
      return {
        label,
        value: formatEstimate(mean, sd),
        unit,
        note: `${formatNumber(q05, 3)} to ${formatNumber(q95, 3)}${truth === undefined ? "" : `, truth ${Number(truth.toPrecision(3))}`}`,
        ...(truth !== undefined && { verdict: truth > q05 && truth < q95 ? ("pass" as const) : ("fail" as const) }),
      };
    }),
    { label: "chi-square per datum", value: checks.chiSquarePerDatum!.toFixed(2), note: "1 where noise and model are right" },
    {
      label: "combinations resolved",
      value: (checks["resolvedParameters"] as number).toFixed(0),
      note: `of ${survey.data.length} readings`,
    },
    ...(covered === undefined
      ? []
      : [{ label: "body parameters in their 90 % intervals", value: `${covered} of ${Object.keys(bodies!.summaries).length}` }]),
  ];
}

const costSection = ({ cost: { seconds } }: Summary, main: Ground): ReportSection => ({
  heading: "What it cost",
  paragraphs: [
    `Inference ${seconds.infer.toFixed(1)} s, checks ${seconds.check.toFixed(1)} s. The data brought ${main.informationGain.toFixed(1)} nats and resolve ${main.resolved.toFixed(1)} combinations of cells; all others are as the prior has them.`,
    ...main.warnings.map((warning) => `*Warning:* ${warning}.`),
  ],
});

async function writeInference(path: string, { survey, seed }: Run, main: Ground): Promise<void> {
  const width = survey.quantities.length;
  const stations = survey.data.length;
  const shaped = (values: Float64Array, shape: readonly number[]) => array(Float64Array.from(values), { shape });
  const data = inferenceFromDraws({
    posterior: {
      names: survey.quantities.map(({ name }) => name),
      draws: shaped(main.quantities, [1, main.quantities.length / width, width]),
      stats: {},
    },
    posteriorPredictive: { gravity: shaped(main.replicated, [1, main.replicated.length / stations, stations]) },
    observedData: { gravity: shaped(survey.data, [stations]) },
    constantData: {
      contrast_mean: shaped(main.mean, [main.mean.length]),
      contrast_sd: shaped(main.sd, [main.sd.length]),
      resolution: shaped(main.resolution, [main.resolution.length]),
    },
    dimensions: { gravity: ["station"], contrast_mean: ["cell"], contrast_sd: ["cell"], resolution: ["cell"] },
    units: {
      gravity: "mGal",
      contrast_mean: "kg/m3",
      contrast_sd: "kg/m3",
      ...Object.fromEntries(survey.quantities.map(({ name, unit }) => [name, unit])),
    },
    descriptions: { gravity: "down; the posterior predictive is without noise" },
  });
  await writeInferenceData(path, data, {
    attributes: { application: application.name, dataset: survey.dataset, method: main.label, seed, fingerprint: main.fingerprint },
  });
}
