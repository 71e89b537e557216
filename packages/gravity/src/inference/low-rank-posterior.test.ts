import { beforeAll, describe, expect, test } from "vitest";
import { meshOperator } from "../forward/mesh-operator.ts";
import { maternPrior } from "../prior/matern-prior.ts";
import { exactPosterior } from "./exact-posterior.ts";
import type { GravityPosterior } from "./gravity-posterior.ts";
import { type LowRankPosterior, lowRankPosterior } from "./low-rank-posterior.ts";
import { meshFor, stationsOver, surveyOf } from "./test/survey.ts";

const difference = (got: ArrayLike<number>, want: ArrayLike<number>, scale: number): number =>
  Array.from(got).reduce((most, v, i) => Math.max(most, Math.abs(v - want[i]!)), 0) / scale;

describe("16 x 16 x 8 cells and 600 stations", () => {
  const model = (() => {
    const mesh = meshFor(8, 16, 16);
    const stations = stationsOver(mesh, 600);
    return surveyOf(
      { counts: [8, 16, 16], stations: 600 },
      {
        operator: meshOperator(mesh, stations),
        prior: maternPrior(mesh, { range: 120, sd: 100 }),
        noiseSd: 0.05,
        regional: { order: 1 },
      },
    );
  })();
  let exact: GravityPosterior;
  let low: LowRankPosterior;
  beforeAll(async () => {
    exact = await exactPosterior(model);
    low = await lowRankPosterior(model, { rank: 350, seed: 1 });
  });

  test("mean, sd, evidence, resolution and predictions agree with the exact answer to a thousandth", () => {
    expect(low.warnings).toEqual([]);
    const spread = 100; // the prior's sd
    expect(difference(low.mean.data(), exact.mean.data(), spread)).toBeLessThan(1e-3);
    expect(difference(low.sd.data(), exact.sd.data(), spread)).toBeLessThan(1e-3);
    expect(difference(low.resolution.data(), exact.resolution.data(), 1)).toBeLessThan(1e-3);
    expect(difference(low.predicted.mean.data(), exact.predicted.mean.data(), 0.05)).toBeLessThan(0.02);
    expect(low.regional!.mean[0]).toBeCloseTo(exact.regional!.mean[0]!, 3);
    expect(Math.abs(low.logEvidence - exact.logEvidence)).toBeLessThan(low.discarded.logEvidence + 1e-6);
    expect(low.discarded.logEvidence / 600).toBeLessThan(1e-3);
    expect(Math.abs(low.informationGain - exact.informationGain)).toBeLessThan(
      low.discarded.informationGain + 4 * low.discarded.traceError,
    );
  });

  test("draws of the same seed agree with exact ones", async () => {
    const [a, b] = [await low.sample(3, { seed: 7 }), await exact.sample(3, { seed: 7 })];
    expect(difference(a.cells.data(), b.cells.data(), 100)).toBeLessThan(5e-3);
  });

  test("a rank that is too small is said to be, and makes sds larger only", async () => {
    const plain = { ...model, regional: undefined };
    const [small, whole] = [await lowRankPosterior(plain, { rank: 20, seed: 1 }), await exactPosterior(plain)];
    expect(small.warnings.join()).toMatch(/rank 20 is too small.*raise rank/);
    const wanted = whole.sd.data();
    expect(Array.from(small.sd.data()).every((sd, i) => sd > wanted[i]! - 1e-6)).toBe(true);
    expect(Math.abs(small.informationGain - whole.informationGain)).toBeLessThan(small.discarded.informationGain);
    expect(Math.abs(small.logEvidence - whole.logEvidence)).toBeLessThan(small.discarded.logEvidence);
  });
});

test("the whole spectrum is the exact answer, with more stations than cells or fewer", async () => {
  for (const stations of [20, 90]) {
    const model = surveyOf({ stations }, { regional: { order: 1, sd: 3 } });
    const [low, exact] = [await lowRankPosterior(model, { rank: 1000, seed: 3, passes: 4 }), await exactPosterior(model)];
    expect(low.warnings).toEqual([]);
    expect(difference(low.mean.data(), exact.mean.data(), 150)).toBeLessThan(1e-6);
    expect(difference(low.sd.data(), exact.sd.data(), 150)).toBeLessThan(1e-6);
    expect(Math.abs(low.logEvidence - exact.logEvidence)).toBeLessThan(1e-4);
    expect(difference((await low.covariance()).data(), (await exact.covariance()).data(), 150 ** 2)).toBeLessThan(1e-6);
  }
});

test("options that make no sense are refused", async () => {
  const model = surveyOf({});
  await expect(lowRankPosterior(model, { rank: 0, seed: 1 })).rejects.toThrow("rank must be an integer >= 1, got 0");
  await expect(lowRankPosterior(model, { seed: -1 })).rejects.toThrow("seed must be an integer");
});
