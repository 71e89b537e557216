import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { normalGravity } from "./normal-gravity.ts";
import { gravityDisturbance, mercator, slabGravity } from "./reductions.ts";

const folder = resolve(process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data"), "gravity");
const rowsOf = (file: string): number[][] =>
  readFileSync(resolve(folder, file), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));

describe("gravity of the ellipsoid", () => {
  test("is what WGS84 defines at the equator and at the poles", () => {
    // NIMA TR8350.2: 9.7803253359 and 9.8321849378 m/s2.
    expect(normalGravity(0, 0)).toBeCloseTo(978032.53359, 4);
    expect(normalGravity(90, 0)).toBeCloseTo(983218.49378, 4);
    expect(normalGravity(-90, 0)).toBeCloseTo(983218.49378, 4);
  });

  test("is Somigliana's formula on the ellipsoid", () => {
    for (const latitude of [-60, -25, 10, 45]) {
      const s2 = Math.sin((latitude * Math.PI) / 180) ** 2;
      const somigliana = (978032.53359 * (1 + 0.00193185265241 * s2)) / Math.sqrt(1 - 0.00669437999014 * s2);
      expect(Math.abs(normalGravity(latitude, 0) - somigliana)).toBeLessThan(1e-4);
    }
  });

  test("falls by 0.3086 mGal a metre near the ground, and by the square of the distance far away", () => {
    expect((normalGravity(45, 0) - normalGravity(45, 100)) / 100).toBeCloseTo(0.3086, 3);
    const [near, far] = [normalGravity(90, 1e7), normalGravity(90, 1e8)];
    expect(near / far).toBeCloseTo(((6356752.3 + 1e8) / (6356752.3 + 1e7)) ** 2, 1);
  });

  test("refuses places that are none", () => {
    expect(() => normalGravity(91, 0)).toThrow("latitude must be from -90 to 90 degrees, got 91");
    expect(() => normalGravity(0, Number.NaN)).toThrow("height must be a number of metres");
  });
});

test("a slab of 1,000 kg/m3 and a metre is 0.0419357 mGal", () => {
  expect(slabGravity(1, 1000)).toBeCloseTo(0.0419357, 6);
});

describe.skipIf(!existsSync(folder))("the stations of Bushveld", () => {
  const stations = rowsOf("bushveld-gravity.csv");

  test("have the disturbances of their gravity, latitude and height", () => {
    const worst = Math.max(...stations.map((row) => Math.abs(gravityDisturbance(row[6]!, row[1]!, row[5]!) - row[7]!)));
    // Heights are printed to a millimetre, latitudes to 1e-5 degrees.
    expect(worst).toBeLessThan(2e-3);
  });

  test("have those of ten rows printed elsewhere, within what their heights differ by", () => {
    for (const [row, height, disturbance] of rowsOf("bushveld_upstream_check_rows.csv")) {
      const station = stations[row!];
      if (station === undefined) continue;
      expect(Math.abs(gravityDisturbance(station[6]!, station[1]!, height!) - disturbance!)).toBeLessThan(0.01);
    }
  });

  test("have the places of Mercator's projection at their mean latitude", () => {
    const mean = stations.reduce((sum, row) => sum + row[1]!, 0) / stations.length;
    for (const row of stations) {
      const { easting, northing } = mercator(row[0]!, row[1]!, mean);
      expect(Math.hypot(easting - row[2]!, northing - row[3]!)).toBeLessThan(200);
    }
  });
});
