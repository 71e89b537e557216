import { array, asTensor, grad, type NdArray, program, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { type Mesh, meshOf } from "../mesh.ts";
import { gridOperator, type StationGrid } from "./grid-operator.ts";
import type { LinearOperator } from "./linear-operator.ts";
import { meshOperator } from "./mesh-operator.ts";
import { type FieldComponent, fieldUnit, type Prism, prismField } from "./prism.ts";
import { cellSensitivity, planesOf, prismSensitivity, prismTable } from "./sensitivity.ts";
import { type Stations, stationTable } from "./stations.ts";

const mesh = meshOf({ eastings: [0, 10, 25, 30], northings: [-5, 5, 12], upwards: [-60, -30, -10, 0] });
// Above, on a node, on a face, inside, below and far beside.
const stations: Stations = { eastings: [3, 10, 12, 18, 7, 900], northings: [0, 5, -5, 3, 8, -700], upwards: [4, 0, -12, -20, -90, 300] };
const components = Object.keys(fieldUnit) as FieldComponent[];

function cellsOf({ eastings, northings, upwards }: Mesh): Prism[] {
  const pairs = (planes: Float64Array) => Array.from(planes.subarray(1), (high, i) => [planes[i]!, high] as const);
  return pairs(upwards).flatMap(([bottom, top]) =>
    pairs(northings).flatMap(([south, north]) => pairs(eastings).map(([west, east]) => ({ west, east, south, north, bottom, top }))),
  );
}
const placesOf = ({ eastings, northings, upwards }: Stations) =>
  Array.from(eastings as number[], (easting, i) => ({ easting, northing: northings[i]!, upward: upwards[i]! }));

const wave = (shape: readonly number[], phase = 0): NdArray =>
  array(
    Float64Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(1.7 * i + phase)),
    { shape },
  );
const dense = (a: LinearOperator): NdArray => program(() => a.dense())();
const products = (a: LinearOperator, x: NdArray, y: NdArray): NdArray[] =>
  program((u: Tensor, v: Tensor) => [a.apply(u), a.applyTransposed(v)])(x, y) as NdArray[];

/** The largest difference, as a part of the largest number. */
function difference(got: NdArray, want: NdArray): number {
  expect(got.shape).toEqual(want.shape);
  const [a, b] = [Array.from(got.data()), Array.from(want.data())];
  const scale = b.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0) / scale;
}

describe("sensitivities", () => {
  test.each(components)("%s of cells and of prisms is the closed form of each", (component) => {
    const cells = dense(meshOperator(mesh, stations, { component }));
    const prisms = program((s: Tensor, p: Tensor) => prismSensitivity(s, p, component))(stationTable(stations), prismTable(cellsOf(mesh)));
    const want = placesOf(stations).map((station) => cellsOf(mesh).map((prism) => prismField(prism, 1, station, component)));
    // A station on an edge of a cell: mixed derivatives have no limit there.
    const mixed = ["eastNorth", "eastDown", "northDown"].includes(component);
    want.forEach((row, i) => {
      const scale = Math.max(...row.map(Math.abs));
      row.forEach((value, j) => {
        if (mixed && i < 3) return;
        const at = i * row.length + j;
        const tolerance = (i === 5 ? 1e-8 : 1e-12) * scale; // far away digits cancel
        expect(Math.abs(prisms.data()[at]! - value)).toBeLessThanOrEqual(tolerance);
        expect(Math.abs(cells.data()[at]! - value)).toBeLessThanOrEqual(tolerance);
      });
    });
    expect([...cells.data(), ...prisms.data()].every(Number.isFinite)).toBe(true);
  });
});

describe("the matrix-free operator", () => {
  test("multiplies as its dense matrix, whatever the blocks", () => {
    for (const blockStations of [1, 4, 6, 32]) {
      const a = meshOperator(mesh, stations, { blockStations });
      const matrix = dense(a);
      expect(matrix.shape).toEqual([a.rows, a.columns]);
      for (const k of [[], [3]]) {
        const [forward, back] = products(a, wave([18, ...k]), wave([6, ...k], 1));
        const [wantForward, wantBack] = program((m: Tensor, u: Tensor, v: Tensor) => [m.matmul(u), m.T.matmul(v)])(
          matrix,
          wave([18, ...k]),
          wave([6, ...k], 1),
        ) as NdArray[];
        expect(difference(forward!, wantForward!)).toBeLessThan(1e-14);
        expect(difference(back!, wantBack!)).toBeLessThan(1e-14);
      }
    }
  });

  test("keeps rows in f32 where that is asked for", () => {
    const [forward, back] = products(meshOperator(mesh, stations, { dtype: "f32", blockStations: 4 }), wave([18]), wave([6]));
    const [wantForward, wantBack] = products(meshOperator(mesh, stations), wave([18]), wave([6]));
    expect(forward!.dtype).toBe("f64");
    expect(difference(forward!, wantForward!)).toBeLessThan(3e-7);
    expect(difference(back!, wantBack!)).toBeLessThan(3e-7);
  });

  test("gives the same bits in one thread and in two", () => {
    const a = meshOperator(mesh, stations, { blockStations: 2 });
    const run = (threads: number): NdArray[] =>
      program((u: Tensor, v: Tensor) => [a.apply(u), a.applyTransposed(v)], { threads })(wave([18, 2]), wave([6, 2])) as NdArray[];
    const [one, two] = [run(1), run(2)];
    one.forEach((x, i) => expect(two[i]!.data()).toEqual(x.data()));
  });

  test("bad input is refused", () => {
    expect(() => meshOperator(mesh, { ...stations, upwards: [4, Number.NaN, 0, 0, 0, 0] })).toThrow("at station 1");
    expect(() => meshOperator(mesh, { ...stations, upwards: [4] })).toThrow("as many eastings as northings");
    expect(() => meshOperator(mesh, { eastings: [], northings: [], upwards: [] })).toThrow("one or more");
    expect(() => meshOperator(mesh, stations, { blockStations: 0 })).toThrow("blockStations");
    expect(() => meshOperator(mesh, stations, { component: "up" as FieldComponent })).toThrow('no field component "up"');
    expect(() => prismTable([])).toThrow("one or more prisms");
    expect(() => prismTable([{ west: 1, east: 0, south: 0, north: 1, bottom: 0, top: 1 }])).toThrow("west < east");
  });
});

describe("the operator on a grid", () => {
  const regular = meshOf({ eastings: [0, 10, 20, 30, 40], northings: [5, 25, 45, 65], upwards: [-60, -30, -10] });
  const grids: readonly StationGrid[] = [
    { easting: 5, northing: 15, upward: 3, counts: [3, 4] },
    { easting: -31, northing: 40, upward: 1, counts: [2, 7] },
    { easting: 12, northing: 33, upward: -20, counts: [1, 1] },
  ];

  test("multiplies as its dense matrix, inside the mesh's outline and beyond it", async () => {
    for (const grid of grids)
      for (const component of ["down", "eastEast"] as const) {
        const a = await gridOperator(regular, grid, { component });
        const matrix = dense(a);
        expect(matrix.shape).toEqual([a.rows, a.columns]);
        for (const k of [[], [3]]) {
          const [forward, back] = products(a, wave([a.columns, ...k]), wave([a.rows, ...k], 1));
          const [wantForward, wantBack] = program((m: Tensor, u: Tensor, v: Tensor) => [m.matmul(u), m.T.matmul(v)])(
            matrix,
            wave([a.columns, ...k]),
            wave([a.rows, ...k], 1),
          ) as NdArray[];
          expect(difference(forward!, wantForward!)).toBeLessThan(1e-13);
          expect(difference(back!, wantBack!)).toBeLessThan(1e-13);
        }
      }
  });

  test("bad input is refused", async () => {
    await expect(gridOperator(mesh, grids[0]!)).rejects.toThrow("eastings must be equally far apart");
    await expect(gridOperator(regular, { ...grids[0]!, counts: [0, 3] })).rejects.toThrow("counts");
    await expect(gridOperator(regular, { ...grids[0]!, upward: Number.NaN })).rejects.toThrow("upward");
  });
});

test("a derivative that has no formula is refused on the way back as on the way there, not left at zero", () => {
  const at = stationTable(stations);
  const slope = (x: Tensor): Tensor => grad((table: Tensor) => prismSensitivity(at, table, "potential").sum())(x);
  const prisms = prismTable([{ west: 0, east: 1, south: 0, north: 1, bottom: -2, top: -1 }]);
  expect(() => program((x: Tensor) => grad((table: Tensor) => slope(table).square().sum())(x))(prisms)).toThrow("no further derivative");
  const planes = (x: Tensor): Tensor => cellSensitivity(asTensor(at), { ...planesOf(mesh), x } as never).sum();
  expect(() => program((x: Tensor) => grad(planes)(x))(array(mesh.eastings))).toThrow("no derivative with respect to planes");
});
