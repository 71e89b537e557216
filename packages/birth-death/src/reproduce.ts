import { rm } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import {
  type Application,
  type ApplicationContext,
  type ApplicationOptions,
  type JsonValue,
  Posterior,
  type Simulations,
  type Summary,
  simulate,
  trainPosterior,
} from "@credence/core";
import { writeJson } from "@credence/report";
import { checkPhase } from "./check-phase.ts";
import { embeddingNames } from "./embedding.ts";
import { readObservation } from "./observation.ts";
import { oraclePhase } from "./oracle-phase.ts";
import { type DonePhase, phase } from "./phase.ts";
import { featuresOf, type Phases, type Run, type TrainingFacts } from "./run.ts";
import { derivedSeed, settingsOf } from "./settings.ts";
import { simulateCounts } from "./simulator.ts";
import { summaryOf } from "./summary-json.ts";
import { writeInference } from "./write-inference.ts";
import { writeBirthDeathReport } from "./write-report.ts";

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
  context.log(`${observation.title}: ${counts.length} counts, ${times[0]} to ${times.at(-1)}, from ${counts[0]} to ${counts.at(-1)} ${observation.unit}`);

  const simulated = await simulatePhase(run);
  const trained = await trainPhase(run, simulated);
  using posterior = await Posterior.load(posteriorDirectory(run, trained.fingerprint), {
    embedding: settings.census.embedding,
    device: settings.device,
  });
  const inferred = await inferPhase(run, posterior, trained);
  const oracle = settings.detection === 1 ? await oraclePhase(run) : undefined;
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

type SimulationFacts = { readonly failed: number };

/** Features of simulated series, straight from the simulator: counts are not kept. */
async function simulateFeatures({ settings, context, directory }: Run, fingerprint: string): Promise<Simulations> {
  const { parameters, design, census, effort, seed, device } = settings;
  return simulate({
    parameters,
    simulator: { kind: "program", run: (key, rates) => census.features(simulateCounts(key, rates, design)), device },
    count: effort.simulations,
    seed,
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
    name: "simulate",
    inputs: simulationInputs(run),
    compute: async (fingerprint) => {
      const { theta, x, failed } = await simulateFeatures(run, fingerprint);
      theta.dispose();
      x.dispose();
      return { facts: { failed } };
    },
  });
}

/** Trains, from the shards of the simulation phase, and keeps the posterior; the shards and checkpoints go when it is safe. */
async function trainPhase(run: Run, simulated: DonePhase): Promise<DonePhase<TrainingFacts>> {
  const { settings, context, directory } = run;
  const { parameters, census, effort, seed, device } = settings;
  const { training, flow } = effort;
  return phase({
    directory,
    name: "train",
    inputs: { simulated: simulated.fingerprint, training: { ...training }, flow: { ...flow }, network: JSON.stringify(census.embedding.options) },
    compute: async (fingerprint) => {
      const { theta, x } = await simulateFeatures(run, simulated.fingerprint);
      const checkpoint = join(directory, `training-${fingerprint.slice(0, 12)}`);
      using posterior = await trainPosterior({
        parameters,
        theta,
        x,
        embedding: census.embedding,
        flow,
        training,
        seed: derivedSeed(seed, 1),
        device,
        checkpoint,
        signal: context.signal,
        onProgress: context.progress,
      });
      theta.dispose();
      x.dispose();
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

async function inferPhase(run: Run, posterior: Posterior, trained: DonePhase): Promise<DonePhase> {
  const { observation, settings, context, directory } = run;
  const { draws } = settings.effort;
  return phase({
    directory,
    name: "infer",
    inputs: { trained: trained.fingerprint, counts: [...observation.counts], draws },
    compute: async () => {
      using features = await featuresOf(run, observation.counts);
      const onProgress = (_: string, done: number, total: number): void => context.progress("infer", done, total);
      using sampled = await posterior.sample(features.data() as Float32Array, draws, { seed: derivedSeed(settings.seed, 2), signal: context.signal, onProgress });
      return { facts: {}, arrays: { draws: Float64Array.from(sampled.data()) } };
    },
  });
}

/** What was run, on what, and with what. */
function provenance(options: ApplicationOptions, { observation, settings }: Run) {
  const { dataset, title, source, licence, checksum, note } = observation;
  return {
    application: application.name,
    dataset: { name: dataset, title, source, licence, checksum: checksum ?? null, note: note ?? null },
    seed: options.seed,
    device: options.device,
    quick: options.quick,
    options: Object.fromEntries(Object.entries(options.own).filter(([, value]) => value !== undefined)) as JsonValue,
    effort: JSON.parse(JSON.stringify(settings.effort)) as JsonValue,
    versions: { node: process.version },
    machine: { platform: process.platform, architecture: process.arch, processor: cpus()[0]?.model ?? null, cores: cpus().length },
  };
}
