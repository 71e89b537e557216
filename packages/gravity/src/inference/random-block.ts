import { type Parameters, parameters, type Simulator, uniform } from "@credence/core";
import { asTensor, concat, index, matrixTranspose, random, type Tensor } from "@credence/tensor";
import type { LinearOperator } from "../forward/linear-operator.ts";
import { prismSensitivity } from "../forward/sensitivity.ts";
import { type Stations, stationTable } from "../forward/stations.ts";
import type { CellPrior } from "../prior/cell-prior.ts";

type Range = readonly [low: number, high: number];

export interface RandomBlockOptions {
  readonly stations: Stations;
  /** sd of the noise, mGal. */
  readonly noiseSd: number;
  /** Density contrast, kg/m3. */
  readonly contrast: Range;
  /** Of the block's centre, metres. */
  readonly easting: Range;
  readonly northing: Range;
  /** Height of its top, metres. */
  readonly top: Range;
  /** From west to east and from south to north alike, and from top to bottom, metres. */
  readonly width: Range;
  readonly thickness: Range;
  /** The ground about the block: a random field of cells, new in every simulation. Homogeneous if absent. */
  readonly ground?: { readonly operator: LinearOperator; readonly prior: CellPrior };
}

/**
 * A block of random place, size and contrast in random ground, and the data that stations read of it: what `trainPosterior` learns to turn round, for any data of these stations.
 * Parameters are `contrast`, `easting`, `northing`, `top`, `width` and `thickness`, uniform within their ranges.
 * @throws RangeError for ranges that are not low < high, sizes or noise that are not > 0, or ground of other stations
 */
export function randomBlock(options: RandomBlockOptions): { readonly parameters: Parameters; readonly simulator: Simulator } {
  const { stations, noiseSd, ground } = options;
  const table = stationTable(stations);
  const count = table.shape[0]!;
  if (!(noiseSd > 0 && noiseSd < Infinity)) throw new RangeError(`randomBlock: noiseSd must be > 0 mGal and finite, got ${noiseSd}`);
  for (const name of ["width", "thickness"] as const)
    if (!(options[name][0] > 0)) throw new RangeError(`randomBlock: ${name} must be > 0 m, got [${options[name].join(", ")}]`);
  if (ground && (ground.operator.rows !== count || ground.operator.columns !== ground.prior.size))
    throw new RangeError(
      `randomBlock: ground must be of ${count} stations and as many cells as its prior has, got an operator [${ground.operator.rows}, ${ground.operator.columns}] and ${ground.prior.size} cells`,
    );
  const within = (name: "contrast" | "easting" | "northing" | "top" | "width" | "thickness", unit: string) => ({
    prior: uniform(options[name][0], options[name][1]),
    unit,
  });
  return {
    parameters: parameters({
      contrast: within("contrast", "kg/m3"),
      easting: within("easting", "m"),
      northing: within("northing", "m"),
      top: within("top", "m"),
      width: within("width", "m"),
      thickness: within("thickness", "m"),
    }),
    simulator: {
      kind: "program",
      run: (key: Tensor, theta: Tensor): Tensor => {
        const rows = theta.shape[0]!;
        const column = (i: number): Tensor => index(theta.cast("f64"), i, 1).expandDims(1);
        const [contrast, easting, northing, top, width, thickness] = [0, 1, 2, 3, 4, 5].map(column) as [
          Tensor,
          Tensor,
          Tensor,
          Tensor,
          Tensor,
          Tensor,
        ];
        const half = width.mul(0.5);
        const prisms = concat([easting.sub(half), easting.add(half), northing.sub(half), northing.add(half), top.sub(thickness), top], 1);
        const field = matrixTranspose(prismSensitivity(asTensor(table), prisms)).mul(contrast);
        const noise = random.normal(random.fold(key, 0), [rows, count], { dtype: "f64" }).mul(noiseSd);
        if (!ground) return field.add(noise);
        const z = random.normal(random.fold(key, 1), [ground.prior.size, rows], { dtype: "f64" });
        const cells = ground.prior.mean().expandDims(1).add(ground.prior.colour(z));
        return field.add(noise).add(matrixTranspose(ground.operator.apply(cells)));
      },
    },
  };
}
