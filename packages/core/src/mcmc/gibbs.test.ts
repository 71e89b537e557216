import { array, random, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { summarizeChains } from "../check/summarize-chains.ts";
import type { Blocks, BlockUpdate } from "./gibbs.ts";
import { gibbs } from "./run-gibbs.ts";

/**
 * y_i ~ N(mu, v), mu ~ N(0, 2^2), v ~ inverse gamma(3, 2): each of the two has a known distribution given the other, and together they have none.
 * The second block is log v.
 */
const y = [1.9, 0.3, 2.8, 1.1, -0.4, 3.2, 1.6, 0.9];
const [shape, scale, priorVariance] = [3, 2, 4];
const squares = (mu: number) => y.reduce((sum, value) => sum + (value - mu) ** 2, 0);

const logDensity = ({ mu, logVariance }: Blocks): Tensor => {
  const data = array(y, { dtype: "f64" });
  const precision = logVariance!.neg().exp();
  const sum = mu!.sub(data).square().sum(-1, true);
  const likelihood = logVariance!.mul(-y.length / 2).sub(sum.mul(precision).mul(0.5));
  // Inverse gamma with the Jacobian of the logarithm: v^-(a + 1) e^(-b / v) v.
  return likelihood
    .sub(mu!.square().div(2 * priorVariance))
    .sub(logVariance!.mul(shape))
    .sub(precision.mul(scale))
    .squeeze(-1);
};

const mean: BlockUpdate = {
  block: "mu",
  draw: (key, { logVariance }) => {
    const precision = logVariance!.neg().exp();
    const variance = precision
      .mul(y.length)
      .add(1 / priorVariance)
      .pow(-1);
    const centre = variance.mul(precision).mul(y.reduce((a, b) => a + b));
    return centre.add(variance.sqrt().mul(random.normal(key, logVariance!.shape, { dtype: "f64" })));
  },
};
const variance: BlockUpdate = {
  block: "logVariance",
  draw: (key, { mu }) => {
    const sum = mu!
      .sub(array(y, { dtype: "f64" }))
      .square()
      .sum(-1, true);
    const gamma = random.gamma(key, mu!.mul(0).add(shape + y.length / 2));
    return sum.mul(0.5).add(scale).div(gamma).log();
  },
};
const initial = (key: Tensor, n: number): Blocks => ({
  mu: random.normal(random.fold(key, 1), [n, 1], { dtype: "f64" }).mul(3),
  logVariance: random.normal(random.fold(key, 2), [n, 1], { dtype: "f64" }),
});

/** Mean and sd of mu and log v by the trapezoidal rule. */
function exact(): Record<string, { mean: number; sd: number }> {
  const sums = { total: 0, mu: 0, mu2: 0, l: 0, l2: 0 };
  for (let mu = -6; mu <= 8; mu += 0.02)
    for (let l = -5; l <= 6; l += 0.02) {
      const weight = Math.exp(
        (-y.length / 2) * l - squares(mu) / 2 / Math.exp(l) - mu ** 2 / (2 * priorVariance) - shape * l - scale / Math.exp(l),
      );
      sums.total += weight;
      sums.mu += weight * mu;
      sums.mu2 += weight * mu ** 2;
      sums.l += weight * l;
      sums.l2 += weight * l ** 2;
    }
  const moments = (first: number, second: number) => ({
    mean: first / sums.total,
    sd: Math.sqrt(second / sums.total - (first / sums.total) ** 2),
  });
  return { mu: moments(sums.mu, sums.mu2), logVariance: moments(sums.l, sums.l2) };
}

describe("Gibbs sampling", { timeout: 120_000 }, () => {
  test.each([
    { name: "exact draws of both", updates: [mean, variance] },
    { name: "the variance by Metropolis", updates: [mean, { block: "logVariance", by: "metropolis", steps: 2 } as const] },
    { name: "the variance by HMC", updates: [mean, { block: "logVariance", by: "hmc", steps: 4 } as const] },
    { name: "the mean by NUTS, the variance exactly", updates: [variance, { block: "mu", by: "nuts" } as const] },
  ])("a normal with unknown mean and variance agrees with quadrature: $name", async ({ updates }) => {
    const result = await gibbs({ logDensity, updates, initial, seed: 5, chains: 32, warmup: 300, draws: 500, thin: 2 });
    expect(result.names).toEqual(["mu", "logVariance"]);
    expect(result.draws.shape).toEqual([32, 500, 2]);
    expect(result.warnings).toEqual([]);
    const expected = exact();
    for (const s of summarizeChains(result)) {
      expect(Math.abs(s.mean - expected[s.name]!.mean)).toBeLessThan(4 * s.mcseMean);
      expect(Math.abs(s.sd - expected[s.name]!.sd)).toBeLessThan(4 * s.mcseSd);
      expect(s.mcseMean).toBeLessThan(0.02 * expected[s.name]!.sd);
    }
  });

  test("the seed decides every bit, whatever the number of threads", async () => {
    const options = {
      logDensity,
      updates: [mean, { block: "logVariance", by: "metropolis" } as const],
      initial,
      seed: 2,
      chains: 4,
      warmup: 30,
      draws: 20,
    };
    const [one, two] = await Promise.all([gibbs({ ...options, threads: 1 }), gibbs({ ...options, threads: 2 })]);
    expect(two.draws.data()).toEqual(one.draws.data());
  });

  test("updates and starts that do not fit the blocks are refused by name", async () => {
    const ok = { logDensity, updates: [mean, variance], initial, seed: 1, chains: 2, warmup: 5, draws: 5 };
    await expect(gibbs({ ...ok, updates: [mean] })).rejects.toThrow("no update is for the block logVariance");
    await expect(gibbs({ ...ok, updates: [mean, { block: "tau", by: "hmc" }] })).rejects.toThrow(
      "an update is for the block tau; there are mu, logVariance",
    );
    await expect(
      gibbs({ ...ok, initial: (key, n) => ({ ...initial(key, n), mu: random.normal(key, [n], { dtype: "f64" }) }) }),
    ).rejects.toThrow("the block mu must start as f64 [2, d], got f64 [2]");
    await expect(gibbs({ ...ok, logDensity: (blocks) => logDensity(blocks).sub(Infinity) })).rejects.toThrow(
      "chain 1 starts at a log density of -Infinity",
    );
  });
});
