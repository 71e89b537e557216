import { array, exp, log, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { betaCdf } from "../check/beta-function.ts";
import { summarizeChains } from "../check/summarize-chains.ts";
import { kolmogorovSmirnov } from "../check/uniformity.ts";
import { binomial, independent, multivariateNormal, normal, parameters, uniform } from "../distribution/index.ts";
import { Random } from "../simulate/random.ts";
import type { Propose } from "./metropolis.ts";
import { posteriorChains } from "./posterior-chains.ts";
import { metropolis } from "./run-metropolis.ts";
import { eightSchools, expectEightSchools, hasReference, plainTarget } from "./test/targets.ts";

const scattered = (chains: number, dimension: number, sd = 5) => {
  const random = new Random(9);
  return Array.from({ length: chains }, () => Array.from({ length: dimension }, () => random.normal(0, sd)));
};

/** Scales from 0.1 to 30 and a correlation of 0.9. */
const covariance = [
  [0.01, 0, 0],
  [0, 900, 27],
  [0, 27, 1],
];
const mean = [3, -10, 1];
const target = plainTarget(3, (x) => multivariateNormal(mean, { covariance }).logProb(x));

describe("random-walk Metropolis", { timeout: 120_000 }, () => {
  test.each([
    { chains: 64, warmup: 1500, draws: 1000, thin: 4 },
    { chains: 1, warmup: 5000, draws: 20_000, thin: 2 },
  ])(
    "a correlated normal with scales from 0.1 to 30 is met within 4.5 Monte Carlo errors by $chains chains",
    async ({ chains, ...sizes }) => {
      const result = await metropolis(target, { init: scattered(chains, 3), seed: 1, ...sizes });
      expect(result.draws.shape).toEqual([chains, sizes.draws, 3]);
      expect(result.draws.dtype).toBe("f64");
      const summary = summarizeChains({ names: ["a", "b", "c"], draws: result.draws });
      summary.forEach((s, d) => {
        expect(Math.abs(s.mean - mean[d]!)).toBeLessThan(4.5 * s.mcseMean);
        expect(Math.abs(s.sd - Math.sqrt(covariance[d]![d]!))).toBeLessThan(4.5 * s.mcseSd);
        expect(s.rHat).toBeLessThan(1.02);
      });
      const rates = result.stats["acceptance_rate"]!.data() as Float64Array;
      const acceptance = rates.reduce((a, b) => a + b) / rates.length;
      expect(acceptance).toBeGreaterThan(0.2);
      expect(acceptance).toBeLessThan(0.42);
      // The log densities handed back are those of the draws.
      using density = program((x: Tensor) => target.logDensity(x))(array(result.draws.data(), { shape: [chains * sizes.draws, 3] }));
      expect([...result.logDensity.data().slice(0, 50)]).toEqual([...density.data().slice(0, 50)].map((v) => expect.closeTo(v, 10)));
    },
  );

  test("a target with two modes keeps the share of each when chains start in both", async () => {
    const twoModes = (x: Tensor) => normal(-4, 1).logProb(x).exp().mul(0.5).add(normal(4, 1).logProb(x).exp().mul(0.5)).squeeze(-1);
    const result = await metropolis(
      plainTarget(1, (x) => log(twoModes(x))),
      {
        init: scattered(200, 1, 6),
        seed: 2,
        warmup: 500,
        draws: 500,
        thin: 4,
      },
    );
    const values = result.draws.data();
    const right = values.filter((value) => value > 0).length / values.length;
    expect(Math.abs(right - 0.5)).toBeLessThan(0.06);
  });

  test("the seed decides every bit, whatever the number of threads", async () => {
    const options = { init: scattered(8, 3), seed: 5, warmup: 100, draws: 50 };
    const [one, two, other] = await Promise.all([
      metropolis(target, { ...options, threads: 1 }),
      metropolis(target, { ...options, threads: 2 }),
      metropolis(target, { ...options, seed: 6 }),
    ]);
    expect(two.draws.data()).toEqual(one.draws.data());
    expect(other.draws.data()).not.toEqual(one.draws.data());
  });

  test("proposals of log density NaN or -Infinity are never accepted", async () => {
    // log(x) is NaN below 0: the density x e^-x on x > 0.
    const result = await metropolis(
      plainTarget(1, (x) => log(x).sub(x).squeeze(-1)),
      {
        init: [[1], [2], [3]],
        seed: 3,
        warmup: 500,
        draws: 2000,
        thin: 5,
      },
    );
    const values = [...result.draws.data()];
    expect(Math.min(...values)).toBeGreaterThan(0);
    expect(Math.abs(values.reduce((a, b) => a + b) / values.length - 2)).toBeLessThan(0.15);
  });

  test("starts without density, shapes and counts that make no sense are refused", async () => {
    const positive = plainTarget(1, (x) => log(x).squeeze(-1));
    const ok = { init: [[1], [2]], seed: 1, warmup: 10, draws: 10 };
    await expect(metropolis(positive, { ...ok, init: [[1], [-2]] })).rejects.toThrow(
      "the log density is NaN at the start of chain 2 (u[0] = -2); start inside the support, at points of finite log density",
    );
    await expect(metropolis(positive, { ...ok, draws: 0 })).rejects.toThrow("draws must be an integer >= 1, got 0");
    await expect(metropolis(positive, { ...ok, targetAcceptance: 2 })).rejects.toThrow("targetAcceptance must be in (0, 1), got 2");
    await expect(metropolis(positive, { ...ok, init: array([1, 2]) })).rejects.toThrow(
      "init must have shape [2, 1] (chains, unconstrained coordinates), got [2]",
    );
    await expect(metropolis(plainTarget(1, log), ok)).rejects.toThrow("logDensity must give shape [2] for [2, 1], got [2, 1]");
  });

  test("un-normalised densities and proposals that go up more easily than down need only the ratios", async () => {
    // Gamma(3, 1) without its constant, and y = x e^(0.8 z): q(x | y) / q(y | x) = y / x.
    const gamma = plainTarget(1, (x) => log(x).mul(2).sub(x).add(7).squeeze(-1));
    const walk =
      (correct: boolean): Propose =>
      (key, x) => {
        const y = x.mul(exp(random.normal(key, x.shape, { dtype: "f64" }).mul(0.8)));
        return correct ? { position: y, logRatio: log(y).sub(log(x)).squeeze(-1) } : { position: y };
      };
    const options = { init: Array.from({ length: 64 }, (_, c) => [1 + c / 20]), seed: 6, warmup: 200, draws: 500, thin: 5 };
    const summaryOf = async (correct: boolean) => summarizeChains(await metropolis(gamma, { ...options, propose: walk(correct) }))[0]!;
    const right = await summaryOf(true);
    expect(Math.abs(right.mean - 3)).toBeLessThan(4 * right.mcseMean);
    expect(Math.abs(right.sd - Math.sqrt(3))).toBeLessThan(4 * right.mcseSd);
    // Without the ratio the walk is symmetric in log x and its density there is that of x / x: Gamma(2, 1).
    const wrong = await summaryOf(false);
    expect(Math.abs(wrong.mean - 2)).toBeLessThan(4 * wrong.mcseMean);
  });

  test("a signal stops it", async () => {
    const controller = new AbortController();
    const running = metropolis(target, {
      init: scattered(100, 3),
      seed: 1,
      warmup: 1e6,
      draws: 10,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(new Error("enough")), 30);
    await expect(running).rejects.toThrow("enough");
  });
});

describe.skipIf(!hasReference)("reference posteriors of posteriordb", { timeout: 120_000 }, () => {
  test("eight schools, ten dimensions with a funnel, agrees in every mean and sd", async () => {
    expectEightSchools(await metropolis(eightSchools, { init: scattered(64, 10, 1), seed: 7, warmup: 3000, draws: 400, thin: 25 }));
  });
});

describe("posterior chains", { timeout: 120_000 }, () => {
  test("a binomial count under a uniform prior gives the beta posterior", async () => {
    const model = parameters({ p: { prior: uniform(0, 1) } });
    const result = await posteriorChains({
      parameters: model,
      logLikelihood: (theta) => binomial(20, theta.squeeze(-1)).logProb(17),
      chains: 100,
      seed: 4,
      warmup: 500,
      draws: 200,
      thin: 10,
    });
    expect(result.names).toEqual(["p"]);
    const [summary] = summarizeChains({ names: result.names, draws: result.draws });
    expect(summary!.rHat).toBeLessThan(1.01);
    // Nearly independent after thinning by 10: a Kolmogorov-Smirnov test on every tenth of 20 000 draws of Beta(18, 4).
    const thinned = result.draws.data().filter((_, i) => i % 10 === 0);
    expect(kolmogorovSmirnov(thinned, (x) => betaCdf(x, 18, 4)).pValue).toBeGreaterThan(1e-3);
  });

  test("a normal mean and its conjugate posterior agree in two dimensions", async () => {
    const model = parameters({ mu: { prior: independent(normal([0, 0], 2), 1) } });
    const data = [1.2, -0.7];
    // Prior variance 4, one observation of variance 1: posterior N(0.8 x, 0.8).
    const result = await posteriorChains({
      parameters: model,
      logLikelihood: (t) =>
        normal(t, 1)
          .logProb(array(data, { dtype: "f64" }))
          .sum(-1),
      chains: 50,
      seed: 8,
      warmup: 500,
      draws: 400,
      thin: 5,
    });
    summarizeChains({ names: result.names, draws: result.draws }).forEach((s, d) => {
      expect(Math.abs(s.mean - 0.8 * data[d]!)).toBeLessThan(4.5 * s.mcseMean);
      expect(Math.abs(s.sd - Math.sqrt(0.8))).toBeLessThan(4.5 * s.mcseSd);
    });
  });

  test("a likelihood that is zero everywhere is reported, not walked", async () => {
    const model = parameters({ p: { prior: uniform(0, 1) } });
    const logLikelihood = (theta: Tensor) => binomial(3, theta.squeeze(-1)).logProb(5);
    await expect(posteriorChains({ parameters: model, logLikelihood, chains: 4, seed: 1, warmup: 10, draws: 10 })).rejects.toThrow(
      /no point to start from for 4 of 4 chains in 100 draws: the log density is -Infinity .*outside the support/,
    );
  });
});
