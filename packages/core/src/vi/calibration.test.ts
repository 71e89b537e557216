import type { Tensor } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { eachSampler, productSampler, simulateFrom, simulationBasedCalibration } from "../check/index.ts";
import { normal } from "../distribution/index.ts";
import { type Data, model, observed } from "../model/index.ts";
import { fitVariational } from "./fit-variational.ts";

/** a, b ~ N(0, 1), y ~ N(a + b, 0.3^2): the posterior of (a, b) is normal with correlation -0.92. */
const posteriorOf = (y: Data | Tensor) => model({ a: normal(0, 1), b: normal(0, 1) }, ({ a, b }) => observed(normal(a.add(b), 0.3), y));
const simulate = simulateFrom(posteriorOf([0]));
const names = ["a", "b"];

describe("calibration on a correlated model", { timeout: 120_000 }, () => {
  it("is passed by the full-rank normal", async () => {
    const sampler = eachSampler(async (y, { seed, draws }) => {
      const fit = await fitVariational(posteriorOf(y), { family: "full-rank", seed, evaluationDraws: 100 });
      return fit.sample(draws, { seed });
    });
    const { verdict } = await simulationBasedCalibration({ names, simulate, sampler, replicates: 60, seed: 5 });
    expect(verdict.calibrated).toBe(true);
  });

  it("is failed by the mean-field normal, which is named overconfident by the factor that its closed form says", async () => {
    const sampler = productSampler(posteriorOf, async (target, { seed, draws }) => {
      const fit = await fitVariational(target, { family: "mean-field", seed, evaluationDraws: 100 });
      return fit.sample(draws, { seed });
    });
    const { verdict } = await simulationBasedCalibration({ names, simulate, sampler, replicates: 200, seed: 6 });
    expect(verdict.calibrated).toBe(false);
    // Marginal variance (1 + s) / (2 + s), factorised s / (1 + s), s = 0.09: sds differ by a factor of 2.53. The median of 200 |z| is known to 10 %.
    for (const { verdict: found, spread } of verdict.parameters) {
      expect(found).toBe("overconfident");
      expect(Math.abs(spread / 2.53 - 1)).toBeLessThan(0.3);
    }
  });
});
