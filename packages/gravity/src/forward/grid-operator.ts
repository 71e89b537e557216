import { add, array, asTensor, irfft2, mul, pad, program, reshape, rfft2, slice, sub, sum, type Tensor, transpose } from "@credence/tensor";
import { cellCounts, type Mesh, meshOf } from "../mesh.ts";
import { type LinearOperator, requireOperand } from "./linear-operator.ts";
import { meshOperator } from "./mesh-operator.ts";
import type { FieldComponent } from "./prism.ts";
import { cellSensitivity, planesOf } from "./sensitivity.ts";

/** Stations at one height, as far apart as the cells of the mesh under them: the first in the south-west, then eastwards, row by row. */
export interface StationGrid {
  /** Of the first station, metres. */
  readonly easting: number;
  readonly northing: number;
  /** Of all. */
  readonly upward: number;
  /** How many rows from south to north, and stations in each. */
  readonly counts: readonly [number, number];
}

/**
 * The field of the cells of a regular mesh on a grid of stations, [rows stations, nz ny nx] in the units of `prismField`: within a layer it
 * depends on the distance between cell and station alone, so that the product is a convolution, by transforms of twice the extent. Layers
 * may differ in thickness. What is kept is one row of the matrix, four times as long as the mesh.
 *
 * @throws {RangeError} where cells are not all as wide as each other along an axis, or the grid has no stations
 */
export async function gridOperator(
  mesh: Mesh,
  grid: StationGrid,
  options: { readonly component?: FieldComponent; readonly signal?: AbortSignal } = {},
): Promise<LinearOperator> {
  const [nz, ny, nx] = cellCounts(mesh);
  const [rows, columns] = grid.counts;
  if (![rows, columns].every((n) => Number.isInteger(n) && n >= 1))
    throw new RangeError(`gridOperator: counts must be whole numbers >= 1, got [${grid.counts}]`);
  for (const axis of ["easting", "northing", "upward"] as const)
    if (!Number.isFinite(grid[axis])) throw new RangeError(`gridOperator: ${axis} must be a finite number of metres, got ${grid[axis]}`);
  const steps = { x: regularStep("eastings", mesh.eastings), y: regularStep("northings", mesh.northings) };
  const extent = { x: smoothLength(nx + columns - 1), y: smoothLength(ny + rows - 1) };

  // The field at the first station of cells that lie as far from it as any cell from any station: offsets 1 - stations ... cells - 1.
  const around = meshOf({
    eastings: Float64Array.from({ length: nx + columns }, (_, i) => mesh.eastings[0]! + (i + 1 - columns) * steps.x),
    northings: Float64Array.from({ length: ny + rows }, (_, j) => mesh.northings[0]! + (j + 1 - rows) * steps.y),
    upwards: mesh.upwards,
  });
  const first = array([grid.easting, grid.northing, grid.upward], { dtype: "f64" });
  const transformOfKernel = program((station: Tensor) => {
    const kernel = reshape(cellSensitivity(station, planesOf(around), options.component), [nz, ny + rows - 1, nx + columns - 1]);
    const framed = pad(kernel, [
      [0, 0],
      [0, extent.y - (ny + rows - 1)],
      [0, extent.x - (nx + columns - 1)],
    ]);
    return rfft2(framed) as unknown as Tensor[];
  });
  const [re, im] = await transformOfKernel.runAsync([first], options.signal && { signal: options.signal });

  /** [k, ..., ny, nx] as long as the transforms, after `low` zeros along both axes. */
  const framed = (x: Tensor, lowY: number, lowX: number): Tensor => {
    const [height, width] = x.shape.slice(-2) as [number, number];
    const widths = x.shape.map((): readonly [number, number] => [0, 0]).slice(0, -2);
    return pad(x, [...widths, [lowY, extent.y - lowY - height], [lowX, extent.x - lowX - width]]);
  };
  return {
    rows: rows * columns,
    columns: nz * ny * nx,
    // d(s) = sum over c of kernel(c - s + stations - 1) m(c): a correlation. With stations counted backwards it is a convolution.
    apply: (x) => {
      const k = requireOperand("apply", x, nz * ny * nx).shape[1] ?? 1;
      const cells = reshape(transpose(reshape(x, [nz * ny * nx, k])), [k, nz, ny, nx]);
      const [a, b] = rfft2(framed(cells, 0, 0));
      const [kr, ki] = [asTensor(re!), asTensor(im!)];
      // Conjugate of the cells' transform times that of the kernel: element t is what stations t backwards sum up.
      const product = [sum(add(mul(a, kr), mul(b, ki)), 1), sum(sub(mul(a, ki), mul(b, kr)), 1)] as const;
      const wrapped = irfft2(product, { length: extent.x });
      const stations = slice(wrapped, [0, rows - 1, columns - 1], [k], [1, -1, -1]);
      return reshape(transpose(reshape(stations, [k, rows * columns])), x.rank === 1 ? [rows * columns] : [rows * columns, k]);
    },
    applyTransposed: (y) => {
      const k = requireOperand("applyTransposed", y, rows * columns).shape[1] ?? 1;
      const stations = reshape(transpose(reshape(y, [rows * columns, k])), [k, 1, rows, columns]);
      const [a, b] = rfft2(framed(stations, 0, 0));
      const [kr, ki] = [asTensor(re!), asTensor(im!)];
      // m(c) = sum over s of kernel(c - s + stations - 1) d(s), a convolution.
      const product = [sub(mul(a, kr), mul(b, ki)), add(mul(a, ki), mul(b, kr))] as const;
      const cells = slice(irfft2(product, { length: extent.x }), [0, 0, rows - 1, columns - 1], [k, nz, rows - 1 + ny, columns - 1 + nx]);
      return reshape(transpose(reshape(cells, [k, nz * ny * nx])), y.rank === 1 ? [nz * ny * nx] : [nz * ny * nx, k]);
    },
    dense: () => meshOperator(mesh, stationsOf(grid, steps), options).dense(),
  };
}

/** The stations of a grid one by one. */
function stationsOf(
  { easting, northing, upward, counts: [rows, columns] }: StationGrid,
  steps: { readonly x: number; readonly y: number },
) {
  const every = <T>(f: (row: number, column: number) => T): T[] =>
    Array.from({ length: rows * columns }, (_, at) => f(Math.floor(at / columns), at % columns));
  return {
    eastings: every((_, column) => easting + column * steps.x),
    northings: every((row) => northing + row * steps.y),
    upwards: every(() => upward),
  };
}

/** The distance between planes. */
function regularStep(axis: string, planes: Float64Array): number {
  const step = (planes.at(-1)! - planes[0]!) / (planes.length - 1);
  planes.forEach((plane, i) => {
    if (Math.abs(plane - (planes[0]! + i * step)) > 1e-9 * step * planes.length)
      throw new RangeError(
        `gridOperator: ${axis} must be equally far apart, got ${plane} as plane ${i} of a step of ${step}: take meshOperator`,
      );
  });
  return step;
}

/** The least length from n on without a prime factor above 5, which transforms in one go. */
function smoothLength(n: number): number {
  const rest = (m: number): number => [2, 3, 5].reduce((r, p) => (r % p === 0 ? rest(r / p) : r), m);
  let length = n;
  while (rest(length) !== 1) length++;
  return length;
}
