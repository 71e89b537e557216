import { array, grad, type NdArray, program, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { type FieldComponent, gravitationalConstant, type Prism, prismField, type Station } from "./prism.ts";
import { prismSensitivity, prismTable } from "./sensitivity.ts";
import { pointMassField, sphereField, sphereSensitivity } from "./sphere.ts";
import { stationTable } from "./stations.ts";

const prism = (west: number, east: number, south: number, north: number, bottom: number, top: number): Prism => ({
  west,
  east,
  south,
  north,
  bottom,
  top,
});
const at = (easting: number, northing: number, upward: number): Station => ({ easting, northing, upward });
const column = prism(-10, 10, -20, 20, -50, -10);
const every: readonly FieldComponent[] = [
  "potential",
  "east",
  "north",
  "down",
  "eastEast",
  "northNorth",
  "downDown",
  "eastNorth",
  "eastDown",
  "northDown",
];

function expectRelative(got: number, want: number, tolerance: number): void {
  expect(Math.abs(got - want), `${got} instead of ${want}`).toBeLessThanOrEqual(tolerance * Math.abs(want));
}

// Worked out with 40 digits from the closed form; four of them confirmed by quadrature; here to double precision.
const cases: readonly [string, Prism, number, Station, number, number?][] = [
  ["above", column, 1000, at(0, 0, 5), 0.184966882016182],
  ["off the axis", column, 1000, at(37.5, -12.25, 3), 0.04693032636057156],
  ["a hundred sizes away", column, 1000, at(2500, 1500, 800), 6.36387272558668e-6, 1e-7],
  ["on the top face", column, 1000, at(0, 0, -10), 0.5150924636909164],
  ["on a corner", column, 1000, at(10, 20, -10), 0.20712943827409747],
  ["on an edge", column, 1000, at(10, 0, -10), 0.3466493366453961],
  ["inside", column, 1000, at(2, -3, -22), 0.14420848027761032],
  ["below", column, 1000, at(0, 0, -80), -0.08924096503318112],
  ["above a vertical edge", column, 1000, at(10, 20, 5), 0.11434035245350306],
  ["near a small body", prism(25.5, 35.5, 13.8, 28.8, -53.5, -33.5), 400, at(16.7, 13.2, 7.8), 0.002688041804094755],
  ["of a light cell", prism(-2.5, 2.5, -2.5, 2.5, 60, 65), -200, at(0, 0, 105), -9.237656687126289e-5],
  ["of a flat body", prism(-10, 10, -7, 7, -15, -5), 400, at(0, 0, 10), 0.016539652880538075],
  ["of a wide thin plate", prism(-5000, 5000, -5000, 5000, -10, 0), 2670, at(0, 0, 1), 1.1184778743294201],
];

describe("the prism", () => {
  const native = program((station: Tensor, body: Tensor) => prismSensitivity(station, body));

  test.each(cases)("%s: 40-digit numbers", (_, body, density, station, want, tolerance = 1e-12) => {
    expectRelative(prismField(body, density, station), want, tolerance);
    const place = stationTable({ eastings: [station.easting], northings: [station.northing], upwards: [station.upward] });
    expectRelative(density * native(place, prismTable([body])).item(), want, tolerance);
  });

  test("potential, vector and gradient tensor agree with another implementation", () => {
    const station = at(37.5, -12.25, 3);
    const field = (component: FieldComponent): number => prismField(column, 1000, station, component);
    expectRelative(field("potential"), 4.102554000323231e-5, 1e-12);
    expectRelative(field("east") * 1e-5, -5.965858090750721e-7, 1e-12);
    expectRelative(field("north") * 1e-5, 1.71327738227901e-7, 1e-12);
    expectRelative(field("down") * 1e-5, 4.693032636057191e-7, 1e-12);
    expectRelative(field("eastEast") * 1e-9, 1.180272609656879e-8, 1e-12);
    expectRelative(field("downDown") * 1e-9, 3.764009023906941e-10, 1e-11);
    expectRelative(field("eastDown") * 1e-9, -2.034072746990009e-8, 1e-12);
  });

  test("every component is the derivative of the one before it", () => {
    const station = at(14, -23, -4);
    const step = 1e-3;
    const moved = (axis: number, by: number): Station =>
      at(station.easting + (axis === 0 ? by : 0), station.northing + (axis === 1 ? by : 0), station.upward - (axis === 2 ? by : 0));
    const slope = (component: FieldComponent, axis: number): number =>
      (prismField(column, 1000, moved(axis, step), component) - prismField(column, 1000, moved(axis, -step), component)) / (2 * step);
    const axes = ["east", "north", "down"] as const;
    const second = [
      ["eastEast", "eastNorth", "eastDown"],
      ["eastNorth", "northNorth", "northDown"],
      ["eastDown", "northDown", "downDown"],
    ] as const;
    axes.forEach((axis, i) => {
      expectRelative(slope("potential", i) * 1e5, prismField(column, 1000, station, axis), 1e-6);
      second[i]!.forEach((pair, j) => expectRelative(slope(axis, j) * 1e4, prismField(column, 1000, station, pair), 1e-6));
    });
  });

  test("the trace of the tensor is -4 pi G density inside, half of it on a face and 0 outside", () => {
    const trace = (station: Station): number =>
      prismField(column, 1000, station, "eastEast") +
      prismField(column, 1000, station, "northNorth") +
      prismField(column, 1000, station, "downDown");
    const inside = -4 * Math.PI * gravitationalConstant * 1000 * 1e9;
    expectRelative(trace(at(2, -3, -22)), inside, 1e-13);
    expectRelative(trace(at(0, 3, -10)), inside / 2, 1e-13);
    expectRelative(trace(at(10, 3, -20)), inside / 2, 1e-13);
    expect(Math.abs(trace(at(14, -23, -4)))).toBeLessThan(1e-13 * Math.abs(inside));
    expect(Math.abs(trace(at(0, 0, -80)))).toBeLessThan(1e-13 * Math.abs(inside));
  });

  test("parts add up to the whole", () => {
    for (const station of [at(0, 0, 5), at(37.5, -12.25, 3), at(2, -3, -22), at(3, 4, -30)])
      for (const component of every) {
        const parts = [
          prism(-10, 3, -20, 4, -50, -30),
          prism(3, 10, -20, 4, -50, -30),
          prism(-10, 3, 4, 20, -50, -30),
          prism(3, 10, 4, 20, -50, -30),
          prism(-10, 10, -20, 20, -30, -10),
        ];
        const terms = parts.map((part) => prismField(part, 1000, station, component));
        const whole = prismField(column, 1000, station, component);
        const scale = Math.max(...terms.map(Math.abs), Math.abs(whole));
        expect(Math.abs(terms.reduce((a, b) => a + b) - whole)).toBeLessThan(1e-12 * scale);
      }
  });

  test("a wide plate pulls as an endless one, 2 pi G density thickness", () => {
    const plate = prism(-1e6, 1e6, -1e6, 1e6, -10, 0);
    expectRelative(prismField(plate, 1000, at(0, 0, 1)), 0.419357, 3e-5);
  });

  test("all components are finite at corners, on edges and faces, inside, and on the lines through them", () => {
    const xs = [-30, -10, 0, 10, 30];
    const ys = [-30, -20, 0, 20, 30];
    const zs = [-90, -50, -20, -10, 0];
    for (const x of xs)
      for (const y of ys)
        for (const z of zs)
          for (const component of every) expect(prismField(column, 1000, at(x, y, z), component)).toSatisfy(Number.isFinite);
  });

  test("gravity is continuous through faces, edges and corners", () => {
    for (const [x, y, z] of [
      [10, 20, -10],
      [10, 0, -10],
      [0, 0, -10],
      [-10, -20, -50],
      [10, 20, -30],
    ] as const)
      for (const component of ["potential", "east", "north", "down"] as const) {
        const on = prismField(column, 1000, at(x, y, z), component);
        for (const by of [-1e-9, 1e-9])
          expect(Math.abs(prismField(column, 1000, at(x + by, y - by, z + by), component) - on)).toBeLessThan(1e-9);
      }
  });

  test("bad input is refused", () => {
    expect(() => prismField(prism(10, -10, 0, 1, 0, 1), 1, at(0, 0, 0))).toThrow("west < east");
    expect(() => prismField(prism(0, 1, 0, 1, 2, 2), 1, at(0, 0, 0))).toThrow("bottom < top");
    expect(() => prismField(column, Number.NaN, at(0, 0, 0))).toThrow("density");
    expect(() => prismField(column, 1, at(0, Number.NaN, 0))).toThrow("northing");
  });
});

describe("the sphere", () => {
  const ball = { easting: 0, northing: 0, upward: -45, radius: 14 };

  test("known numbers outside", () => {
    expectRelative(sphereField(ball, 200, at(0, 0, 0)), 0.0075767578588329, 1e-12);
    expectRelative(sphereField(ball, 200, at(30, 0, 0)), 0.00436447634300895, 1e-12);
  });

  test("traced gravity of several balls is the closed form of each, inside too, and its derivatives are finite at a centre", () => {
    const balls = [ball, { easting: 5, northing: -20, upward: -60, radius: 30 }];
    const table = array(
      balls.flatMap((b) => [b.easting, b.northing, b.upward, b.radius]),
      { dtype: "f64", shape: [2, 4] },
    );
    const places = [at(0, 0, 0), at(30, -7, 2), at(3, 1, -48), at(0, 0, -45)];
    const stations = stationTable({
      eastings: places.map((p) => p.easting),
      northings: places.map((p) => p.northing),
      upwards: places.map((p) => p.upward),
    });
    for (const component of ["east", "north", "down"] as const) {
      const got = program((s: Tensor, b: Tensor) => sphereSensitivity(s, b, component))(stations, table).data();
      const want = places.flatMap((place) => balls.map((b) => sphereField(b, 1, place, component)));
      want.forEach((w, i) => expect(Math.abs(got[i]! - w)).toBeLessThan(1e-18));
    }
    const slope = program((s: Tensor, b: Tensor) => grad((spheres: Tensor) => sphereSensitivity(s, spheres).sum())(b))(
      stations,
      table,
    ) as NdArray;
    expect(Array.from(slope.data()).every(Number.isFinite)).toBe(true);
  });

  test("every component is continuous through the surface but for the second derivatives, whose trace jumps", () => {
    const inside = at(0, 13.999999, -45);
    const outside = at(0, 14.000001, -45);
    for (const component of ["potential", "east", "north", "down"] as const)
      expect(sphereField(ball, 200, inside, component)).toBeCloseTo(sphereField(ball, 200, outside, component), 6);
    const trace = (station: Station): number =>
      (["eastEast", "northNorth", "downDown"] as const).reduce((sum, component) => sum + sphereField(ball, 200, station, component), 0);
    expectRelative(trace(inside), -4 * Math.PI * gravitationalConstant * 200 * 1e9, 1e-13);
    expect(Math.abs(trace(outside))).toBeLessThan(1e-10);
  });

  test("a cube far away is a point mass to the fourth power of its size over the distance", () => {
    const cube = prism(-0.5, 0.5, -0.5, 0.5, -0.5, 0.5);
    for (const component of every) {
      const station = at(8, -6, 12);
      const error = prismField(cube, 1, station, component) - pointMassField(at(0, 0, 0), 1, station, component);
      expect(Math.abs(error)).toBeLessThan(3 * Math.hypot(8, 6, 12) ** -4 * Math.abs(pointMassField(at(0, 0, 0), 1, station, component)));
    }
  });

  test("bad input is refused", () => {
    expect(() => sphereField({ ...ball, radius: 0 }, 1, at(0, 0, 0))).toThrow("radius must be > 0");
    expect(() => pointMassField(at(0, 0, 0), 1, at(0, 0, 0))).toThrow("distance > 0");
  });
});
