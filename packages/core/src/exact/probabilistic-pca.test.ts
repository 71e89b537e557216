import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { probabilisticPca } from "./probabilistic-pca.ts";

/** Three columns that follow one number, with different noise. */
const x = Array.from({ length: 50 }, (_, i) => {
  const at = (phase: number) => Math.sin(12.9898 * (i + 1 + phase) ** 2);
  return [2 * at(0) + 0.2 * at(100) + 5, -at(0) + 0.2 * at(200), 0.5 * at(0) + 0.2 * at(300) - 1];
});

describe("probabilistic PCA", () => {
  test("the log likelihood is the sum of the densities of the rows, and no other noise or weights raise it", async () => {
    const fit = await probabilisticPca({ x, components: 1 });
    const density = (await fit.logDensity(x)).data();
    expect(fit.logLikelihood).toBeCloseTo(
      Array.from(density).reduce((a, b) => a + b, 0),
      9,
    );
    // The model's covariance written out, three by three, against the density of one row.
    const [w, s2] = [fit.weights.data(), fit.noiseVariance];
    const c = (scale: number, noise: number) => [0, 1, 2].map((i) => [0, 1, 2].map((j) => scale * w[i]! * w[j]! + (i === j ? noise : 0)));
    const logLikelihood = (m: number[][]) => {
      const [[a, b, d], [, e, f], [, , g]] = m as [[number, number, number], [number, number, number], [number, number, number]];
      const det = a * (e * g - f * f) - b * (b * g - f * d) + d * (b * f - e * d);
      const adjugate = [
        [e * g - f * f, d * f - b * g, b * f - d * e],
        [d * f - b * g, a * g - d * d, b * d - a * f],
        [b * f - d * e, b * d - a * f, a * e - b * b],
      ];
      return x.reduce((sum, row) => {
        const v = row.map((value, i) => value - fit.mean.data()[i]!);
        const square = v.reduce((t, p, i) => t + p * v.reduce((u, q, j) => u + adjugate[i]![j]! * q, 0), 0) / det;
        return sum - 0.5 * (square + Math.log(det) + 3 * Math.log(2 * Math.PI));
      }, 0);
    };
    expect(logLikelihood(c(1, s2))).toBeCloseTo(fit.logLikelihood, 9);
    for (const [scale, noise] of [
      [1.02, s2],
      [0.98, s2],
      [1, 1.02 * s2],
      [1, 0.98 * s2],
    ] as const)
      expect(logLikelihood(c(scale, noise))).toBeLessThan(fit.logLikelihood);
  });

  test("latents are shrunk projections: their means and covariance give the prior back on average", async () => {
    const fit = await probabilisticPca({ x, components: 1 });
    const { mean, covariance } = await fit.latents(x);
    const second = Array.from(mean.data()).reduce((sum, z) => sum + z * z, 0) / x.length;
    expect(second + covariance.item()).toBeCloseTo(1, 12);
    const back = (await fit.reconstruct(x)).data();
    const error = x.flat().reduce((sum, v, i) => sum + (v - back[i]!) ** 2, 0) / x.flat().length;
    expect(error).toBeLessThan(0.2 ** 2 / 2);
  });

  test("new rows and replicates have the moments of the model", async () => {
    const fit = await probabilisticPca({ x, components: 1 });
    const count = 20_000;
    const rows = (await fit.sample(count, { seed: 1 })).data();
    const [w, s2] = [fit.weights.data(), fit.noiseVariance];
    for (const i of [0, 1, 2])
      for (const j of [0, 1, 2]) {
        let sum = 0;
        for (let s = 0; s < count; s++) sum += (rows[3 * s + i]! - fit.mean.data()[i]!) * (rows[3 * s + j]! - fit.mean.data()[j]!);
        const c = (p: number, q: number) => w[p]! * w[q]! + (p === q ? s2 : 0);
        expect(Math.abs(sum / count - c(i, j))).toBeLessThan(5 * Math.sqrt((c(i, i) * c(j, j) + c(i, j) ** 2) / count));
      }
    const again = await fit.replicate(x.slice(0, 2), count, { seed: 1 });
    expect(again.shape).toEqual([count, 2, 3]);
    const values = again.data();
    const expected = (await fit.reconstruct(x.slice(0, 2))).data();
    const { covariance } = await fit.latents(x);
    for (let k = 0; k < 6; k++) {
      let sum = 0;
      for (let s = 0; s < count; s++) sum += values[6 * s + k]! / count;
      expect(Math.abs(sum - expected[k]!)).toBeLessThan(5 * Math.sqrt((w[k % 3]! ** 2 * covariance.item() + s2) / count));
    }
  });

  test("rows without variation in enough directions, one row and missing values are refused", async () => {
    const flat = x.map(([a]) => [a!, 2 * a!, 7]);
    await expect(probabilisticPca({ x: flat, components: 1 })).rejects.toThrow(
      "the rows vary in 1 of 3 directions, so 1 components leave no noise",
    );
    await expect(probabilisticPca({ x, components: 3 })).rejects.toThrow("components must be below the number of columns, 3, got 3");
    await expect(probabilisticPca({ x: [[1, 2]], components: 1 })).rejects.toThrow("x needs at least 2 rows, got 1");
    const missing = x.with(3, [1, NaN, 2]);
    await expect(probabilisticPca({ x: missing, components: 1, names: ["p", "q", "r"] })).rejects.toThrow("got NaN in row 3, column q");
  });
});

const data = resolve(process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data"));
const file = resolve(data, "../reference/inference/exact_linear_l96.json");
const digits = resolve(data, "regression/digits8x8.csv");

describe.skipIf(!existsSync(file) || !existsSync(digits))("handwritten digits of the reference", () => {
  test.each([2, 10, 20])("noise and likelihood with %i components", async (components) => {
    const expected = JSON.parse(readFileSync(file, "utf8"))[`ppca_digits_q${components}`];
    const rows = readFileSync(digits, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) =>
        line
          .split(",")
          .slice(0, 64)
          .map((v) => Number(v) / 16),
      );
    const fit = await probabilisticPca({ x: rows, components });
    expect(fit.noiseVariance / expected.sigma2_ML - 1).toBeCloseTo(0, 10);
    expect(fit.logLikelihood / expected.n).toBeCloseTo(expected.closed_form, 10);
  });
});
