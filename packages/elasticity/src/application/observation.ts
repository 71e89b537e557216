import type { PublishedValue } from "@credence/core";
import { DatasetError, type DataTable, numbersOf, readDataTable } from "@credence/data";
import { program, random, type Tensor } from "@credence/tensor";
import { sampleInterior } from "../body/sample.ts";
import type { ElasticField } from "../field/elastic-field.ts";
import { haghighatPlate } from "../field/haghighat.ts";
import { kirschPlate } from "../field/kirsch.ts";
import { lameCylinder } from "../field/lame.ts";
import { timoshenkoBeam } from "../field/timoshenko.ts";
import { engineeringOf, type Lame, lameOf } from "../material.ts";

interface Described {
  readonly dataset: string;
  readonly title: string;
  /** Places of sensors, [S, 2], and what they read, sensor by sensor: S 2 displacements. */
  readonly places: readonly (readonly number[])[];
  readonly readings: Float64Array;
  readonly lengthUnit: string;
  readonly stressUnit: string;
  readonly source: string;
  readonly licence: string;
  /** SHA-256 of the file; absent of simulated data. */
  readonly checksum?: string;
  readonly note?: string;
  readonly published?: Readonly<Record<string, PublishedValue>>;
}

/** Readings of a body whose loads are known and whose noise is stated. */
export interface SensorObservation extends Described {
  readonly kind: "sensors";
  readonly field: ElasticField;
  readonly noiseSd: number;
  /** What the readings were simulated from. */
  readonly truth: Lame;
}

/** Readings of a plate whose noise has to be found, and whose model is not the whole truth. */
export interface PlateObservation extends Described {
  readonly kind: "plate";
}

export type Observation = SensorObservation | PlateObservation;

/** 210 GPa and 0.3, in N/mm². */
export const handbookSteel = { young: 210_000, poisson: 0.3 } as const;

const exact = (field: ElasticField) => (x: Tensor) => field.displacement(x, field.material);

/** Sensors at random places of a body, and what they read of a field with independent normal noise. */
function simulated(field: ElasticField, sensors: number, noiseSd: number, seed: number) {
  const { points, readings } = program(() => {
    const x = sampleInterior(field.body, random.key(seed), sensors).points;
    const noise = random.normal(random.fold(random.key(seed), 1), [sensors, 2], { dtype: "f64" });
    return { points: x, readings: exact(field)(x).add(noise.mul(noiseSd)) };
  })();
  const at = points.data();
  return {
    places: Array.from({ length: sensors }, (_, i) => [at[2 * i]!, at[2 * i + 1]!]),
    readings: Float64Array.from(readings.data()),
  };
}

const here = { source: "simulated here from the closed form, with the material and noise that the report states", licence: "MIT" } as const;

/** Seed of the noise of data sets that are simulated: part of the data, not of the run. */
const dataSeed = 20261127;

function simulatedSensors(options: {
  readonly dataset: string;
  readonly title: string;
  readonly field: ElasticField;
  readonly sensors: number;
  readonly noiseSd: number;
  readonly lengthUnit: string;
  readonly stressUnit: string;
}): SensorObservation {
  const { sensors, ...rest } = options;
  const { field, noiseSd } = options;
  return { kind: "sensors", ...rest, ...here, truth: field.material, ...simulated(field, sensors, noiseSd, dataSeed) };
}

const steel = lameOf(handbookSteel);
const metric = { lengthUnit: "mm", stressUnit: "N/mm²" } as const;
const bare = { lengthUnit: "", stressUnit: "" } as const;

async function haghighat(name: string): Promise<SensorObservation> {
  const table = await readDataTable(name);
  const { places, readings } = readSensors(table, ["x", "y", "ux_noisy", "uy_noisy"]);
  const field = haghighatPlate();
  return { kind: "sensors", ...described(table), ...bare, places, readings, field, noiseSd: 0.01, truth: field.material };
}

const described = ({ name, title, source, licence, checksum, note }: DataTable) => ({
  dataset: name,
  title,
  source,
  licence,
  checksum,
  ...(note === undefined ? {} : { note }),
});

/**
 * Columns x, y, u_x, u_y of a table.
 *
 * @throws {DatasetError} `DATASET_FILE` naming the line where one of them is missing; {TableError} where one is no number
 */
export function readSensors(
  { table, name }: Pick<DataTable, "table" | "name">,
  columns: readonly [string, string, string, string],
): { readonly places: number[][]; readonly readings: Float64Array } {
  const values = columns.map((column) => numbersOf(table, column));
  if (table.rows.length === 0) throw new DatasetError("DATASET_FILE", `${name}: ${table.path} holds no sensor`);
  for (const [k, column] of values.entries()) {
    const row = column.findIndex(Number.isNaN);
    if (row >= 0)
      throw new DatasetError(
        "DATASET_FILE",
        `${name}: ${table.path}:${table.lines[row]}: ${columns[k]} is missing; leave out sensors whose place or reading is not known`,
      );
  }
  const [x, y, ux, uy] = values as [Float64Array, Float64Array, Float64Array, Float64Array];
  return {
    places: Array.from(x, (at, i) => [at, y[i]!]),
    readings: Float64Array.from({ length: 2 * x.length }, (_, i) => (i % 2 ? uy : ux)[i >> 1]!),
  };
}

const readers: Readonly<Record<string, () => Observation | Promise<Observation>>> = {
  simulated: () =>
    simulatedSensors({
      dataset: "simulated",
      title: "Haghighat's plate with 100 simulated sensors",
      field: haghighatPlate(),
      sensors: 100,
      noiseSd: 0.01,
      ...bare,
    }),
  "haghighat-s100": () => haghighat("haghighat-s100"),
  "haghighat-s400": () => haghighat("haghighat-s400"),
  kirsch: () =>
    simulatedSensors({
      dataset: "kirsch",
      title: "A steel plate with a hole, pulled: 200 simulated sensors",
      field: kirschPlate({ material: steel, setting: "plane-stress", tension: 100, radius: 5, side: 20 }),
      sensors: 200,
      noiseSd: 2e-4,
      ...metric,
    }),
  timoshenko: () =>
    simulatedSensors({
      dataset: "timoshenko",
      title: "A steel cantilever, bent: 200 simulated sensors",
      field: timoshenkoBeam({ material: steel, load: 1000, length: 80, halfHeight: 10 }),
      sensors: 200,
      noiseSd: 1e-3,
      ...metric,
    }),
  "lame-cylinder": () =>
    simulatedSensors({
      dataset: "lame-cylinder",
      title: "A thick steel cylinder under pressure: 200 simulated sensors",
      field: lameCylinder({ material: steel, pressure: 100, inner: 50, outer: 100 }),
      sensors: 200,
      noiseSd: 1e-3,
      ...metric,
    }),
  async "s235-plate"() {
    const table = await readDataTable("s235-plate");
    const columns = ["x-coordinate [mm]", "y-coordinate [mm]", "x-displacement [mm]", "y-displacement [mm]"] as const;
    const handbook = "handbook value of S235 steel (EN 1993-1-1)";
    return {
      kind: "plate",
      ...described(table),
      ...metric,
      ...readSensors(table, columns),
      published: {
        young: { value: handbookSteel.young, unit: "N/mm²", source: handbook },
        poisson: { value: handbookSteel.poisson, unit: "", source: handbook },
      },
    };
  },
};

/**
 * The data that were asked for.
 *
 * @throws {RangeError} for a name that there is not; {DatasetError}, {TableError} where a file is missing or wrong
 */
export async function readObservation(dataset: string): Promise<Observation> {
  const reader = Object.hasOwn(readers, dataset) ? readers[dataset] : undefined;
  if (reader === undefined) throw new RangeError(`elasticity has no data set "${dataset}"; it has ${Object.keys(readers).join(", ")}`);
  return reader();
}

/** Lame's parameters in words of an engineer. */
export const sayMaterial = (material: Lame): string => {
  const { young, poisson } = engineeringOf(material);
  return `lambda ${Number(material.lambda.toPrecision(6))}, mu ${Number(material.mu.toPrecision(6))} (E ${Number(young.toPrecision(6))}, nu ${Number(poisson.toPrecision(4))})`;
};
