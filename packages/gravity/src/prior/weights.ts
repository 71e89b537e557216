import { program, type RunOptions } from "@credence/tensor";
import type { LinearOperator } from "../forward/linear-operator.ts";
import { cellCounts, type Mesh } from "../mesh.ts";

export interface DepthWeightsOptions {
  /** Height of the observations, metres; the top of the mesh if absent. */
  readonly upward?: number;
  /** Added to the depth of a cell's centre below `upward`, metres; half the thinnest layer if absent. */
  readonly offset?: number;
  /** beta: 2 (if absent) for gravity, whose kernel falls with the square of distance. */
  readonly exponent?: number;
}

/**
 * Depth weighting (Li and Oldenburg 1998) as the relative sd of each cell, (depth + offset)^(beta / 2), of mean square 1: the reciprocal of their w(z). Deep cells
 * are given the room to be as wrong as shallow ones, since data hardly see them.
 * @returns [nz ny nx]
 * @throws RangeError where depth + offset is not > 0 in every layer
 */
export function depthWeights(mesh: Mesh, options: DepthWeightsOptions = {}): Float64Array {
  const [nz, ny, nx] = cellCounts(mesh);
  const { upwards } = mesh;
  const thinnest = Math.min(...Array.from({ length: nz }, (_, k) => upwards[k + 1]! - upwards[k]!));
  const { upward = upwards[nz]!, offset = thinnest / 2, exponent = 2 } = options;
  const layers = Float64Array.from({ length: nz }, (_, k) => {
    const depth = upward - (upwards[k]! + upwards[k + 1]!) / 2 + offset;
    if (!(depth > 0 && Number.isFinite(exponent)))
      throw new RangeError(
        `depthWeights: depth + offset must be > 0 and the exponent finite, got ${depth} m in layer ${k} and ${exponent}`,
      );
    return depth ** (exponent / 2);
  });
  return normalised(Float64Array.from({ length: nz * ny * nx }, (_, at) => layers[Math.floor(at / (ny * nx))]!));
}

/**
 * Sensitivity weighting as the relative sd of each cell, (sum over stations of G^2)^(-exponent / 2), of mean square 1: what `depthWeights` is for stations on a plane,
 * for stations anywhere.
 * @param options.exponent 0.5 (if absent): the square root of the norm of the cell's column, as in SimPEG
 * @returns [cells]
 */
export async function sensitivityWeights(
  operator: LinearOperator,
  options: { readonly exponent?: number } & RunOptions = {},
): Promise<Float64Array> {
  const { exponent = 0.5, ...running } = options;
  const squares = program(() => operator.dense().square().sum(0), { name: "sensitivity of cells" });
  const seen = Float64Array.from((await squares.runAsync([], running)).data());
  // A cell that no station sees would be of infinite sd.
  const least = 1e-12 * seen.reduce((most, value) => Math.max(most, value), 0);
  if (!(least > 0)) throw new RangeError("sensitivityWeights: no station sees any cell; check the units and places of stations and mesh");
  return normalised(Float64Array.from(seen, (value) => Math.max(value, least) ** (-exponent / 2)));
}

function normalised(values: Float64Array): Float64Array {
  const rms = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  return values.map((value) => value / rms);
}
