import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readDataTable } from "./read-data-table.ts";
import { findDataset } from "./registry.ts";
import { numbersOf } from "./table.ts";

// The files themselves are never committed; where they are not at hand, these tests say so by being skipped.
const data = process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");

beforeEach(() => vi.stubEnv("CREDENCE_DATA", data));
afterEach(() => vi.unstubAllEnvs());

test("simulated sensors are said to be simulated, wherever they are described", () => {
  for (const name of ["haghighat-s100", "haghighat-s400"]) {
    const { title, holds, source } = findDataset(name);
    for (const words of [title, holds, source]) expect(words).toContain("simulated");
  }
});

describe.skipIf(!existsSync(join(data, "elasticity")))("displacements of the registry", () => {
  test.each([
    ["haghighat-s100", 100],
    ["haghighat-s400", 400],
  ])("%s has %i sensors whose readings stray by 0.01 from the closed form", async (name, sensors) => {
    const { table } = await readDataTable(name);
    const [x, y, ux, uy] = ["x", "y", "ux_noisy", "uy_noisy"].map((column) => numbersOf(table, column));
    expect(x).toHaveLength(sensors);
    const strays = x!.map((at, i) => {
      const exact = [Math.cos(2 * Math.PI * at) * Math.sin(Math.PI * y![i]!), y![i]! ** 4 * Math.sin(Math.PI * at)];
      return ((ux![i]! - exact[0]!) ** 2 + (uy![i]! - exact[1]!) ** 2) / 2;
    });
    // A relative standard error of 1 / sqrt(2 readings); four of them at 200 readings.
    expect(Math.sqrt(strays.reduce((a, b) => a + b) / sensors) / 0.01).toBeCloseTo(1, 0.7);
  });

  test("the S235 plate has 5,475 points, some beyond its parallel part", async () => {
    const { table, licence } = await readDataTable("s235-plate");
    expect(table.rows).toHaveLength(5475);
    expect(licence).toBe("CC BY 4.0");
    const x = numbersOf(table, "x-coordinate [mm]");
    expect([Math.min(...x), Math.max(...x)].map((value) => Math.round(value))).toEqual([-1, 82]);
  });
});
