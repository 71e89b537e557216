import { describe, expect, test } from "vitest";
import { quantitiesOf, summarizeChains } from "../check/summarize-chains.ts";
import { chees } from "./run-chees.ts";
import { hmc } from "./run-hmc.ts";
import { covariance, errorsOf, mean, plainTarget, tilted, twisted, twistedMoments } from "./test/targets.ts";

describe("Hamiltonian Monte Carlo with trajectories of a set length", { timeout: 120_000 }, () => {
  test.each([
    { name: "hmc, diagonal", run: () => hmc(tilted, { seed: 1, trajectoryLength: 4, warmup: 700 }) },
    { name: "hmc, dense", run: () => hmc(tilted, { seed: 1, massMatrix: "dense" }) },
    { name: "chees", run: () => chees(tilted, { seed: 1, warmup: 600, draws: 500 }) },
  ])("$name meets a correlated normal with scales from 0.1 to 30 within 4 Monte Carlo errors", async ({ run }) => {
    const result = await run();
    summarizeChains(result).forEach((s, d) => {
      expect(Math.abs(s.mean - mean[d]!)).toBeLessThan(4 * s.mcseMean);
      expect(Math.abs(s.sd - Math.sqrt(covariance[d]![d]!))).toBeLessThan(4 * s.mcseSd);
      expect(s.rHat).toBeLessThan(1.01);
    });
    expect(result.stats["diverging"]!.data().some(Boolean)).toBe(false);
  });

  test.each([
    { name: "hmc", run: () => hmc(twisted, { seed: 2, chains: 64, warmup: 300, draws: 2000 }) },
    { name: "chees", run: () => chees(twisted, { seed: 3, chains: 128, warmup: 500, draws: 1000 }) },
  ])("$name gives the moments of a twisted density with two modes", async ({ run }) => {
    for (const error of errorsOf(await run(), twistedMoments())) expect(error).toBeLessThan(4);
  });

  test("steps within a trajectory are as many for all chains, and vary from one to the next", async () => {
    const result = await hmc(
      plainTarget(2, (u) => u.square().sum(-1).mul(-0.5)),
      { seed: 4, chains: 3, warmup: 200, draws: 50, trajectoryLength: 8 },
    );
    const steps = [...result.stats["n_steps"]!.data()];
    expect(steps.slice(50, 100)).toEqual(steps.slice(0, 50));
    expect(new Set(steps).size).toBeGreaterThan(3);
  });

  test("ChEES finds trajectories that are long where scales differ in a direction that the diagonal mass matrix cannot mend", async () => {
    // Correlation 0.995: lengths 1.41 and 0.07 along the diagonals.
    const narrow = plainTarget(2, (u) => {
      const [x, y] = [u.slice([0, 0], [undefined, 1]), u.slice([0, 1], [undefined, 2])];
      return x.sub(y).square().div(0.01).add(x.add(y).square().div(3.99)).squeeze(-1).mul(-0.5);
    });
    const result = await chees(narrow, { seed: 5, warmup: 600, draws: 200 });
    const steps = Math.max(...result.stats["n_steps"]!.data());
    expect(steps).toBeGreaterThan(8);
    expect(steps).toBeLessThan(200);
    const [x] = quantitiesOf(result.draws) as [Float64Array[]];
    const all = x.flatMap((chain) => [...chain]);
    expect(Math.abs(all.reduce((a, b) => a + b ** 2, 0) / all.length - 1)).toBeLessThan(0.05); // 4 errors of 12,800 nearly independent squares
  });

  test("options that make no sense are refused", async () => {
    const ok = { seed: 1, chains: 4, warmup: 10, draws: 10 };
    await expect(hmc(tilted, { ...ok, trajectoryLength: 0 })).rejects.toThrow("hmc: trajectoryLength must be > 0, got 0");
    await expect(hmc(tilted, { ...ok, stepsMax: 0 })).rejects.toThrow("hmc: stepsMax must be an integer >= 1, got 0");
    await expect(chees(tilted, { ...ok, chains: 3 })).rejects.toThrow("chees: chains must be an integer >= 4, got 3");
  });
});
