import { array, cholesky, NdArray, program, type Tensor } from "@credence/tensor";
import type { LinearOperator } from "../forward/linear-operator.ts";
import type { Stations } from "../forward/stations.ts";
import type { CellPrior } from "../prior/cell-prior.ts";
import { type Regional, type RegionalOptions, regionalField } from "./regional.ts";

/** Numbers in a row. */
export type Numbers = NdArray | ArrayLike<number>;

export interface GravityModelOptions {
  /** G, [stations, cells]: data, mGal, of density contrasts, kg/m3. */
  readonly operator: LinearOperator;
  /** d, mGal, one for each station. */
  readonly data: Numbers;
  /** sd of the noise, mGal: of all stations, or of each. Either this or `noiseCovariance`. */
  readonly noiseSd?: number | Numbers;
  /** Covariance of the noise, mGal2, [stations, stations]. */
  readonly noiseCovariance?: NdArray;
  readonly prior: CellPrior;
  /** Polynomial regional field, integrated over; none if absent. Needs `stations`. */
  readonly regional?: RegionalOptions;
  /** Where the data were measured: for the regional, the spatial checks, and warnings of stations in the ground. */
  readonly stations?: Stations;
}

/** d = G m + B c + e with m ~ N(mean, P P^T), c flat or normal, e ~ N(0, noise noise^T). */
export interface GravityModel {
  readonly operator: LinearOperator;
  /** f64 [stations]. */
  readonly data: NdArray;
  /** sd of each station [stations], or the lower factor of the covariance [stations, stations]. */
  readonly noise: NdArray;
  readonly prior: CellPrior;
  readonly regional: Regional | undefined;
  readonly stations: Stations | undefined;
  /** Plain sentences about what looks wrong. */
  readonly warnings: readonly string[];
}

/**
 * A survey, its noise and what is believed of the ground before it, checked.
 * @throws TypeError where noise is given not at all or twice, or a regional without stations; RangeError for shapes that do not fit, readings that are not numbers, noise
 *   that is not > 0, or a covariance that is not symmetric positive definite
 */
export function gravityModel(options: GravityModelOptions): GravityModel {
  const { operator, prior, regional, stations } = options;
  const count = operator.rows;
  if (operator.columns !== prior.size)
    throw new RangeError(`gravityModel: the operator is of ${operator.columns} cells, the prior of ${prior.size}; make both from one mesh`);
  const data = numbersOf("data", options.data, count);
  if (stations)
    for (const axis of ["eastings", "northings", "upwards"] as const)
      if (stations[axis].length !== count)
        throw new RangeError(
          `gravityModel: stations.${axis} must have ${count} numbers, one for each row of the operator, got ${stations[axis].length}`,
        );
  if (regional && !stations) throw new TypeError("gravityModel: a regional needs stations: { eastings, northings, upwards }");
  return {
    operator,
    data,
    noise: noiseOf(options, count),
    prior,
    regional: regional && stations && regionalField(stations, regional),
    stations,
    warnings: [
      ...(stations ? placeWarnings(prior, stations) : []),
      ...(count === 1 ? ["there is one station: the posterior is the prior but for one combination of cells"] : []),
    ],
  };
}

function numbersOf(name: string, given: Numbers, count: number): NdArray {
  const values = Float64Array.from(given instanceof NdArray ? given.data() : given);
  if (values.length !== count)
    throw new RangeError(`gravityModel: ${name} must have ${count} numbers, one for each station, got ${values.length}`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new RangeError(
      `gravityModel: ${name} must be finite, got ${values[bad]} at station ${bad}; leave out stations without a reading`,
    );
  return array(values);
}

function noiseOf({ noiseSd, noiseCovariance }: GravityModelOptions, count: number): NdArray {
  if ((noiseSd === undefined) === (noiseCovariance === undefined))
    throw new TypeError("gravityModel: expected either noiseSd or noiseCovariance, such as noiseSd: 0.01");
  if (noiseSd !== undefined) {
    const sd = numbersOf("noiseSd", typeof noiseSd === "number" ? new Float64Array(count).fill(noiseSd) : noiseSd, count);
    const bad = sd.data().findIndex((value) => !(value > 0));
    if (bad >= 0)
      throw new RangeError(
        `gravityModel: noiseSd must be > 0 mGal, got ${sd.data()[bad]} at station ${bad}: without noise the data are a constraint; give the sd of a reading, such as 0.01`,
      );
    return sd;
  }
  const covariance = noiseCovariance!;
  if (covariance.shape.length !== 2 || covariance.shape.some((extent) => extent !== count))
    throw new RangeError(`gravityModel: noiseCovariance must have shape [${count}, ${count}], got [${covariance.shape.join(", ")}]`);
  const c = Float64Array.from(covariance.data());
  for (let i = 0; i < count; i++)
    for (let j = 0; j < i; j++)
      if (!(Math.abs(c[i * count + j]! - c[j * count + i]!) <= 1e-8 * Math.sqrt(Math.abs(c[i * count + i]! * c[j * count + j]!))))
        throw new RangeError(
          `gravityModel: noiseCovariance must be symmetric, got ${c[i * count + j]} and ${c[j * count + i]} at (${i}, ${j})`,
        );
  const lower = factored(array(c, { shape: [count, count] }));
  if (!lower.data().every(Number.isFinite))
    throw new RangeError(
      "gravityModel: noiseCovariance must be positive definite, and is singular in double precision; add the variance of independent noise to its diagonal",
    );
  return lower;
}

const factored = program((covariance: Tensor) => cholesky(covariance), { name: "factor of the noise" });

/** Stations below the top of the mesh and within its sides. */
function placeWarnings({ mesh }: CellPrior, { eastings, northings, upwards }: Stations): string[] {
  const between = (value: number, planes: Float64Array): boolean => value > planes[0]! && value < planes.at(-1)!;
  const inside: number[] = [];
  for (let i = 0; i < eastings.length; i++)
    if (between(eastings[i]!, mesh.eastings) && between(northings[i]!, mesh.northings) && between(upwards[i]!, mesh.upwards))
      inside.push(i);
  if (inside.length === 0) return [];
  return [
    `${inside.length} of ${eastings.length} stations lie inside the mesh (the first is station ${inside[0]}, at ${upwards[inside[0]!]} m, below the top at ${mesh.upwards.at(-1)} m): cells above them pull upwards; if the ground is lower there, give those cells a prior sd near 0, or lower the mesh`,
  ];
}
