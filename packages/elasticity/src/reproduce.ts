import { createRequire } from "node:module";
import { join } from "node:path";
import { type Application, type ApplicationContext, type ApplicationOptions, provenanceOf, type Summary } from "@credence/core";
import { writeJson, writeReport } from "@credence/report";
import { DeviceError } from "@credence/tensor";
import type { Analysis, Cost } from "./application/analysis.ts";
import { summariesOf } from "./application/fit.ts";
import { readObservation } from "./application/observation.ts";
import { plateAnalysis } from "./application/plate-analysis.ts";
import type { Run } from "./application/run.ts";
import { sensorAnalysis } from "./application/sensor-analysis.ts";
import { effortOf } from "./application/settings.ts";
import { writeInference } from "./application/write-inference.ts";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

/** Elastic parameters from displacements, end to end. */
export const application: Application = {
  name: "elasticity",
  title: "Elastic parameters from displacement sensors, with a digital twin",
  datasets: [
    { name: "simulated", title: "Haghighat's plate with 100 simulated sensors" },
    { name: "haghighat-s100", title: "The same plate, 100 sensors with a published exact posterior" },
    { name: "haghighat-s400", title: "The same plate, 20 x 20 sensors with a published exact posterior" },
    { name: "kirsch", title: "A steel plate with a hole, pulled, simulated" },
    { name: "timoshenko", title: "A steel cantilever, bent, simulated" },
    { name: "lame-cylinder", title: "A thick steel cylinder under pressure, simulated" },
    { name: "s235-plate", title: "A measured plate of S235 steel with a hole: 5,475 displacements" },
  ],
  options: [],
  reproduce,
};

const analyse = (run: Run): Promise<Analysis> => {
  const { observation } = run;
  return observation.kind === "plate" ? plateAnalysis({ ...run, observation }) : sensorAnalysis({ ...run, observation });
};

async function reproduce(options: ApplicationOptions, context: ApplicationContext): Promise<Summary> {
  if (options.device !== "cpu")
    throw new DeviceError(
      `elasticity runs on the CPU, as some of its methods are written for it; got device ${options.device}, leave it out`,
    );
  const effort = effortOf(options);
  const observation = await readObservation(options.dataset);
  const { dataset, title, source, licence, checksum, note } = observation;
  const run: Run = { observation, effort, seed: options.seed, context, directory: join(options.out, "phases") };
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
  const analysis = await analyse(run);
  const summary = summaryOf(run, analysis);
  await writeInference(join(options.out, "posterior.nc"), run, analysis);
  await writeReport(join(options.out, "report.html"), {
    title,
    subtitle: `${analysis.main.facts.label}, held against ${analysis.oracle.facts.label}`,
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

function summaryOf({ observation }: Run, { main, oracle, published, checks, costs, simulations }: Analysis): Summary {
  const seconds = (kind: Cost["kind"]): number => costs.filter((cost) => cost.kind === kind).reduce((sum, cost) => sum + cost.seconds, 0);
  return {
    application: application.name,
    dataset: observation.dataset,
    parameters: summariesOf(main, observation),
    oracle: summariesOf(oracle, observation),
    ...(published && { published }),
    checks,
    cost: {
      simulations,
      seconds: { simulate: seconds("simulate"), train: seconds("train"), infer: seconds("infer"), check: seconds("check") },
    },
  };
}
