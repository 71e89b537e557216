import { array, asTensor, matmul, matrixTranspose, type NdArray, type Tensor } from "@credence/tensor";
import { cellCounts, type Mesh } from "../mesh.ts";
import { type AxisModes, axisModes } from "./axis-modes.ts";
import type { CellPrior } from "./cell-prior.ts";

/** A length in metres: of all axes, or of each. A Tensor (f64, one number) is a hyperparameter that a program infers. */
export type Length = number | Tensor | { readonly east: number | Tensor; readonly north: number | Tensor; readonly up: number | Tensor };

export interface SpectralPriorOptions {
  /** Marginal standard deviation, kg/m3. A Tensor (f64, one number) is a hyperparameter. */
  readonly sd: number | Tensor;
  /** Of all cells, or of each, kg/m3; 0 if absent. */
  readonly mean?: number | ArrayLike<number>;
  /** Standard deviation of each cell as a multiple of `sd`, n numbers > 0: `depthWeights`, `sensitivityWeights`. 1 if absent. */
  readonly weights?: ArrayLike<number>;
  /**
   * `"even"` (if absent): every cell has the marginal sd that was asked for. `"free"`: the field has free ends (no flux), so that cells at a face vary more, up to
   * twice the variance a face; `sd` is then the root of the mean variance over the volume.
   */
  readonly boundary?: "even" | "free";
}

/**
 * m = mean + D V s z, z standard normal: V holds the standing waves of the mesh (cosines where cells are equal), s^2 = (1 + sum over axes of l^2 mu)^-alpha their
 * variances with mu the squared wave numbers, D a diagonal that gives cells their sd. Sums over modes are products with one small matrix an axis.
 * @param length l, metres
 * @throws RangeError for an sd or a length that is not > 0, weights or means that are not one a cell
 */
export function spectralPrior(owner: string, mesh: Mesh, length: Length, alpha: number, options: SpectralPriorOptions): CellPrior {
  const counts = cellCounts(mesh);
  const size = counts.reduce((a, b) => a * b);
  const lengths = axesOf(length).map((value) => positive(owner, "length", value));
  const sd = positive(owner, "sd", options.sd);
  const mean = perCell(owner, "mean", typeof options.mean === "number" ? new Float64Array(size).fill(options.mean) : options.mean, size, 0);
  const weights = perCell(owner, "weights", options.weights, size, 1);
  if (weights.data().some((weight) => !(weight > 0))) throw new RangeError(`${owner}: weights must be > 0 in every cell`);
  const axes = [mesh.upwards, mesh.northings, mesh.eastings].map(axisModes) as [AxisModes, AxisModes, AxisModes];
  const volumes = volumesOf(axes);
  const logVolumes = array([Array.from(volumes.data()).reduce((sum, v) => sum + Math.log(v), 0)], { dtype: "f64", shape: [] });

  /** s, [n]. */
  const amplitudes = (): Tensor => {
    const waves = axes.map((axis, a) => {
      const shape = [1, 1, 1].map((_, b) => (a === b ? counts[a]! : 1));
      return asTensor(lengths[a]!, "f64").square().mul(axis.squaredWaveNumbers()).reshape(shape);
    });
    return waves[0]!
      .add(waves[1]!)
      .add(waves[2]!)
      .add(1)
      .pow(-alpha / 2)
      .reshape([size]);
  };
  const along = (v: Tensor, matrix: (axis: AxisModes) => Tensor): Tensor => alongAxes(v, counts, axes.map(matrix));
  const synthesis = (v: Tensor): Tensor => along(v, (axis) => axis.vectors());
  const analysis = (v: Tensor): Tensor => along(v, (axis) => matrixTranspose(axis.vectors()));
  /** D, [n]. */
  const scale = (s: Tensor): Tensor => {
    const raw = along(s.square().expandDims(1), (axis) => axis.vectors().square()).squeeze(1);
    const even = options.boundary === "free" ? raw.mul(volumes).sum().div(asTensor(volumes).sum()) : raw;
    return asTensor(sd, "f64").mul(weights).div(even.sqrt());
  };
  const column = (v: Tensor): Tensor => v.expandDims(1);
  return {
    mesh,
    size,
    mean: () => asTensor(mean),
    colour: (v) => {
      const s = amplitudes();
      return synthesis(v.mul(column(s))).mul(column(scale(s)));
    },
    colourTransposed: (v) => {
      const s = amplitudes();
      return analysis(v.mul(column(scale(s)))).mul(column(s));
    },
    whiten: (v) => {
      const s = amplitudes();
      return analysis(v.div(column(scale(s))).mul(column(asTensor(volumes)))).div(column(s));
    },
    // V^T diag(volume) V = I.
    logDeterminant: () => {
      const s = amplitudes();
      return s.log().sum().add(scale(s).log().sum()).sub(asTensor(logVolumes).mul(0.5));
    },
    variance: () => {
      const s = amplitudes();
      return along(s.square().expandDims(1), (axis) => axis.vectors().square())
        .squeeze(1)
        .mul(scale(s).square());
    },
  };
}

/** (Mz x My x Mx) v for columns v [nz ny nx, k]. */
function alongAxes(v: Tensor, [nz, ny, nx]: readonly [number, number, number], [mz, my, mx]: readonly Tensor[]): Tensor {
  const k = v.shape[1]!;
  const x = matmul(mx!, v.reshape([nz * ny, nx, k]));
  const y = matmul(my!, x.reshape([nz, ny, nx * k]));
  return matmul(mz!, y.reshape([nz, ny * nx * k])).reshape([nz * ny * nx, k]);
}

/** [up, north, east]. */
const axesOf = (length: Length): readonly (number | Tensor)[] =>
  typeof length === "object" && "east" in length ? [length.up, length.north, length.east] : [length, length, length];

function positive(owner: string, name: string, value: number | Tensor): number | Tensor {
  if (typeof value === "number" && !(value > 0 && value < Infinity))
    throw new RangeError(`${owner}: ${name} must be > 0 and finite, got ${value}`);
  return value;
}

function perCell(owner: string, name: string, given: ArrayLike<number> | undefined, size: number, otherwise: number): NdArray {
  const values = given === undefined ? new Float64Array(size).fill(otherwise) : Float64Array.from(given);
  if (values.length !== size) throw new RangeError(`${owner}: ${name} must have ${size} numbers, one for each cell, got ${values.length}`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`${owner}: ${name} must be finite, got ${values[bad]} in cell ${bad}`);
  return array(values);
}

/** Volume of each cell, m3. */
function volumesOf([z, y, x]: readonly [AxisModes, AxisModes, AxisModes]): NdArray {
  const volumes = new Float64Array(z.widths.length * y.widths.length * x.widths.length);
  let at = 0;
  for (const dz of z.widths) for (const dy of y.widths) for (const dx of x.widths) volumes[at++] = dz * dy * dx;
  return array(volumes);
}
