import { gravitationalConstant } from "../forward/prism.ts";
import { normalGravity } from "./normal-gravity.ts";

/**
 * Gravity disturbance, mGal: observed gravity less that of the ellipsoid at the same place.
 *
 * @param gravity observed, mGal
 * @param latitude geodetic, degrees
 * @param height above the ellipsoid, m
 */
export const gravityDisturbance = (gravity: number, latitude: number, height: number): number => gravity - normalGravity(latitude, height);

/**
 * Gravity of an infinite slab, mGal: 2 pi G density thickness. The disturbance less that of the rock above sea level is the simple Bouguer anomaly; where there is
 * relief, take the gravity of prisms under the topography instead.
 *
 * @param thickness m; below 0 for what is missing, such as sea water with its contrast to rock
 * @param density kg/m3; 2,670 if absent
 */
export const slabGravity = (thickness: number, density = 2670): number => 2 * Math.PI * gravitationalConstant * density * thickness * 1e5;

const earthRadius = 6378137;
const flattening = 1 / 298.257223563;

/**
 * Mercator's projection of WGS84 with true scale at one latitude: easting and northing, m, for a survey within a few degrees of it.
 *
 * @param longitude degrees
 * @param latitude degrees, within 85 of the equator
 */
export function mercator(
  longitude: number,
  latitude: number,
  trueScaleLatitude: number,
): { readonly easting: number; readonly northing: number } {
  if (!(Math.abs(latitude) < 85)) throw new RangeError(`mercator: latitude must be within 85 degrees of the equator, got ${latitude}`);
  const e = Math.sqrt(flattening * (2 - flattening));
  const sine = Math.sin((trueScaleLatitude * Math.PI) / 180);
  const scale = (earthRadius * Math.cos((trueScaleLatitude * Math.PI) / 180)) / Math.sqrt(1 - e * e * sine * sine);
  const phi = (latitude * Math.PI) / 180;
  const isometric = Math.asinh(Math.tan(phi)) - e * Math.atanh(e * Math.sin(phi));
  return { easting: (scale * longitude * Math.PI) / 180, northing: scale * isometric };
}
