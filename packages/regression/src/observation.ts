import type { ApplicationOptions, PublishedValue } from "@credence/core";
import { type DataTable, numbersOf, readDataTable, readRecord } from "@credence/data";
import { type ExamData, simulateExams } from "./exams.ts";
import { completeRows } from "./features.ts";
import { readUserTable } from "./user-table.ts";

/** Features and outcome of a regression, with their units. */
export interface RegressionProblem {
  readonly family: "linear" | "logistic" | "poisson";
  readonly features: Readonly<Record<string, Float64Array>>;
  readonly outcome: Float64Array;
  /** What the outcome is, and its unit; of classes, what 1 means. */
  readonly outcomeName: string;
  readonly unit: string;
  /** Standard deviations of priors that differ from the default. */
  readonly poissonPrior?: { readonly coefficientSd: number };
  readonly logisticPrior?: { readonly coefficientSd: number; readonly interceptSd: number };
}

/** What is asked of a data set, by the kind of model. */
export type Problem =
  | ({ readonly kind: "regression" } & RegressionProblem)
  | {
      readonly kind: "multilevel";
      readonly features: Readonly<Record<string, Float64Array>>;
      readonly groupFeature: Readonly<Record<string, Float64Array>>;
      readonly outcome: Float64Array;
      readonly group: Int32Array;
      readonly outcomeName: string;
      /** One group, and several. */
      readonly groupName: string;
      readonly groupsName: string;
      readonly unit: string;
    }
  | {
      readonly kind: "estimates";
      readonly estimates: Float64Array;
      readonly errors: Float64Array;
      readonly groupNames: readonly string[];
      readonly unit: string;
    }
  | {
      readonly kind: "mixture";
      readonly columns: Readonly<Record<string, Float64Array>>;
      readonly components: number;
      readonly unit: string;
    }
  | ({ readonly kind: "exams" } & ExamData);

/** The data that an application is run on, and all that a report says of them. */
export interface Observation {
  readonly dataset: string;
  readonly title: string;
  readonly problem: Problem;
  readonly source: string;
  readonly licence: string;
  /** SHA-256 of the file; absent of simulated data. */
  readonly checksum?: string;
  readonly note?: string;
  readonly published?: Readonly<Record<string, PublishedValue>>;
}

/** A table's provenance. */
const described = ({ name, title, source, licence, checksum, note }: DataTable): Omit<Observation, "problem"> => ({
  dataset: name,
  title,
  source,
  licence,
  checksum,
  ...(note === undefined ? {} : { note }),
});

const columnsOf = ({ table }: DataTable, names: readonly string[]): Record<string, Float64Array> =>
  Object.fromEntries(names.map((name) => [name, numbersOf(table, name)]));

/** Complete rows of features and outcome together, and a sentence about the others. */
function complete(features: Readonly<Record<string, Float64Array>>, outcome: Float64Array, what: string) {
  const { columns, dropped } = completeRows({ ...features, " outcome": outcome });
  const { " outcome": kept, ...rest } = columns;
  const missing = Object.entries(features).filter(([, values]) => values.some(Number.isNaN));
  const note =
    dropped.length === 0
      ? undefined
      : `${dropped.length} of ${outcome.length} ${what} were left out because ${missing.map(([name]) => name).join(", ") || "the outcome"} is missing`;
  return { features: rest, outcome: kept!, note };
}

const readers: Readonly<Record<string, () => Promise<Observation>>> = {
  async "auto-mpg"() {
    const table = await readDataTable("auto-mpg");
    const all = columnsOf(table, ["cylinders", "displacement", "horsepower", "weight", "acceleration", "model_year"]);
    const { features, outcome, note } = complete(all, numbersOf(table.table, "mpg"), "cars");
    return {
      ...described(table),
      ...(note === undefined ? {} : { note }),
      problem: { kind: "regression", family: "linear", features, outcome, outcomeName: "fuel economy", unit: "mpg" },
    };
  },
  async diabetes() {
    const table = await readDataTable("diabetes");
    const features = columnsOf(table, ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]);
    const outcome = numbersOf(table.table, "target");
    return {
      ...described(table),
      problem: { kind: "regression", family: "linear", features, outcome, outcomeName: "progression after a year", unit: "points" },
    };
  },
  async "german-credit"() {
    const table = await readDataTable("german-credit");
    const features = columnsOf(table, table.table.columns.slice(0, 24));
    const outcome = numbersOf(table.table, "label").map((label) => label - 1);
    return {
      ...described(table),
      problem: {
        kind: "regression",
        family: "logistic",
        features,
        outcome,
        outcomeName: "bad credit",
        unit: "logit",
        logisticPrior: { coefficientSd: 1, interceptSd: 1 },
      },
    };
  },
  async wdbc() {
    const table = await readDataTable("wdbc");
    const features = columnsOf(table, table.table.columns.slice(0, 30));
    const outcome = numbersOf(table.table, "target").map((target) => 1 - target);
    return {
      ...described(table),
      problem: {
        kind: "regression",
        family: "logistic",
        features,
        outcome,
        outcomeName: "malignancy",
        unit: "logit",
        logisticPrior: { coefficientSd: 1, interceptSd: 1 },
      },
    };
  },
  async peregrine() {
    const { values, name, ...from } = await readRecord("peregrine");
    const year = values["year"] as Float64Array;
    return {
      dataset: name,
      ...from,
      note: "a cubic in the standardised year, as in the source; the file names its year column in standard deviations",
      problem: {
        kind: "regression",
        family: "poisson",
        features: { year, "year²": year.map((t) => t ** 2), "year³": year.map((t) => t ** 3) },
        outcome: values["C"] as Float64Array,
        poissonPrior: { coefficientSd: 0.5 },
        outcomeName: "pairs",
        unit: "log",
      },
    };
  },
  async "old-faithful"() {
    const table = await readDataTable("old-faithful");
    return {
      ...described(table),
      problem: { kind: "mixture", columns: columnsOf(table, ["eruptions", "waiting"]), components: 6, unit: "min" },
    };
  },
  async radon() {
    const { values, name, ...from } = await readRecord("radon");
    return {
      dataset: name,
      ...from,
      problem: {
        kind: "multilevel",
        features: { "first floor": values["floor_measure"] as Float64Array },
        groupFeature: { "log uranium": values["log_uppm"] as Float64Array },
        outcome: values["log_radon"] as Float64Array,
        group: Int32Array.from(values["county_idx"] as Float64Array, (county) => county - 1),
        outcomeName: "log radon",
        groupName: "county",
        groupsName: "counties",
        unit: "log pCi/L",
      },
    };
  },
  async "eight-schools"() {
    const { values, name, ...from } = await readRecord("eight-schools");
    return {
      dataset: name,
      ...from,
      problem: {
        kind: "estimates",
        estimates: values["y"] as Float64Array,
        errors: values["sigma"] as Float64Array,
        groupNames: [..."ABCDEFGH"].map((letter) => `school ${letter}`),
        unit: "points",
      },
    };
  },
  async simulated() {
    const exams = simulateExams();
    return {
      dataset: "simulated",
      title: `Exams in physics and chemistry at ${exams.schools} simulated schools`,
      source: "simulated here, from the truth that the report states",
      licence: "MIT",
      problem: { kind: "exams", ...exams },
    };
  },
};

/**
 * The data that were asked for.
 *
 * @throws {DatasetError}, {TableError} where a named file is missing or wrong; {RangeError} where its columns are no regression.
 */
export async function readObservation(options: Pick<ApplicationOptions, "dataset" | "own">): Promise<Observation> {
  const { dataset, own } = options;
  const reader = Object.hasOwn(readers, dataset) ? readers[dataset] : undefined;
  if (reader !== undefined) {
    const given = ["outcome", "features", "family", "missing"].find((name) => own[name] !== undefined);
    if (given !== undefined) throw new RangeError(`--${given} is for a file of yours; ${dataset} has a model of its own`);
    return reader();
  }
  return readUserTable(dataset, own);
}
