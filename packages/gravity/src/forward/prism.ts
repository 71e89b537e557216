/** Newton's constant, m3 / (kg s2) (CODATA 2018). */
export const gravitationalConstant = 6.6743e-11;

/** A body of one density between six planes, x east, y north, z up, in metres. */
export interface Prism {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
  readonly bottom: number;
  readonly top: number;
}

/** A place, in the axes of the bodies, in metres. */
export interface Station {
  readonly easting: number;
  readonly northing: number;
  readonly upward: number;
}

/** A part of the gravity field: the potential, its gradient along east, north and down, and the derivatives of that along the same axes. */
export type FieldComponent =
  | "potential"
  | "east"
  | "north"
  | "down"
  | "eastEast"
  | "northNorth"
  | "downDown"
  | "eastNorth"
  | "eastDown"
  | "northDown";

/** Units of the components: m2/s2, mGal (1e-5 m/s2) and Eotvos (1e-9 /s2), in numbers of SI. */
export const fieldUnit: { readonly [component in FieldComponent]: number } = {
  potential: 1,
  east: 1e-5,
  north: 1e-5,
  down: 1e-5,
  eastEast: 1e-9,
  northNorth: 1e-9,
  downDown: 1e-9,
  eastNorth: 1e-9,
  eastDown: 1e-9,
  northDown: 1e-9,
};

/**
 * The field of one prism at one station, in closed form (Nagy, Papp and Benedek, "The gravitational potential and its derivatives for
 * the prism", 2000): a triple difference of an antiderivative over the eight corners. Finite everywhere, in the body and on its faces,
 * edges and corners too (Fukushima, "Speed and accuracy improvements in standard algorithm for prismatic gravitational field", 2020).
 *
 * On a face a second derivative jumps, and the mean of both sides is given; on an edge a mixed one has no limit, and the number means nothing.
 * Far away digits cancel: of 16 about 3 log10(distance / size) are lost.
 *
 * @param density kg/m3
 * @returns the potential in m2/s2, "east", "north" and "down" in mGal, second derivatives in Eotvos
 * @throws {RangeError} where bounds are inverted, or a number is not finite
 */
export function prismField(prism: Prism, density: number, station: Station, component: FieldComponent = "down"): number {
  requirePrism(prism);
  if (!Number.isFinite(density)) throw new RangeError(`prismField: density must be a finite number of kg/m3, got ${density}`);
  for (const [axis, value] of Object.entries(station))
    if (!Number.isFinite(value)) throw new RangeError(`prismField: the station's ${axis} must be a finite number of metres, got ${value}`);
  const antiderivative = antiderivatives[component];
  const xs = [prism.west - station.easting, prism.east - station.easting];
  const ys = [prism.south - station.northing, prism.north - station.northing];
  const zs = [prism.bottom - station.upward, prism.top - station.upward];
  let sum = 0;
  xs.forEach((x, i) => {
    ys.forEach((y, j) => {
      zs.forEach((z, k) => {
        sum += ((i + j + k) % 2 === 1 ? 1 : -1) * antiderivative(x, y, z, Math.sqrt(x * x + y * y + z * z));
      });
    });
  });
  return ((gravitationalConstant * density) / fieldUnit[component]) * sum;
}

/** @throws {RangeError} where bounds are inverted or not finite */
export function requirePrism(prism: Prism): void {
  const pairs = [
    ["west", "east"],
    ["south", "north"],
    ["bottom", "top"],
  ] as const;
  for (const [low, high] of pairs)
    if (!(Number.isFinite(prism[low]) && Number.isFinite(prism[high]) && prism[low] < prism[high]))
      throw new RangeError(`a prism must have ${low} < ${high}, both finite, got ${prism[low]} and ${prism[high]}`);
}

type Antiderivative = (x: number, y: number, z: number, r: number) => number;

/** Of 1 / r over x, y and z for the potential. A derivative with respect to the station turns the sign, but for "down", against z. */
const antiderivatives: { readonly [component in FieldComponent]: Antiderivative } = {
  potential: (x, y, z, r) =>
    times(x * y, logSum(z, x, y, r)) +
    times(y * z, logSum(x, y, z, r)) +
    times(z * x, logSum(y, z, x, r)) -
    0.5 * (x * x * arcTangent(y * z, x * r) + y * y * arcTangent(z * x, y * r) + z * z * arcTangent(x * y, z * r)),
  east: (x, y, z, r) => -plane(x, y, z, r),
  north: (x, y, z, r) => -plane(y, z, x, r),
  down: (x, y, z, r) => plane(z, x, y, r),
  eastEast: (x, y, z, r) => -arcTangent(y * z, x * r),
  northNorth: (x, y, z, r) => -arcTangent(z * x, y * r),
  downDown: (x, y, z, r) => -arcTangent(x * y, z * r),
  eastNorth: (x, y, z, r) => logSum(z, x, y, r),
  eastDown: (x, y, z, r) => -logSum(y, z, x, r),
  northDown: (x, y, z, r) => -logSum(x, y, z, r),
};

/** Of 1 / r over b and c: b ln(c + r) + c ln(b + r) - a atan(bc / (ar)). */
const plane: (a: number, b: number, c: number, r: number) => number = (a, b, c, r) =>
  times(b, logSum(c, a, b, r)) + times(c, logSum(b, c, a, r)) - a * arcTangent(b * c, a * r);

/** Where a logarithm has no value its factor is 0, and so is the product. */
const times = (factor: number, logarithm: number): number => (factor === 0 ? 0 : factor * logarithm);

/** ln(a + r) for r^2 = a^2 + b^2 + c^2 without cancellation; on the axis a < 0, where it is singular, what differs along the axis. */
function logSum(a: number, b: number, c: number, r: number): number {
  if (r === 0) return 0;
  if (a >= 0) return Math.log(a + r);
  const across = b * b + c * c;
  return across > 0 ? Math.log(across / (r - a)) : -Math.log(-2 * a);
}

/** atan(p / q), and for q = 0 the mean of both sides, 0. */
const arcTangent = (p: number, q: number): number => (q === 0 ? 0 : Math.atan(p / q));
