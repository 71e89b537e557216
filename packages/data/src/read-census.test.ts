import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { readCensus } from "./read-census.ts";

/** Third-party data is not part of the project: a checkout without the folder shows these tests as skipped. */
const folder = process.env.CREDENCE_DATA ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));

describe.skipIf(!existsSync(`${folder}/birth-death`))("with the census files at hand", () => {
  beforeAll(() => {
    process.env.CREDENCE_DATA = folder;
  });

  test("whooping-crane is 72 yearly counts from 9 in 1938 to 132 in 2009", async () => {
    const { times, counts, unit, timeUnit } = await readCensus("whooping-crane");
    expect([times.length, times[0], times.at(-1), counts[0], counts.at(-1)]).toEqual([72, 1938, 2009, 9, 132]);
    expect([unit, timeUnit]).toEqual(["cranes", "year"]);
  });

  test("gray-whale leaves out years without a count, so its times are irregular", async () => {
    const { times, counts } = await readCensus("gray-whale");
    expect([...times.subarray(0, 4)]).toEqual([1952, 1954, 1956, 1959]);
    expect([...counts.subarray(0, 4)]).toEqual([2894, 3603, 4454, 6069]);
    expect(counts).toHaveLength(24);
  });

  test("harbour-seal turns logarithms into whole counts of the region asked for", async () => {
    const { counts, note } = await readCensus("harbour-seal");
    // exp(6.747586527) = 852.0000 and exp(7.431299675) = 1688.0000: the published counts.
    expect([counts[0], counts[1]]).toEqual([852, 1688]);
    expect(note).toContain("San Juan Islands");
    expect((await readCensus("harbour-seal", { region: "HC" })).counts[0]).toBe(732);
  });

  test("isle-royale gives wolves, or moose on request", async () => {
    expect((await readCensus("isle-royale")).counts[0]).toBe(20);
    expect((await readCensus("isle-royale", { species: "moose" })).counts[0]).toBe(538);
  });

  test("grizzly is 39 counts", async () => {
    expect((await readCensus("grizzly")).counts).toHaveLength(39);
  });

  test("eyam gives the infected at times in years", async () => {
    const { times, counts, note } = await readCensus("eyam");
    expect([...counts]).toEqual([7, 14, 22, 29, 20, 8, 8, 0]);
    expect(times.at(-1)).toBeCloseTo(4 / 12, 12);
    expect(note).toContain("261");
  });

  test.each([
    ["harbour-seal", { region: "Atlantis" }, 'no region "Atlantis"; expected one of SJF, SJI, EBays, PSnd, HC'],
    ["isle-royale", { species: "toString" }, 'no species "toString"'],
    ["grizzly", { region: "SJI" }, "grizzly takes no region; region belongs to harbour-seal"],
  ])("an option that %s does not have is refused", async (name, options, words) => {
    await expect(readCensus(name, options)).rejects.toThrow(
      expect.objectContaining({ code: "DATASET_OPTION", message: expect.stringContaining(words) }),
    );
  });
});

test("an unknown name is refused with the names there are", async () => {
  await expect(readCensus("dodo")).rejects.toThrow(/unknown data set "dodo"; the registry holds whooping-crane, gray-whale/);
});
