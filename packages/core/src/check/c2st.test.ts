import { array } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { Random } from "../simulate/random.ts";
import { c2st, c2stDetails } from "./c2st.ts";
import { normalCdf } from "./gamma-function.ts";

/** `count` draws of N(shift, sd^2) in every one of `dimension` dimensions. */
const normals = (count: number, dimension: number, { shift = 0, sd = 1, seed = 1 } = {}) => {
  const random = new Random(seed);
  return array(
    Float64Array.from({ length: count * dimension }, () => random.normal(shift, sd)),
    { shape: [count, dimension] },
  );
};

describe("classifier two-sample test", { timeout: 120_000 }, () => {
  test("two samples of one distribution cannot be told apart", async () => {
    const accuracy = await c2st(normals(1000, 3, { seed: 1 }), normals(1000, 3, { seed: 2 }), { seed: 1, maxEpochs: 60 });
    // 2000 held-out guesses: sd 0.011.
    expect(accuracy).toBeGreaterThan(0.5 - 0.045);
    expect(accuracy).toBeLessThan(0.5 + 0.045);
  });

  test.each([
    { dimension: 1, shift: 1 },
    { dimension: 4, shift: 0.5 },
  ])(
    "N(0, 1) against N($shift, 1) in $dimension dimensions comes within 0.045 of the best classifier there is",
    async ({ dimension, shift }) => {
      const accuracy = await c2st(normals(1000, dimension, { seed: 3 }), normals(1000, dimension, { shift, seed: 4 }), {
        seed: 1,
        maxEpochs: 60,
      });
      // Bayes accuracy Phi(shift sqrt(d) / 2); binomial sd of 2000 held-out rows 0.01.
      const best = normalCdf((shift * Math.sqrt(dimension)) / 2);
      expect(Math.abs(accuracy - best)).toBeLessThan(0.045);
    },
  );

  test("samples that do not overlap are told apart", async () => {
    expect(await c2st(normals(500, 2), normals(500, 2, { shift: 20 }), { seed: 1 })).toBe(1);
  });

  test("a difference of spread alone is found, which no line could find", async () => {
    const accuracy = await c2st(normals(1000, 2, { seed: 5 }), normals(1000, 2, { sd: 2, seed: 6 }), { seed: 1 });
    // Bayes accuracy for variances 1 and 4 in two dimensions: r^2 < (8/3) log 4 has probability 1 - e^-1.848 and 1 - e^-0.462 under the two: (0.8425 + 0.6300) / 2.
    expect(Math.abs(accuracy - 0.7362)).toBeLessThan(0.045);
  });

  test("scikit-learn's accuracy on the same kind of data is met", async () => {
    const accuracy = await c2st(normals(2000, 2, { seed: 1 }), normals(2000, 2, { sd: 1.3, seed: 2 }), { seed: 1 });
    // MLPClassifier of scikit-learn 1.9.1 on these very samples: 0.587, 0.589 and 0.593 with three seeds; ours 0.588, 0.584, 0.591.
    expect(Math.abs(accuracy - 0.5897)).toBeLessThan(0.012);
  });

  test("the seed decides the result and folds of unequal size are handled", async () => {
    const [x, y] = [normals(303, 2, { seed: 7 }), normals(211, 2, { shift: 0.5, seed: 8 })];
    const once = await c2stDetails(x, y, { seed: 4, threads: 2 });
    const again = await c2stDetails(x, y, { seed: 4, threads: 1 });
    expect(again).toEqual(once);
    expect(once.folds.length).toBe(5);
    for (const { epochs } of once.folds) expect(epochs).toBeGreaterThan(11);
    expect((await c2stDetails(x, y, { seed: 5 })).folds).not.toEqual(once.folds);
  });

  test("a signal stops it", async () => {
    const controller = new AbortController();
    const running = c2st(normals(2000, 2), normals(2000, 2), { seed: 1, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await expect(running).rejects.toThrow("enough");
  });

  test("samples that are not finite, of other dimensions or constant are refused with their place", async () => {
    const seed = 1;
    await expect(
      c2st(
        [
          [1, 2],
          [3, NaN],
        ],
        [[1, 2]],
        { seed },
      ),
    ).rejects.toThrow("reference must be finite, got NaN in row 1, column 1");
    await expect(
      c2st(
        [
          [1, 2],
          [3, 4],
        ],
        [[1], [2]],
        { seed },
      ),
    ).rejects.toThrow("reference has 2 dimensions and approximate 1");
    await expect(
      c2st(
        Array.from({ length: 9 }, (_, i) => [1, i]),
        [[1, 2]],
        { seed },
      ),
    ).rejects.toThrow("column 0 is 1 in all 9 rows");
    await expect(c2st([], [[1]], { seed })).rejects.toThrow("reference must have shape [n, d]");
    await expect(c2st([[1], [2]], [[1], [2]], { seed, folds: 9 })).rejects.toThrow("folds must be an integer from 2 to 4, got 9");
  });
});
