import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { array, type NdArray, program, random } from "@credence/tensor";
import { writeAtomically } from "../file/atomic.ts";
import { FileFormatError } from "../file/errors.ts";
import { fromNamed, toNamed } from "../file/named-arrays.ts";
import { decodeSafetensors, encodeSafetensors } from "../file/safetensors.ts";
import { type Embedding, embeddingOf } from "./embedding.ts";
import type { Fitted, TrainingRecord } from "./fitted.ts";
import { type ModelShape, makeModel } from "./model.ts";

const format = "credence-posterior";
const version = 1;
const settingsFile = "posterior.json";
const weightsFile = "weights.safetensors";

/** The content of `posterior.json`. Bounds are null where there is none: JSON has no infinity. */
interface Settings {
  readonly format: string;
  readonly version: number;
  readonly parameters: readonly { readonly name: string; readonly low: number | null; readonly high: number | null }[];
  readonly observationShape: readonly number[];
  readonly model: ModelShape;
  readonly embedding: { readonly kind: string; readonly options: unknown };
  readonly weights: readonly number[];
  readonly record: TrainingRecord;
}

export async function writeFitted(fitted: Fitted, directory: string): Promise<void> {
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  const settings: Settings = {
    format,
    version,
    parameters: fitted.names.map((name, d) => ({ name, low: finite(fitted.bounds[d]!.low), high: finite(fitted.bounds[d]!.high) })),
    observationShape: fitted.rowShape,
    model: fitted.shape,
    embedding: { kind: fitted.embedding.kind, options: fitted.embedding.options },
    weights: fitted.weights,
    record: fitted.record,
  };
  const arrays = { ...toNamed(fitted.members, "members"), ...toNamed(fitted.scales, "scales") };
  await writeAtomically(join(directory, weightsFile), encodeSafetensors(arrays));
  await writeAtomically(join(directory, settingsFile), `${JSON.stringify(settings, null, 2)}\n`);
}

export async function readFitted(
  directory: string,
  options: { readonly embedding?: Embedding; readonly device?: string },
): Promise<Fitted> {
  const { device } = options;
  const settingsPath = join(directory, settingsFile);
  const settings = parseSettings(await read(settingsPath), settingsPath);
  const embedding = options.embedding ?? embeddingOf(settings.embedding.kind, settings.embedding.options);
  if (embedding.kind !== settings.embedding.kind) {
    throw new RangeError(`the posterior was trained with the embedding "${settings.embedding.kind}", got "${embedding.kind}"`);
  }
  const model = makeModel(settings.model, embedding);
  const template = program(() => model.init(random.key(0)), { name: "template" })();

  const weightsPath = join(directory, weightsFile);
  const { arrays } = decodeSafetensors(await read(weightsPath), weightsPath);
  const vector = (name: string): NdArray => {
    const stored = arrays[name];
    if (stored?.dtype !== "f64") throw new FileFormatError(weightsPath, `it lacks the f64 array ${name}`);
    return array(stored.data, { dtype: "f64", shape: stored.shape, ...(device !== undefined && { device }) });
  };
  return {
    names: settings.parameters.map(({ name }) => name),
    bounds: settings.parameters.map(({ low, high }) => ({ low: low ?? Number.NEGATIVE_INFINITY, high: high ?? Number.POSITIVE_INFINITY })),
    rowShape: settings.observationShape,
    shape: settings.model,
    embedding,
    model,
    members: settings.weights.map((_, k) => fromNamed(template, arrays, `members.${k}`, weightsPath, device)),
    weights: settings.weights,
    scales: {
      x: {
        median: vector("scales.x.median"),
        width: vector("scales.x.width"),
        mean: vector("scales.x.mean"),
        sd: vector("scales.x.sd"),
      },
      z: { mean: vector("scales.z.mean"), sd: vector("scales.z.sd") },
    },
    record: settings.record,
    ...(device !== undefined && { device }),
  };
}

function parseSettings(bytes: Uint8Array, path: string): Settings {
  let settings: Settings;
  try {
    settings = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Settings;
  } catch (cause) {
    throw new FileFormatError(path, "it is no JSON; the file is corrupt or cut short", { cause });
  }
  if (settings?.format !== format) throw new FileFormatError(path, `its format is ${String(settings?.format)}, expected ${format}`);
  if (settings.version !== version) {
    throw new FileFormatError(
      path,
      `it is of version ${settings.version}, and this release reads version ${version}: load it with the release that wrote it`,
    );
  }
  const { parameters, observationShape, model, embedding, weights, record } = settings;
  const whole = Array.isArray(parameters) && Array.isArray(observationShape) && model && embedding && Array.isArray(weights) && record;
  if (!whole) throw new FileFormatError(path, "it lacks a section; the file is corrupt");
  return settings;
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new FileFormatError(path, "there is no such file; a saved posterior is a directory with posterior.json and weights.safetensors", {
      cause: error,
    });
  }
}
