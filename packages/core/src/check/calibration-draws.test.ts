import { array, type NdArray } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { Random } from "../simulate/random.ts";
import { calibrationDraws, type PosteriorSampler } from "./calibration-draws.ts";
import { expectedCoverage } from "./expected-coverage.ts";
import { sbc } from "./sbc.ts";

/** theta = (a, nuisance, b) ~ N(0, 1), x = (a, b) + N(0, 1); the posterior of (b, a) given x is N((x_2, x_1) / 2, 1/2). */
function pairs(replicates: number) {
  const random = new Random(11);
  const theta = Float64Array.from({ length: replicates * 3 }, () => random.normal());
  const x = Float64Array.from({ length: replicates * 2 }, (_, i) => random.normal(theta[3 * Math.floor(i / 2) + (i % 2 === 0 ? 0 : 2)]!));
  return {
    theta: array(theta, { shape: [replicates, 3] }),
    x: array(x, { shape: [replicates, 2] }),
    parameters: { names: ["a", "noise", "b"] },
  };
}

const exact: PosteriorSampler = {
  names: ["b", "a"],
  async sample(x, count, { seed }) {
    const random = new Random(seed);
    const [first, second] = x.data() as Float64Array;
    return array(
      Float64Array.from({ length: 2 * count }, (_, i) => random.normal((i % 2 === 0 ? second! : first!) / 2, Math.SQRT1_2)),
      { shape: [count, 2] },
    );
  },
  async logProbPairs(theta, x) {
    const [points, data] = [theta.data(), x.data()];
    return array(
      Float64Array.from(
        { length: theta.shape[0]! },
        (_, i) => -((points[2 * i]! - data[2 * i + 1]! / 2) ** 2) - (points[2 * i + 1]! - data[2 * i]! / 2) ** 2,
      ),
    );
  },
};

describe("calibration draws", () => {
  test("columns follow the posterior's names, nuisance parameters are left out, and an exact posterior passes the checks", async () => {
    const drawn = await calibrationDraws({ ...pairs(400), posterior: exact, draws: 99, seed: 5 });
    expect(drawn).toMatchObject({ names: ["b", "a"], replicates: 400, drawCount: 99 });
    for (const { pValue } of sbc(drawn).parameters) expect(pValue).toBeGreaterThan(1e-3);
    const { highestDensity, levels } = expectedCoverage(drawn);
    levels.forEach((level, i) => {
      expect(Math.abs(highestDensity!.coverage[i]! - level)).toBeLessThan(4 * highestDensity!.standardError[i]!);
    });
  });

  test("a posterior that samples many observations at once is asked for them together", async () => {
    const calls: (readonly number[])[] = [];
    const many: PosteriorSampler = {
      sample: () => Promise.reject(new Error("one by one")),
      async sampleMany(x: NdArray, count) {
        calls.push(x.shape);
        return array(new Float64Array(x.shape[0]! * count * 3), { shape: [x.shape[0]!, count, 3] });
      },
    };
    const drawn = await calibrationDraws({ ...pairs(100), posterior: many, draws: 9, seed: 5 });
    expect(calls).toEqual([
      [64, 2],
      [36, 2],
    ]);
    expect(drawn.logProb).toBeUndefined();
  });

  test("shapes, names and densities that do not fit are refused", async () => {
    const ok = { ...pairs(10), posterior: exact, draws: 9, seed: 5 };
    await expect(calibrationDraws({ ...ok, parameters: { names: ["a"] } })).rejects.toThrow(
      "theta must have shape [replicates, 1], got [10, 3]",
    );
    await expect(calibrationDraws({ ...ok, parameters: { names: ["a", "c", "d"] } })).rejects.toThrow(
      "the posterior has a parameter b, theta has a, c, d",
    );
    await expect(calibrationDraws({ ...ok, x: pairs(4).x })).rejects.toThrow("theta has 10 rows and x has 4");
    await expect(calibrationDraws({ ...ok, draws: 0 })).rejects.toThrow("draws must be an integer >= 1, got 0");
    await expect(calibrationDraws({ ...ok, posterior: { sample: exact.sample }, logProb: true })).rejects.toThrow(
      "the posterior has no logProbPairs",
    );
    await expect(calibrationDraws({ ...ok, posterior: { sample: exact.sample } })).rejects.toThrow("expected 9 draws of 3 parameters");
  });
});
