import { type Census, censusOf } from "./census.ts";
import { DatasetError } from "./dataset-error.ts";
import { locateDataset } from "./locate.ts";
import { findDataset } from "./registry.ts";
import { readTable } from "./table.ts";

export interface CensusOptions {
  /** Of harbour-seal: SJF, SJI (the default), EBays, PSnd or HC. */
  readonly region?: string;
  /** Of isle-royale: wolf (the default) or moose. */
  readonly species?: string;
}

/** Where the times and counts of a series stand, and what they mean. */
interface Series {
  readonly timeColumn: string;
  readonly countColumn: string;
  readonly unit: string;
  readonly time?: (cell: number) => number;
  readonly count?: (cell: number) => number;
  readonly note?: string;
}

const harbourSealRegions: Readonly<Record<string, string>> = {
  SJF: "Strait of Juan de Fuca",
  SJI: "San Juan Islands",
  EBays: "Eastern Bays",
  PSnd: "Puget Sound",
  HC: "Hood Canal",
};

const isleRoyaleSpecies: Readonly<Record<string, { column: string; unit: string }>> = {
  wolf: { column: "Wolf", unit: "wolves" },
  moose: { column: "Moose", unit: "moose" },
};

/** The entry of an option's value, or an error that lists the values there are. */
function choose<T>(dataset: string, option: string, value: string, choices: Readonly<Record<string, T>>): T {
  const choice = Object.hasOwn(choices, value) ? choices[value] : undefined;
  if (choice === undefined) {
    throw new DatasetError("DATASET_OPTION", `${dataset} has no ${option} "${value}"; expected one of ${Object.keys(choices).join(", ")}`);
  }
  return choice;
}

const seriesOf: Readonly<Record<string, (options: CensusOptions) => Series>> = {
  "whooping-crane": () => ({ timeColumn: "year", countColumn: "count", unit: "cranes" }),
  "gray-whale": () => ({
    timeColumn: "Year",
    countColumn: "Count",
    unit: "whales",
    note: "shore counts with years missing; survey error is not modelled",
  }),
  "harbour-seal": ({ region = "SJI" }) => ({
    timeColumn: "Year",
    countColumn: region,
    unit: "seals",
    // The file holds natural logarithms of the counts, to ten digits.
    count: (cell) => Math.round(Math.exp(cell)),
    note: `${choose("harbour-seal", "region", region, harbourSealRegions)}; counts are of animals hauled out, rounded from their published logarithms`,
  }),
  "isle-royale": ({ species = "wolf" }) => {
    const { column, unit } = choose("isle-royale", "species", species, isleRoyaleSpecies);
    return { timeColumn: "Year", countColumn: column, unit };
  },
  grizzly: () => ({ timeColumn: "year", countColumn: "N", unit: "adult females" }),
  eyam: () => ({
    timeColumn: "time",
    countColumn: "I",
    unit: "infected",
    // The file counts months since 18 June 1666.
    time: (months) => months / 12,
    note: "infected of a closed village (susceptible + infected + removed = 261); infection falls as susceptibles run out, so a linear birth-death process describes the rise and not the end",
  }),
};

const optionOf: Readonly<Record<string, keyof CensusOptions>> = { "harbour-seal": "region", "isle-royale": "species" };

const explainOptions = Object.entries(optionOf)
  .map(([dataset, option]) => `${option} belongs to ${dataset}`)
  .join(", ");

/**
 * A census of the registry by name: times in years, missing years left out.
 *
 * @throws {DatasetError} `DATASET_UNKNOWN`, `DATASET_OPTION`, `DATASET_MISSING`, `DATASET_CHECKSUM`.
 */
export async function readCensus(name: string, options: CensusOptions = {}): Promise<Census> {
  const dataset = findDataset(name);
  for (const option of Object.keys(options)) {
    if (optionOf[name] !== option) throw new DatasetError("DATASET_OPTION", `${name} takes no ${option}; ${explainOptions}`);
  }
  const series = choose("the registry", "census", name, seriesOf)(options);
  const [path] = await locateDataset(dataset);
  const { times, counts } = censusOf(await readTable(path!), series);
  return {
    name,
    title: dataset.title,
    times,
    counts,
    unit: series.unit,
    timeUnit: "year",
    source: dataset.source,
    licence: dataset.licence,
    checksum: dataset.files[0]!.sha256,
    ...(series.note === undefined ? {} : { note: series.note }),
  };
}
