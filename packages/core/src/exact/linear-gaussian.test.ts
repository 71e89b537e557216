import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { array } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { linearGaussian } from "./linear-gaussian.ts";

/** Twelve numbers without pattern, in [-1, 1]. */
const wave = (n: number, phase = 0) => Array.from({ length: n }, (_, i) => Math.sin(12.9898 * (i + 1 + phase) ** 2));
const table = (m: number, n: number, phase = 0) => Array.from({ length: m }, (_, i) => wave(n, phase + 10 * i));
const covariance = [
  [2, 0.6, 0.1],
  [0.6, 1, -0.3],
  [0.1, -0.3, 0.5],
];

describe("linear-Gaussian posterior", () => {
  test("one unknown and one datum: the precision-weighted mean", async () => {
    const posterior = await linearGaussian({ operator: [[2]], data: [3], prior: { mean: 1, sd: 2 }, noise: { sd: 0.5 } });
    // Precision 1/4 + 4/0.25, mean (1/4 + 2 * 3 / 0.25) / precision; log N(3 | 2, 4 * 4 + 0.25).
    expect(posterior.mean.item()).toBeCloseTo((0.25 + 24) / 16.25, 14);
    expect(posterior.sd.item()).toBeCloseTo(1 / Math.sqrt(16.25), 14);
    expect(posterior.logEvidence).toBeCloseTo(-0.5 * Math.log(2 * Math.PI * 16.25) - 0.5 / 16.25, 14);
  });

  test("the forms in the space of unknowns and in that of data agree", async () => {
    const [a, y] = [table(3, 3), wave(3, 7)];
    const options = {
      prior: { mean: [0.1, -0.2, 0.3], covariance },
      noise: {
        covariance: [
          [0.3, 0.1, 0],
          [0.1, 0.4, 0.05],
          [0, 0.05, 0.2],
        ],
      },
    };
    const all = await linearGaussian({ operator: a, data: y, ...options });
    expect(all.form).toBe("unknowns");
    // A fourth unknown that the operator does not see turns the problem into one with fewer data than unknowns.
    const wide = await linearGaussian({
      operator: a.map((row) => [...row, 0]),
      data: y,
      noise: options.noise,
      prior: { mean: [0.1, -0.2, 0.3, 5], covariance: [...covariance.map((row) => [...row, 0]), [0, 0, 0, 9]] },
    });
    expect(wide.form).toBe("data");
    expect(wide.logEvidence).toBeCloseTo(all.logEvidence, 12);
    const [c, d] = [(await all.covariance()).data(), (await wide.covariance()).data()];
    for (let i = 0; i < 3; i++) {
      expect(wide.mean.data()[i]).toBeCloseTo(all.mean.data()[i]!, 12);
      expect(wide.sd.data()[i]).toBeCloseTo(all.sd.data()[i]!, 12);
      for (let j = 0; j < 3; j++) expect(d[4 * i + j]).toBeCloseTo(c[3 * i + j]!, 12);
    }
    expect(wide.mean.data()[3]).toBe(5);
    expect(wide.sd.data()[3]).toBe(3);
    const point = [[0.3, 1, -2]];
    const [p, q] = [await all.predict(point), await wide.predict([[...point[0]!, 0]])];
    expect(q.mean.item()).toBeCloseTo(p.mean.item(), 12);
    expect(q.variance.item()).toBeCloseTo(p.variance.item(), 12);
  });

  test.each([
    [40, 3],
    [2, 5],
  ])("draws of %i data and %i unknowns have the mean and covariance that are stated, within 5 standard errors", async (m, n) => {
    const posterior = await linearGaussian({
      operator: table(m, n),
      data: wave(m, 3),
      prior: { mean: 0.5, sd: wave(n).map((v) => 1 + v * v) },
      noise: { sd: 0.7 },
    });
    const count = 20_000;
    const sample = await posterior.sample(count, { seed: 3 });
    expect(sample.draws.shape).toEqual([1, count, n]);
    const x = sample.draws.data();
    const c = (await posterior.covariance()).data();
    const at = (s: number, i: number) => x[s * n + i]! - posterior.mean.data()[i]!;
    for (let i = 0; i < n; i++) {
      expect(Math.sqrt(c[i * n + i]!)).toBeCloseTo(posterior.sd.data()[i]!, 12);
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let s = 0; s < count; s++) sum += at(s, i) * at(s, j);
        const error = Math.sqrt((c[i * n + i]! * c[j * n + j]! + c[i * n + j]! ** 2) / count);
        expect(Math.abs(sum / count - c[i * n + j]!)).toBeLessThan(5 * error);
      }
      let mean = 0;
      for (let s = 0; s < count; s++) mean += at(s, i) / count;
      expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(c[i * n + i]! / count));
    }
    // E log q = -entropy; its variance over draws of a normal is n / 2.
    const logDensity = Array.from(sample.logDensity.data()).reduce((a, b) => a + b, 0) / count;
    let logDet = 0;
    const l = c.slice();
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        let rest = l[i * n + j]!;
        for (let k = 0; k < j; k++) rest -= l[i * n + k]! * l[j * n + k]!;
        l[i * n + j] = i === j ? Math.sqrt(rest) : rest / l[j * n + j]!;
        if (i === j) logDet += Math.log(l[i * n + i]!);
      }
    expect(Math.abs(logDensity + n / 2 + (n / 2) * Math.log(2 * Math.PI) + logDet)).toBeLessThan(5 * Math.sqrt(n / 2 / count));
  });

  test("columns that differ by one part in 1e10 are told apart as far as the data can", async () => {
    // Unknowns a and b of 3 = a + b, 3 + 1e-10 = a + (1 + 1e-10) b: a = 2, b = 1 where noise and prior do not matter.
    const posterior = await linearGaussian({
      operator: [
        [1, 1],
        [1, 1 + 1e-10],
        [1, 1 - 1e-10],
      ],
      data: [3, 3 + 1e-10, 3 - 1e-10],
      prior: { sd: 1e3 },
      noise: { sd: 1e-11 },
    });
    // The right answer to many digits: least squares, since the prior's weight is 1e-28 of that of the data; limited by the rounding of y, 2e-16 / 1e-10.
    expect(Math.abs(posterior.mean.data()[1]! - 1)).toBeLessThan(1e-4);
    expect(posterior.mean.data()[0]! + posterior.mean.data()[1]!).toBeCloseTo(3, 12);
    expect(posterior.sd.data()[1]!).toBeCloseTo(1e-11 / (1e-10 * Math.SQRT2), 4);
  });

  test("what does not fit is refused with its place", async () => {
    const good = { operator: [[1, 2]], data: [1], prior: { sd: 1 }, noise: { sd: 1 }, names: ["a", "b"] };
    await expect(linearGaussian({ ...good, operator: [[1, NaN]] })).rejects.toThrow("operator must be finite, got NaN in row 0, column b");
    await expect(linearGaussian({ ...good, data: [1, 2] })).rejects.toThrow("data must have 1 numbers, one for each row, got 2");
    await expect(linearGaussian({ ...good, noise: { sd: 0 } })).rejects.toThrow("noise.sd must be > 0 and finite, got 0");
    await expect(
      linearGaussian({
        ...good,
        prior: {
          covariance: [
            [1, 1],
            [1, 1],
          ],
        },
      }),
    ).rejects.toThrow("must be positive definite");
    await expect(
      linearGaussian({
        ...good,
        prior: {
          covariance: [
            [1, 0.5],
            [0, 1],
          ],
        },
      }),
    ).rejects.toThrow("must be symmetric, got 0 in row 1");
    await expect(linearGaussian({ ...good, names: ["a", "a"] })).rejects.toThrow('names must differ, got "a" twice');
    await expect(linearGaussian({ ...good, operator: "A" as never })).rejects.toThrow(TypeError);
    await expect(linearGaussian({ ...good, prior: undefined as never })).rejects.toThrow("prior must have either sd or covariance");
    await expect(linearGaussian({ ...good, operator: array(new Float64Array(0), { shape: [0, 2] }), data: [] })).rejects.toThrow(
      "at least 1 row",
    );
    await expect((await linearGaussian(good)).predict([[1, 2, 3]])).rejects.toThrow("has 3 columns where 2 are expected (a, b)");
  });
});

const reference = resolve(
  process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data"),
  "../reference/inference/exact_linear_l96.json",
);

describe.skipIf(!existsSync(reference))("the deblurring problem of the reference", () => {
  test("its Bayes risk and reconstruction operator", async () => {
    const { ridge_encoder: expected } = JSON.parse(readFileSync(reference, "utf8"));
    const [m, k] = [40, 32];
    const operator = Array.from({ length: m }, (_, i) =>
      Array.from({ length: k }, (_, j) => Math.exp(-((i / (m - 1) - j / (k - 1)) ** 2) / (2 * 0.05 ** 2)) / (k * 0.05)),
    );
    const posterior = await linearGaussian({
      operator,
      data: wave(m),
      prior: { sd: expected.tau },
      noise: { sd: expected.sigma },
    });
    const c = (await posterior.covariance()).data();
    let risk = 0;
    let norm = 0;
    for (let i = 0; i < k; i++) {
      risk += c[i * k + i]!;
      for (let j = 0; j < m; j++) {
        // The operator from data to posterior mean: C A^T / sigma^2.
        const r = operator[j]!.reduce((sum, a, l) => sum + a * c[i * k + l]!, 0) / expected.sigma ** 2;
        norm += r * r;
        if (i + j === 0) expect(r / expected.R_00 - 1).toBeCloseTo(0, 9);
      }
    }
    // The reference inverts the normal equations, whose condition number is near 1e4.
    expect(risk / expected.bayes_risk - 1).toBeCloseTo(0, 9);
    expect(Math.sqrt(norm) / expected.R_fro - 1).toBeCloseTo(0, 9);
  });
});
