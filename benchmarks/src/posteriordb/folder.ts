import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ChainDraws } from "@credence/core";
import { readZipEntry } from "@credence/data";

/** A number, or arrays of numbers by row. */
export type Value = number | readonly Value[];
export type Data = Readonly<Record<string, Value>>;

/** Draws that posteriordb vouches for: one array a chain for each quantity, by name as Stan writes it (`theta[1]`). */
export interface Reference {
  readonly draws: ReadonlyMap<string, ChainDraws>;
  /** Divergent transitions over all chains. */
  readonly divergences: number;
}

/** One folder of posteriordb (Magnusson et al. 2025): data, and reference draws where it has them. */
export interface Posterior {
  /** That of its folder: data and model with a dash between. */
  readonly name: string;
  /** The name that posteriordb gives its model. */
  readonly model: string;
  readonly data: Data;
  readonly reference: Reference | undefined;
}

/** Names of the posteriors found under `directory`, in alphabetical order: folders with posterior.json and data.json.zip. */
export function posteriorsIn(directory: string): string[] {
  if (!existsSync(directory)) throw new RangeError(`there is no folder ${directory}; --data names one of posteriors, NAME/data.json.zip`);
  const names = readdirSync(directory).filter((name) =>
    ["posterior.json", "data.json.zip"].every((f) => existsSync(join(directory, name, f))),
  );
  if (names.length === 0) throw new RangeError(`${directory} holds no posterior: expected folders with posterior.json and data.json.zip`);
  return names.sort();
}

export function readPosterior(directory: string, name: string): Posterior {
  const folder = join(directory, name);
  const draws = join(folder, "reference_draws.json.zip");
  const { model_name: model } = JSON.parse(readFileSync(join(folder, "posterior.json"), "utf8")) as { model_name: string };
  return {
    name,
    model,
    data: zippedJson(join(folder, "data.json.zip")) as Data,
    reference: existsSync(draws)
      ? { draws: byQuantity(zippedJson(draws), draws), divergences: divergencesIn(join(folder, "reference_draws.info.json")) }
      : undefined,
  };
}

const zippedJson = (path: string): unknown => JSON.parse(new TextDecoder().decode(readZipEntry(readFileSync(path), path)));

function byQuantity(chains: unknown, path: string): Map<string, ChainDraws> {
  if (!Array.isArray(chains) || chains.length === 0) throw new RangeError(`${path} must hold a list of chains`);
  const all = chains as Readonly<Record<string, readonly number[]>>[];
  return new Map(
    Object.keys(all[0]!).map((name) => [
      name,
      all.map((chain, c) => {
        const draws = chain[name];
        if (!Array.isArray(draws)) throw new RangeError(`${path}: chain ${c} has no ${name}`);
        return Float64Array.from(draws);
      }),
    ]),
  );
}

function divergencesIn(path: string): number {
  const { diagnostics } = JSON.parse(readFileSync(path, "utf8")) as { diagnostics: { divergent_transitions: readonly number[] } };
  return diagnostics.divergent_transitions.reduce((sum, count) => sum + count, 0);
}
