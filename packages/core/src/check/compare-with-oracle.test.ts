import { array } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { Random } from "../simulate/random.ts";
import { compareWithOracle } from "./compare-with-oracle.ts";

const names = ["a", "b"];
const rho = 0.9;
const exact = {
  mean: [1, 2],
  covariance: [
    [1, rho],
    [rho, 1],
  ],
};
/** The best factorised Gaussian: variances 1 / precision, and no correlation. */
const meanField = {
  mean: [1, 2],
  covariance: [
    [1 - rho ** 2, 0],
    [0, 1 - rho ** 2],
  ],
};

const drawsOf = (correlation: number, sd: number, seed: number, n = 2000) => {
  const random = new Random(seed);
  return array(
    Float64Array.from(
      Array.from({ length: n }, () => {
        const z = random.normal();
        return [1 + sd * z, 2 + sd * (correlation * z + Math.sqrt(1 - correlation ** 2) * random.normal())];
      }).flat(),
    ),
    { shape: [2, n / 2, 2] },
  );
};

describe("comparison with an oracle", () => {
  test("mean-field against the exact Gaussian: sd sqrt(1 - rho^2) and the lost correlation, in words", async () => {
    const result = await compareWithOracle({ names, approximation: meanField, oracle: exact });
    for (const { meanShift, sdRatio } of result.parameters) {
      expect(meanShift).toBe(0);
      expect(sdRatio).toBeCloseTo(Math.sqrt(1 - rho ** 2), 12);
    }
    expect(result.correlationDifference).toBeCloseTo(0.9, 12);
    expect(result.remarks).toEqual([
      "a is overconfident: its sd is 0.44 of the oracle's.",
      "b is overconfident: its sd is 0.44 of the oracle's.",
      "The correlation of a and b is 0, the oracle's 0.90.",
    ]);
  });

  test("draws of the same distribution raise no remark, and a classifier cannot tell them apart", async () => {
    using one = drawsOf(rho, 1, 1, 600);
    using two = drawsOf(rho, 1, 2, 600);
    const result = await compareWithOracle({ names, approximation: one, oracle: two, c2st: { seed: 1 } });
    expect(result.remarks).toEqual([]);
    // The accuracy of guessing among 1,200 held-out points has sd 0.014; training on noise adds about as much.
    expect(Math.abs(result.c2st! - 0.5)).toBeLessThan(0.06);
  }, 60_000);

  test("draws that are too wide and shifted are told from exact moments", async () => {
    using wide = drawsOf(rho, 1.5, 3);
    const { remarks, parameters } = await compareWithOracle({ names, approximation: wide, oracle: { ...exact, mean: [0.5, 2] } });
    expect(remarks[0]).toMatch(/^The mean of a is 0\.5\d sd too high\.$|^The mean of a is 0\.4\d sd too high\.$/);
    expect(remarks[1]).toMatch(/^a is underconfident: its sd is 1\.[45]\d of the oracle's\.$/);
    // Relative standard error of an sd from 2,000 draws: 1 / sqrt(4000) = 0.016.
    expect(Math.abs(parameters[1]!.sdRatio / 1.5 - 1)).toBeLessThan(0.065);
  });

  test("moments of another size and a classifier without draws are refused", async () => {
    await expect(compareWithOracle({ names: ["a"], approximation: exact, oracle: exact })).rejects.toThrow(
      "a mean of 2 and a covariance of 2 rows for 1 names",
    );
    using draws = drawsOf(0, 1, 1, 100);
    await expect(compareWithOracle({ names, approximation: draws, oracle: exact, c2st: { seed: 1 } })).rejects.toThrow(
      "oracle is given by its moments",
    );
    await expect(compareWithOracle({ names: ["a", "b", "c"], approximation: draws, oracle: draws })).rejects.toThrow(
      "expected 3 quantities along the last axis: a, b, c",
    );
  });
});
