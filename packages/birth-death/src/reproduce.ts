import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  type Application,
  type ApplicationContext,
  type ApplicationOptions,
  type DonePhase,
  derivedSeed,
  type JsonValue,
  Posterior,
  phase,
  provenanceOf,
  type Summary,
} from "@credence/core";
import { writeJson } from "@credence/report";
import { array } from "@credence/tensor";
import { checkPhase } from "./check-phase.ts";
import { embeddingNames } from "./embedding.ts";
import { readObservation } from "./observation.ts";
import { oraclePhase } from "./oracle-phase.ts";
import { type CensusPosterior, type CensusSimulations, censusPosterior, simulateCensus, trainCensusPosterior } from "./posterior.ts";
import type { Phases, Run, SimulationFacts, TrainingFacts } from "./run.ts";
import { phaseFormat, settingsOf } from "./settings.ts";
import { summaryOf } from "./summary-json.ts";
import { writeInference } from "./write-inference.ts";
import { writeBirthDeathReport } from "./write-report.ts";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

/** Birth, death and immigration rates of a counted population, end to end. */
export const application: Application = {
  name: "birth-death",
  title: "Birth, death and immigration rates from counts of a population",
  datasets: [
    { name: "default", title: "whooping-crane where its file is at hand, else simulated" },
    { name: "whooping-crane", title: "Whooping cranes wintering at Aransas, 1938-2009" },
    { name: "grizzly", title: "Yellowstone grizzly bears, 1959-1997" },
    { name: "isle-royale", title: "Wolves of Isle Royale, 1959-2011" },
    { name: "simulated", title: "Sixty years of a population whose rates are known" },
  ],
  userFiles: "a column of increasing times in years and a column of whole counts (NA where there is none)",
  options: [
    { name: "every", type: "number", description: "keep every N-th count", default: 1 },
    { name: "detection", type: "number", description: "probability that an individual is counted", default: 1 },
    { name: "embedding", type: "string", description: "what the flow sees of a series", default: "summary", choices: [...embeddingNames] },
    { name: "birthRateMax", type: "number", description: "upper end of the uniform prior, per year", default: 1 },
    { name: "deathRateMax", type: "number", description: "upper end of the uniform prior, per year", default: 1 },
    { name: "immigrationRateMax", type: "number", description: "upper end of the uniform prior, individuals per year", default: 5 },
    { name: "timeColumn", type: "string", description: "column of times of a file of yours" },
    { name: "countColumn", type: "string", description: "column of counts of a file of yours" },
  ],
  reproduce,
};

async function reproduce(options: ApplicationOptions, context: ApplicationContext): Promise<Summary> {
  const observation = await readObservation(options);
  const settings = settingsOf(options, observation);
  const run: Run = { observation, settings, context, directory: join(options.out, "phases") };
  // First, so that a folder that cannot be written is told before the work and not after it.
  await writeJson(join(options.out, "run.json"), provenance(options, run));
  const { times, counts } = observation;
  context.log(
    `${observation.title}: ${counts.length} counts, ${times[0]} to ${times.at(-1)}, from ${counts[0]} to ${counts.at(-1)} ${observation.unit}`,
  );

  const simulated = await simulatePhase(run);
  const trained = await trainPhase(run, simulated);
  const { census, device, detection } = settings;
  using network = await Posterior.load(posteriorDirectory(run, trained.fingerprint), { embedding: census.embedding, device });
  const posterior = censusPosterior(network, census);
  const inferred = await inferPhase(run, posterior, trained);
  const oracle = detection === 1 ? await oraclePhase(run) : undefined;
  const checked = await checkPhase(run, posterior, inferred, oracle);

  const phases: Phases = { simulated, trained, inferred, checked, ...(oracle && { oracle }) };
  const summary = summaryOf(run, phases);
  await writeInference(join(options.out, "posterior.nc"), run, phases);
  await writeBirthDeathReport(join(options.out, "report.html"), run, phases, summary);
  await writeJson(join(options.out, "run.json"), { ...provenance(options, run), seconds: summary.cost.seconds });
  await writeJson(join(options.out, "summary.json"), summary);
  return summary;
}

/** All that fixes the simulations. */
function simulationInputs({ observation, settings }: Run): JsonValue {
  const { parameters, design, census, seed, device, detection, effort } = settings;
  return {
    times: [...observation.times],
    firstCount: design.firstCount,
    countMax: design.countMax!,
    bounds: parameters.bounds.map(({ low, high }) => [low, high]),
    detection,
    embedding: census.name,
    simulations: effort.simulations,
    seed,
    device,
  };
}

/** Series are simulated, read and forgotten: what the network learns from is all that is kept. */
function simulateFeatures({ settings, context, directory }: Run, fingerprint: string): Promise<CensusSimulations> {
  const { parameters, design, census, effort, seed, device } = settings;
  return simulateCensus({
    parameters,
    design,
    census,
    count: effort.simulations,
    seed,
    device,
    directory: simulationDirectory(directory, fingerprint),
    version: fingerprint,
    signal: context.signal,
    onProgress: context.progress,
  });
}

const simulationDirectory = (directory: string, fingerprint: string): string => join(directory, `simulations-${fingerprint.slice(0, 12)}`);
const posteriorDirectory = ({ directory }: Run, fingerprint: string): string => join(directory, `posterior-${fingerprint.slice(0, 12)}`);

async function simulatePhase(run: Run): Promise<DonePhase<SimulationFacts>> {
  return phase({
    directory: run.directory,
    format: phaseFormat,
    name: "simulate",
    inputs: simulationInputs(run),
    compute: async (fingerprint) => {
      const { standard, features } = await simulateFeatures(run, fingerprint);
      standard.dispose();
      features.dispose();
      return { facts: { count: run.settings.effort.simulations } };
    },
  });
}

/** Trains, from the shards of the simulation phase, and keeps the posterior; the shards and checkpoints go when it is safe. */
async function trainPhase(run: Run, simulated: DonePhase): Promise<DonePhase<TrainingFacts>> {
  const { settings, context, directory } = run;
  const { census, effort, seed, device } = settings;
  const { training, flow } = effort;
  return phase({
    directory,
    format: phaseFormat,
    name: "train",
    inputs: {
      simulated: simulated.fingerprint,
      training: { ...training },
      flow: { ...flow },
      network: JSON.stringify(census.embedding.options),
    },
    compute: async (fingerprint) => {
      const simulations = await simulateFeatures(run, simulated.fingerprint);
      const checkpoint = join(directory, `training-${fingerprint.slice(0, 12)}`);
      using posterior = await trainCensusPosterior(simulations, {
        census,
        flow,
        training,
        seed: derivedSeed(seed, 1),
        device,
        checkpoint,
        signal: context.signal,
        onProgress: context.progress,
      });
      simulations.standard.dispose();
      simulations.features.dispose();
      await posterior.save(posteriorDirectory(run, fingerprint));
      await rm(checkpoint, { recursive: true, force: true });
      await rm(simulationDirectory(directory, simulated.fingerprint), { recursive: true, force: true });
      const members = posterior.record.members.map(({ trainingLogProb, validationLogProb, bestEpoch }) => ({
        training: trainingLogProb,
        validation: validationLogProb,
        bestEpoch,
      }));
      return { facts: { members } };
    },
  });
}

async function inferPhase(
  { observation, settings, context, directory }: Run,
  posterior: CensusPosterior,
  trained: DonePhase,
): Promise<DonePhase> {
  const { draws } = settings.effort;
  return phase({
    directory,
    format: phaseFormat,
    name: "infer",
    inputs: { trained: trained.fingerprint, counts: [...observation.counts], draws },
    compute: async () => {
      const onProgress = (_: string, done: number, total: number): void => context.progress("infer", done, total);
      using counts = array(observation.counts);
      using sampled = await posterior.sample(counts, draws, { seed: derivedSeed(settings.seed, 2), signal: context.signal, onProgress });
      return { facts: {}, arrays: { draws: Float64Array.from(sampled.data()) } };
    },
  });
}

/** What was run, on what, and with what. */
function provenance(options: ApplicationOptions, { observation, settings }: Run) {
  const { dataset, title, source, licence, checksum, note } = observation;
  return provenanceOf({
    application: application.name,
    version,
    options,
    dataset: { name: dataset, title, source, licence, checksum: checksum ?? null, note: note ?? null },
    effort: settings.effort,
  });
}
