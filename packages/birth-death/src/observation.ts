import type { ApplicationOptions, PublishedValue } from "@credence/core";
import { DatasetError, readCensus, readCensusFile } from "@credence/data";
import { array, program, random, type Tensor } from "@credence/tensor";
import { type Rates, rateNames } from "./model.ts";
import { simulateCounts } from "./simulator.ts";

/** The series that an application is run on, and all that a report says of it. */
export interface Observation {
  readonly dataset: string;
  readonly title: string;
  readonly times: Float64Array;
  readonly counts: Float64Array;
  /** What is counted. */
  readonly unit: string;
  readonly source: string;
  readonly licence: string;
  /** SHA-256 of the file; absent of a simulated series. */
  readonly checksum?: string;
  readonly note?: string;
  /** Rates that the series was simulated with. */
  readonly truth?: Rates;
  readonly published?: Readonly<Record<string, PublishedValue>>;
}

/** Rates of the embedded series. */
export const simulatedTruth: Rates = { birthRate: 0.25, deathRate: 0.22, immigrationRate: 0.8 };

const simulatedDesign = { times: Float64Array.from({ length: 61 }, (_, year) => 1950 + year), firstCount: 12 };
/** Of the first eight seeds, one whose series is typical of its rates. */
const simulatedSeed = 6;

/** Maximum likelihood with its standard errors, as printed. */
const cranePublished: Readonly<Record<string, PublishedValue>> = Object.fromEntries(
  [[0.1812, 0.0317, "1/year"] as const, [0.1489, 0.0294, "1/year"] as const, [0.3157, 0.4768, "individuals/year"] as const].map(
    ([value, sd, unit], i) => [
      rateNames[i]!,
      {
        value,
        sd,
        unit,
        source: "maximum likelihood and standard error, BirDePy (Hautphenne and Patch, Journal of Statistical Software 2024)",
      },
    ],
  ),
);

/**
 * The series that was asked for. `default` is the whooping crane where its file is at hand and the embedded series where it is not.
 *
 * @throws {DatasetError}, {TableError} or {CensusError} where a named file is missing or wrong; {RangeError} where thinning leaves too little.
 */
export async function readObservation(options: Pick<ApplicationOptions, "dataset" | "own">): Promise<Observation> {
  const { dataset, own } = options;
  const every = Number(own.every ?? 1);
  if (!(Number.isInteger(every) && every >= 1)) throw new RangeError(`--every must be an integer >= 1, got ${own.every}`);
  const whole = await readWhole(dataset, own);
  if (every === 1) return whole;
  const keep = (values: Float64Array): Float64Array => values.filter((_, i) => i % every === 0);
  const times = keep(whole.times);
  if (times.length < 3) throw new RangeError(`--every ${every} leaves ${times.length} of ${whole.times.length} counts; keep at least 3`);
  // What was published of the whole series says nothing of a part of it.
  const { published: _, ...rest } = whole;
  return { ...rest, title: `${whole.title}, every ${ordinal(every)} count`, times, counts: keep(whole.counts) };
}

function ordinal(n: number): string {
  const tail = n % 100 > 10 && n % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${tail}`;
}

async function readWhole(dataset: string, own: ApplicationOptions["own"]): Promise<Observation> {
  if (dataset === "simulated") return simulated();
  if (dataset === "default") {
    try {
      return await registered("whooping-crane");
    } catch (error) {
      if (error instanceof DatasetError && error.code === "DATASET_MISSING") return simulated();
      throw error;
    }
  }
  if (!(dataset.includes("/") || dataset.endsWith(".csv"))) return registered(dataset);
  const { timeColumn, countColumn } = own;
  const census = await readCensusFile(dataset, {
    ...(timeColumn === undefined ? {} : { timeColumn: String(timeColumn) }),
    ...(countColumn === undefined ? {} : { countColumn: String(countColumn) }),
  });
  return { ...census, dataset: census.name };
}

async function registered(name: string): Promise<Observation> {
  const { name: dataset, ...census } = await readCensus(name);
  return { dataset, ...census, ...(name === "whooping-crane" ? { published: cranePublished } : {}) };
}

/** Sixty years of a population whose rates are known. */
function simulated(): Observation {
  const simulate = program((rates: Tensor) => simulateCounts(random.key(simulatedSeed), rates, simulatedDesign), {
    name: "simulated series",
  });
  using rates = array(
    Float32Array.from(rateNames, (name) => simulatedTruth[name]),
    { shape: [1, rateNames.length] },
  );
  using counts = simulate(rates);
  return {
    dataset: "simulated",
    title: "Simulated population of known rates, 1950-2010",
    times: simulatedDesign.times,
    counts: Float64Array.from(counts.data()),
    unit: "individuals",
    source: `simulated: birth ${simulatedTruth.birthRate} and death ${simulatedTruth.deathRate} per year, immigration ${simulatedTruth.immigrationRate} per year`,
    licence: "MIT",
    truth: simulatedTruth,
  };
}
