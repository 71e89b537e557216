/** WGS84: semi-major axis, m; flattening; gravitational constant times mass, m3/s2; angular speed, rad/s. */
const wgs84 = { a: 6378137, f: 1 / 298.257223563, gm: 3.986004418e14, omega: 7.292115e-5 } as const;

/**
 * Gravity of the reference ellipsoid of WGS84 at a place outside or on it, mGal, without series in height (Li and Goetze 2001, Geophysics 66, 1660): what an observed
 * gravity is compared with.
 *
 * @param latitude geodetic, degrees, -90 to 90
 * @param height above the ellipsoid, m: above sea level plus the height of the geoid
 * @throws {RangeError} for a latitude out of range, or a height that is not finite or far below the ellipsoid
 */
export function normalGravity(latitude: number, height: number): number {
  if (!(Math.abs(latitude) <= 90)) throw new RangeError(`normalGravity: latitude must be from -90 to 90 degrees, got ${latitude}`);
  if (!(height > -20_000 && Number.isFinite(height)))
    throw new RangeError(`normalGravity: height must be a number of metres above the ellipsoid, above -20,000, got ${height}`);
  const { a, f, gm, omega } = wgs84;
  const b = a * (1 - f);
  const e2 = a * a - b * b;
  const e = Math.sqrt(e2);
  const phi = (latitude * Math.PI) / 180;
  const beta = Math.atan2(b * Math.sin(phi), a * Math.cos(phi));
  // The place in a meridian plane, and the ellipsoid through it with the same foci.
  const z = b * Math.sin(beta) + height * Math.sin(phi);
  const r = a * Math.cos(beta) + height * Math.cos(phi);
  const [total, difference] = [(r * r + z * z) / e2, (r * r - z * z) / e2];
  const cos2 = 0.5 + total / 2 - Math.sqrt(0.25 + (total * total) / 4 - difference / 2);
  const sin2 = 1 - cos2;
  const bb = Math.sqrt(r * r + z * z - e2 * cos2);
  const q0 = 0.5 * ((1 + (3 * b * b) / e2) * Math.atan(e / b) - (3 * b) / e);
  const q = 3 * (1 + (bb * bb) / e2) * (1 - (bb / e) * Math.atan(e / bb)) - 1;
  const w = Math.sqrt((bb * bb + e2 * sin2) / (bb * bb + e2));
  const rotation = (omega * omega * a * a * e * q) / ((bb * bb + e2) * q0);
  return (1e5 / w) * (gm / (bb * bb + e2) + rotation * (0.5 * sin2 - 1 / 6) - omega * omega * bb * cos2);
}
