import { kolmogorovSmirnovUniform } from "@credence/core";
import { array, type NdArray, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { meshOperator } from "../forward/mesh-operator.ts";
import { exactPosterior } from "../inference/exact-posterior.ts";
import { gravityModel } from "../inference/gravity-model.ts";
import type { RegionalOptions } from "../inference/regional.ts";
import { meshFor, stationsOver } from "../inference/test/survey.ts";
import { maternPrior } from "../prior/matern-prior.ts";
import { nearestStations } from "./neighbours.ts";
import { type ResidualChecks, residualChecks } from "./residual-checks.ts";

const count = 80;
const mesh = meshFor(3, 6, 6);
const stations = stationsOver(mesh, count);
const operator = meshOperator(mesh, stations);
const prior = maternPrior(mesh, { range: 80, sd: 150 });
const noise = 0.03;

/** Data of the model itself. */
const simulate = program((seed: Tensor) => {
  const z = random.normal(random.fold(seed, 0), [prior.size, 1], { dtype: "f64" });
  const e = random.normal(random.fold(seed, 1), [count], { dtype: "f64" });
  return operator.apply(prior.colour(z)).squeeze(1).add(e.mul(noise));
});
const dataOf = (seed: number): NdArray => simulate(array(Uint32Array.of(seed, 5)));
const checked = async (data: NdArray, { noiseSd = noise, regional = undefined as RegionalOptions | undefined } = {}, seed = 1) =>
  residualChecks(await exactPosterior(gravityModel({ operator, data, noiseSd, prior, stations, ...(regional && { regional }) })), {
    seed,
    replicates: 199,
  });
/** A bend that no cell can make: 3 mGal from the middle to the corners. */
const bent = (data: NdArray): NdArray =>
  array(
    Float64Array.from(data.data(), (d, i) => d + 1.5 * ((stations.eastings[i]! / 60 - 1) ** 2 + (stations.northings[i]! / 60 - 1) ** 2)),
  );

test("right models raise no alarm, and their p-values are uniform", async () => {
  const all: ResidualChecks[] = [];
  for (let seed = 1; seed <= 40; seed++) all.push(await checked(dataOf(seed), { regional: { order: 1 } }, seed));
  // Level 0.01 a data set: 2 or more of 40 by chance in 6 %, 4 or more in 0.1 %.
  expect(all.filter(({ findings }) => findings.length > 0).length).toBeLessThan(4);
  for (const of of [
    (c: ResidualChecks) => c.chiSquarePerDatum,
    (c: ResidualChecks) => c.moran!,
    (c: ResidualChecks) => c.priorMisfit,
    (c: ResidualChecks) => c.calibration,
  ])
    expect(kolmogorovSmirnovUniform(all.map((c) => of(c).pValue)).pValue).toBeGreaterThan(0.001);
  // The mean of 40 x 80 standard squares: four sd are 0.1.
  expect(Math.abs(all.reduce((sum, c) => sum + c.chiSquarePerDatum.value, 0) / 40 - 1)).toBeLessThan(0.1);
});

describe("planted faults are found", () => {
  test("noise half as wide as it is", async () => {
    const { chiSquarePerDatum, findings } = await checked(dataOf(3), { noiseSd: noise / 2 });
    expect(chiSquarePerDatum.pValue).toBeLessThan(0.011);
    expect(findings.join("\n")).toMatch(/data lie farther|residuals are larger/);
  });

  test("noise twice as wide as it is", async () => {
    const { chiSquarePerDatum, findings } = await checked(dataOf(4), { noiseSd: 2 * noise });
    expect(chiSquarePerDatum.value).toBeLessThan(0.8);
    expect(findings.join("\n")).toMatch(/nearer to what the prior expects|residuals are smaller/);
  });

  test("a regional that is missing, and not where it is there", async () => {
    const data = bent(dataOf(5));
    const without = await checked(data);
    expect(without.findings.join("\n")).toMatch(/regional/);
    expect(without.moran!.pValue).toBeLessThan(0.02);
    expect((await checked(data, { regional: { order: 2 } })).findings).toEqual([]);
  });

  test("a reading that is wrong, by its station", async () => {
    const data = Float64Array.from(dataOf(6).data(), (d, i) => (i === 33 ? d + 8 * noise : d));
    const { outlier, findings } = await checked(array(data));
    expect(outlier.station).toBe(33);
    expect(findings.join("\n")).toMatch(/station 33 is .* sd from what all others predict/);
  });
});

test("nearest stations are those of a search through all", () => {
  const near = nearestStations(stations, 5);
  const distance = (i: number, j: number): number =>
    (stations.eastings[i]! - stations.eastings[j]!) ** 2 + (stations.northings[i]! - stations.northings[j]!) ** 2;
  for (let i = 0; i < count; i++) {
    const others = Array.from({ length: count }, (_, j) => j).filter((j) => j !== i);
    const want = others.sort((a, b) => distance(i, a) - distance(i, b)).slice(0, 5);
    expect(Array.from(near.slice(i * 5, i * 5 + 5), (j) => distance(i, j))).toEqual(want.map((j) => distance(i, j)));
  }
});

test("checks that would show nothing are refused", async () => {
  const posterior = await exactPosterior(gravityModel({ operator, data: dataOf(1), noiseSd: noise, prior }));
  await expect(residualChecks(posterior, { seed: 1, replicates: 20 })).rejects.toThrow("replicates must be an integer >= 99, got 20");
  await expect(residualChecks(posterior, { seed: 1, level: 2 })).rejects.toThrow("level must be in (0, 1)");
  expect((await residualChecks(posterior, { seed: 1, replicates: 99 })).moran).toBeUndefined();
});
