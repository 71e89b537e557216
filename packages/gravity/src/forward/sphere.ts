import { index, maximum, sqrt, type Tensor } from "@credence/tensor";
import { type FieldComponent, fieldUnit, gravitationalConstant, type Station } from "./prism.ts";

/** A ball of one density; from outside, a point mass at its centre. Metres. */
export interface Sphere {
  readonly easting: number;
  readonly northing: number;
  readonly upward: number;
  readonly radius: number;
}

/**
 * The field of a homogeneous ball at one station, outside and inside: G M / r outside, and inside that of the mass below the station.
 *
 * @param density kg/m3
 * @returns in the units of `prismField`
 * @throws {RangeError} unless the radius is positive and all numbers are finite
 */
export function sphereField(sphere: Sphere, density: number, station: Station, component: FieldComponent = "down"): number {
  for (const [name, value] of Object.entries({ ...sphere, density }))
    if (!Number.isFinite(value)) throw new RangeError(`sphereField: ${name} must be a finite number, got ${value}`);
  if (!(sphere.radius > 0)) throw new RangeError(`sphereField: radius must be > 0, got ${sphere.radius}`);
  const distance = Math.hypot(sphere.easting - station.easting, sphere.northing - station.northing, sphere.upward - station.upward);
  const mass = (4 / 3) * Math.PI * sphere.radius ** 3 * density;
  if (distance >= sphere.radius) return pointMassField(sphere, mass, station, component);
  // Inside, V = (2/3) pi G density (3 R^2 - r^2): its gradient is linear in the offset, its second derivatives a third of the trace each.
  const strength = gravitationalConstant * density * Math.PI;
  if (component === "potential") return (2 / 3) * strength * (3 * sphere.radius ** 2 - distance ** 2);
  const offset = offsetOf(sphere, station);
  const axes = axesOf[component];
  if (axes.length === 1) return ((4 / 3) * strength * offset[axes[0]]) / fieldUnit[component];
  return axes[0] === axes[1] ? (-(4 / 3) * strength) / fieldUnit[component] : 0;
}

/**
 * The field of a point mass in kg. Stands in for a cell of size L at a distance R with an error of (L / R)^4 for a cube and (L / R)^2
 * for any other shape.
 *
 * @returns in the units of `prismField`
 * @throws {RangeError} where the station is the point, or a number is not finite
 */
export function pointMassField(point: Station, mass: number, station: Station, component: FieldComponent = "down"): number {
  const offset = offsetOf(point, station);
  const distance = Math.hypot(...offset);
  if (!(distance > 0 && Number.isFinite(distance) && Number.isFinite(mass)))
    throw new RangeError(`pointMassField: expected a finite mass at a finite distance > 0, got ${mass} kg at ${distance} m`);
  const strength = (gravitationalConstant * mass) / fieldUnit[component];
  if (component === "potential") return strength / distance;
  const [a, b] = axesOf[component];
  if (b === undefined) return (strength * offset[a]) / distance ** 3;
  return (strength * (3 * offset[a] * offset[b] - (a === b ? distance ** 2 : 0))) / distance ** 5;
}

/**
 * Gravity of balls of density 1 kg/m3 at stations, traced: a program's own numbers may move and blow up balls.
 *
 * @param stations [N, 3], f64: easting, northing, upward
 * @param spheres [n, 4], f64: easting, northing, upward of the centre, radius > 0
 * @returns [N, n] in mGal; inside a ball what the mass below the station pulls
 */
export function sphereSensitivity(stations: Tensor, spheres: Tensor, component: "east" | "north" | "down" = "down"): Tensor {
  const from = (axis: number): Tensor =>
    index(spheres, axis, 1)
      .expandDims(0)
      .sub(index(stations, axis, 1).expandDims(1));
  const offsets = [from(0), from(1), from(2)];
  const squaredRadius = index(spheres, 3, 1).square().expandDims(0);
  const squaredDistance = offsets.map((x) => x.square()).reduce((a, b) => a.add(b));
  // G M offset / r^3 with the mass within r: the cube of the radius over that of the larger of radius and distance. Squares, since the
  // derivative of a distance has no value at 0.
  const ratio = squaredRadius.div(maximum(squaredDistance, squaredRadius));
  const strength = ((4 / 3) * Math.PI * gravitationalConstant) / fieldUnit[component];
  const along = { east: offsets[0]!, north: offsets[1]!, down: offsets[2]!.neg() }[component];
  return ratio.mul(sqrt(ratio)).mul(along).mul(strength);
}

/** From the station to the source along east, north and down. */
const offsetOf = (source: Station, station: Station): readonly [number, number, number] => [
  source.easting - station.easting,
  source.northing - station.northing,
  station.upward - source.upward,
];

type Axis = 0 | 1 | 2;
const axesOf: { readonly [component in Exclude<FieldComponent, "potential">]: readonly [Axis, Axis?] } = {
  east: [0],
  north: [1],
  down: [2],
  eastEast: [0, 0],
  northNorth: [1, 1],
  downDown: [2, 2],
  eastNorth: [0, 1],
  eastDown: [0, 2],
  northDown: [1, 2],
};
