// Posteriors with reference draws (Magnusson et al. 2025): does NUTS with default settings find them, and how fast?
import type { Benchmark, OptionValues } from "../measurement.ts";
import { comparedByLogarithms } from "./agreement.ts";
import { posteriorsIn, readPosterior } from "./folder.ts";
import { models } from "./models/index.ts";
import { measurement, table } from "./row.ts";
import { score } from "./score.ts";

export const posteriordb: Benchmark = {
  summary: "NUTS with default settings on the posteriors of posteriordb, against their reference draws",
  options: {
    data: { type: "string" },
    only: { type: "string" },
    seed: { type: "string", default: "1" },
    threads: { type: "string", default: "1" },
  },
  table,
  async run(options, emit) {
    const data = options["data"];
    if (typeof data !== "string") throw new RangeError("--data must name a folder of posteriors: NAME/posterior.json, NAME/data.json.zip");
    const settings = { seed: wholeNumber(options, "seed", 0), threads: wholeNumber(options, "threads", 1) };
    for (const name of chosen(posteriorsIn(data), options["only"])) {
      const { model, reference, ...posterior } = readPosterior(data, name);
      const make = models[model];
      if (!make) {
        console.log(`${name}: not run, there is no model ${model} in benchmarks/src/posteriordb/models`);
        continue;
      }
      const logarithms = comparedByLogarithms[model] ?? [];
      const result = await score(make(posterior.data), reference, { ...settings, logarithms });
      emit(measurement(name, result, settings.threads, reference?.divergences));
    }
  },
};

/** Those of `names` that `only` lists with commas between, or all. */
function chosen(names: readonly string[], only: string | boolean | undefined): readonly string[] {
  if (typeof only !== "string") return names;
  return only.split(",").map((name) => {
    if (!names.includes(name)) throw new RangeError(`--only must be some of ${names.join(", ")}, got "${name}"`);
    return name;
  });
}

function wholeNumber(options: OptionValues, name: string, least: number): number {
  const value = Number(options[name]);
  if (!(Number.isInteger(value) && value >= least))
    throw new RangeError(`--${name} must be a whole number, at least ${least}, got "${String(options[name])}"`);
  return value;
}
