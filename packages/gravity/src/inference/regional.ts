import { array, type NdArray } from "@credence/tensor";
import type { Stations } from "../forward/stations.ts";

export interface RegionalOptions {
  /** Of the polynomial in easting and northing: 0 a constant, 1 a plane, 2 with squares and the product. */
  readonly order: 0 | 1 | 2;
  /** Prior sd of each coefficient, mGal, over coordinates that run from -1 to 1 across the survey; Infinity (if absent) is the flat limit. */
  readonly sd?: number;
}

/** The regional field B c: a polynomial of low order under the anomaly, whose coefficients are integrated over. */
export interface Regional {
  /** `1`, `x`, `y`, `x^2`, `xy`, `y^2`. */
  readonly names: readonly string[];
  /** B, f64 [stations, p]. */
  readonly basis: NdArray;
  /** mGal; Infinity for a flat prior. */
  readonly sd: number;
  /** x = (easting - centre[0]) / half[0], y likewise. */
  readonly centre: readonly [number, number];
  readonly half: readonly [number, number];
}

const names = ["1", "x", "y", "x^2", "xy", "y^2"];

/**
 * The basis of a polynomial regional at stations.
 * @throws RangeError for another order, an sd that is not > 0, or fewer stations than coefficients
 */
export function regionalField(stations: Stations, { order, sd = Infinity }: RegionalOptions): Regional {
  const count = [1, 3, 6][order];
  if (count === undefined) throw new RangeError(`regional: order must be 0, 1 or 2, got ${order}`);
  if (!(sd > 0)) throw new RangeError(`regional: sd must be > 0 mGal, or Infinity for a flat prior, got ${sd}`);
  const n = stations.eastings.length;
  if (n < count)
    throw new RangeError(
      `regional: a polynomial of order ${order} has ${count} coefficients, got ${n} station${n === 1 ? "" : "s"}; lower the order`,
    );
  const [x, y] = [scaled(stations.eastings), scaled(stations.northings)];
  const basis = new Float64Array(n * count);
  for (let i = 0; i < n; i++) {
    const [a, b] = [x.at(i), y.at(i)];
    basis.set([1, a, b, a * a, a * b, b * b].slice(0, count), i * count);
  }
  return {
    names: names.slice(0, count),
    basis: array(basis, { shape: [n, count] }),
    sd,
    centre: [x.centre, y.centre],
    half: [x.half, y.half],
  };
}

/** Coordinates from -1 to 1. */
function scaled(values: ArrayLike<number>) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  const centre = (low + high) / 2;
  const half = high > low ? (high - low) / 2 : 1;
  return { centre, half, at: (i: number) => (values[i]! - centre) / half };
}
