import { array, type NdArray } from "@credence/tensor";
import { meshOperator } from "../../forward/mesh-operator.ts";
import type { Stations } from "../../forward/stations.ts";
import { cellCounts, type Mesh, meshOf } from "../../mesh.ts";
import { maternPrior } from "../../prior/matern-prior.ts";
import { type GravityModel, type GravityModelOptions, gravityModel } from "../gravity-model.ts";

const planes = (low: number, n: number, step: number): number[] => Array.from({ length: n + 1 }, (_, i) => low + i * step);

export const meshFor = (nz: number, ny: number, nx: number): Mesh =>
  meshOf({ eastings: planes(0, nx, 20), northings: planes(0, ny, 20), upwards: planes(-20 * nz, nz, 20) });

/** Scattered stations over a mesh, 2 to 6 m above it: a low-discrepancy sequence, not random. */
export function stationsOver(mesh: Mesh, count: number): Stations {
  const [, ny, nx] = cellCounts(mesh);
  const part = (i: number, step: number): number => (0.5 + i * step) % 1;
  const every = (f: (i: number) => number): Float64Array => Float64Array.from({ length: count }, (_, i) => f(i));
  return {
    eastings: every((i) => nx * 20 * part(i, 0.7548776662466927)),
    northings: every((i) => ny * 20 * part(i, 0.5698402909980532)),
    upwards: every((i) => 2 + 4 * part(i, 0.3247179572447461)),
  };
}

/** A survey of a Matern ground with readings that are wavy numbers, for algebra that any data must obey. */
export function surveyOf(
  { counts = [3, 4, 5], stations: count = 20 }: { counts?: [number, number, number]; stations?: number },
  options: Partial<GravityModelOptions> = {},
): GravityModel {
  const mesh = meshFor(...counts);
  const stations = stationsOver(mesh, count);
  return gravityModel({
    operator: meshOperator(mesh, stations),
    data: wavy(count),
    noiseSd: 0.02,
    prior: maternPrior(mesh, { range: 60, sd: 150 }),
    stations,
    ...options,
  });
}

export const wavy = (count: number): NdArray => array(Float64Array.from({ length: count }, (_, i) => 0.3 * Math.sin(2.3 * i) + 0.1));
