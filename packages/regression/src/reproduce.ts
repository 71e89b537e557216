import { createRequire } from "node:module";
import { join } from "node:path";
import {
  type Application,
  type ApplicationContext,
  type ApplicationOptions,
  type ParameterSummary,
  provenanceOf,
  type Summary,
  summarizeDraws,
} from "@credence/core";
import { writeJson, writeReport } from "@credence/report";
import { DeviceError } from "@credence/tensor";
import type { Analysis, Quantity } from "./analysis.ts";
import { estimatesAnalysis } from "./estimates-analysis.ts";
import { examsAnalysis } from "./exams-analysis.ts";
import { type Fit, quantity } from "./fit.ts";
import { glmAnalysis } from "./glm-analysis.ts";
import { linearAnalysis } from "./linear-analysis.ts";
import { mixtureAnalysis } from "./mixture-analysis.ts";
import { multilevelAnalysis } from "./multilevel-analysis.ts";
import { readObservation } from "./observation.ts";
import type { Run } from "./run.ts";
import { effortOf } from "./settings.ts";
import { families } from "./user-table.ts";
import { writeInference } from "./write-inference.ts";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

/** Regression and mixtures, each by the methods that fit it, end to end. */
export const application: Application = {
  name: "regression",
  title: "Linear, logistic, Poisson and hierarchical regression and mixtures, by several methods side by side",
  datasets: [
    { name: "simulated", title: "Exams in two subjects at 24 schools whose truth is known" },
    { name: "auto-mpg", title: "Fuel economy of 398 cars: linear regression" },
    { name: "diabetes", title: "Progression of diabetes in 442 patients: linear regression" },
    { name: "german-credit", title: "Credit of 1,000 applicants: logistic regression" },
    { name: "wdbc", title: "569 breast tumours: logistic regression of separated classes" },
    { name: "peregrine", title: "Pairs of peregrines in forty years: Poisson regression" },
    { name: "old-faithful", title: "272 eruptions: mixture of normals" },
    { name: "radon", title: "Radon in 919 homes of 85 counties: hierarchical regression" },
    { name: "eight-schools", title: "Coaching in eight schools: partial pooling" },
  ],
  userFiles: "a header, a column to explain (--outcome) and columns of numbers",
  options: [
    { name: "outcome", type: "string", description: "column to explain, of a file of yours" },
    {
      name: "features",
      type: "string",
      description: "columns that explain it, separated by commas; all other columns of numbers unless given",
    },
    {
      name: "family",
      type: "string",
      description: "kind of outcome of a file of yours: numbers (linear), 0 and 1, or counts",
      choices: [...families],
    },
    {
      name: "missing",
      type: "string",
      description: "what to do with rows of a file of yours that lack a value",
      choices: ["refuse", "drop"],
    },
  ],
  reproduce,
};

function analyse(run: Run): Promise<Analysis> {
  const { problem } = run.observation;
  switch (problem.kind) {
    case "regression":
      return problem.family === "linear" ? linearAnalysis(run, problem) : glmAnalysis(run, problem);
    case "multilevel":
      return multilevelAnalysis(run, problem);
    case "estimates":
      return estimatesAnalysis(run, problem);
    case "mixture":
      return mixtureAnalysis(run, problem);
    case "exams":
      return examsAnalysis(run, problem);
  }
}

async function reproduce(options: ApplicationOptions, context: ApplicationContext): Promise<Summary> {
  if (options.device !== "cpu")
    throw new DeviceError(
      `regression runs on the CPU, as some of its methods are written for it; got device ${options.device}, leave it out`,
    );
  const observation = await readObservation(options);
  const { dataset, title, source, licence, checksum, note } = observation;
  const run: Run = {
    observation,
    effort: effortOf(options),
    seed: options.seed,
    context,
    directory: join(options.out, "phases"),
  };
  const provenance = provenanceOf({
    application: application.name,
    version,
    options,
    dataset: { name: dataset, title, source, licence, checksum: checksum ?? null, note: note ?? null },
    effort: run.effort,
  });
  // First, so that a folder that cannot be written is told before the work and not after it.
  await writeJson(join(options.out, "run.json"), provenance);
  context.log(title);
  const analysis = await analyse(run);
  const summary = summaryOf(run, analysis);
  await writeInference(join(options.out, "posterior.nc"), run, analysis);
  await writeReport(join(options.out, "report.html"), {
    title,
    subtitle: `${analysis.main.facts.label}${analysis.oracle === undefined ? "" : `, held against ${analysis.oracle.facts.label}`}`,
    answer: analysis.answer,
    facts: analysis.cards,
    sections: analysis.sections,
    provenance: {
      application: application.name,
      "data set": dataset,
      source,
      licence,
      checksum: checksum ?? "simulated here",
      seed: options.seed,
      device: options.device,
      fingerprint: analysis.main.fingerprint,
    },
  });
  await writeJson(join(options.out, "run.json"), { ...provenance, seconds: summary.cost.seconds });
  await writeJson(join(options.out, "summary.json"), summary);
  return summary;
}

const summariesOf = (fit: Fit, quantities: readonly Quantity[]): Record<string, ParameterSummary> =>
  Object.fromEntries(quantities.map(({ name, label, unit }) => [label, summarizeDraws(quantity(fit, name), unit)]));

/** What `summary.json` holds. There are no simulations to train on: draws and replicates are what the methods took. */
function summaryOf({ observation }: Run, { main, oracle, quantities, published, checks, costs }: Analysis): Summary {
  const seconds = (kind: "infer" | "check"): number =>
    costs.filter((cost) => cost.kind === kind).reduce((sum, cost) => sum + cost.seconds, 0);
  return {
    application: application.name,
    dataset: observation.dataset,
    parameters: summariesOf(main, quantities),
    ...(oracle && { oracle: summariesOf(oracle, quantities) }),
    ...(published && { published }),
    checks,
    cost: { simulations: 0, seconds: { simulate: 0, train: 0, infer: seconds("infer"), check: seconds("check") } },
  };
}
