import { cpus } from "node:os";
import type { ApplicationOptions, JsonValue } from "../application.ts";

export interface ProvenanceOptions {
  readonly application: string;
  /** Version of the package that holds the application. */
  readonly version: string;
  readonly options: ApplicationOptions;
  /** The data set: its name, title, source, licence, checksum (null where it was simulated) and note. */
  readonly dataset: JsonValue;
  /** Numbers of draws, steps, replicates. */
  readonly effort: object;
}

/** What `run.json` says of a run: what was run, on what, and with what. */
export function provenanceOf({ application, version, options, dataset, effort }: ProvenanceOptions) {
  return {
    application,
    dataset,
    seed: options.seed,
    device: options.device,
    quick: options.quick,
    options: Object.fromEntries(Object.entries(options.own).filter(([, value]) => value !== undefined)) as JsonValue,
    effort: JSON.parse(JSON.stringify(effort)) as JsonValue,
    versions: { credence: version, node: process.version },
    machine: { platform: process.platform, architecture: process.arch, processor: cpus()[0]?.model ?? null, cores: cpus().length },
  };
}
