import type { Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { normal } from "../distribution/index.ts";
import { nuts } from "../mcmc/index.ts";
import { type Data, model, observed } from "../model/index.ts";
import { fitVariational } from "../vi/index.ts";
import { chainSampler, productSampler } from "./method-samplers.ts";
import { simulateFrom, simulationBasedCalibration } from "./simulation-based-calibration.ts";

/** a, b ~ N(0, 1), y ~ N(a + b, 1/4): marginal variances (1 + s) / (2 + s) with s = 1/4, and a correlation of -0.8. */
const posteriorOf = (y: Data | Tensor) => model({ a: normal(0, 1), b: normal(0, 1) }, ({ a, b }) => observed(normal(a.add(b), 0.5), y));
const setting = { names: ["a", "b"], simulate: simulateFrom(posteriorOf([0])), replicates: 200, seed: 3 };
const calibrated = ["Calibrated: the ranks of all 2 parameters are uniform in 200 replicates."];

/** 50 data sets at a time are one fit over 100 numbers. */
const variational = (family: "mean-field" | "full-rank") =>
  productSampler(posteriorOf, async (target, { draws, seed }) => {
    const fit = await fitVariational(target, { family, seed, evaluationDraws: 100 });
    return fit.sample(draws, { seed: seed + 1 });
  });

describe("methods on a correlated model", { timeout: 120_000 }, () => {
  test("the No-U-Turn sampler is calibrated, a chain for each of 200 data sets in one program", async () => {
    const sampler = chainSampler(posteriorOf, (target, options) => nuts(target, { ...options, warmup: 300, draws: 99, thin: 8 }));
    const { verdict } = await simulationBasedCalibration({ ...setting, sampler });
    expect(verdict.remarks).toEqual(calibrated);
  });

  test("full-rank variational inference is calibrated, for these posteriors are normal", async () => {
    const { verdict } = await simulationBasedCalibration({ ...setting, sampler: variational("full-rank"), batch: 50 });
    expect(verdict.remarks).toEqual(calibrated);
  });

  test("mean-field variational inference is overconfident by as much as the closed form says, and flagged", async () => {
    const { verdict, coverage } = await simulationBasedCalibration({ ...setting, sampler: variational("mean-field"), batch: 50 });
    expect(verdict.calibrated).toBe(false);
    // Its variances are s / (1 + s), the inverse of the precisions: sds too small by 5/3. The median of 200 |z| is known to 8.2 %; three of
    // them.
    verdict.parameters.forEach(({ verdict: found, spread }, d) => {
      expect(found).toBe("overconfident");
      expect(Math.abs(spread / (5 / 3) - 1)).toBeLessThan(0.25);
      expect(verdict.remarks[d]).toMatch(
        /^[ab] is overconfident: \d\d % of truths lie in the outer tenth of its posterior; its sd is too small by a factor/,
      );
    });
    // The central 90 % of N(0, 1/5) reaches 1.645 sqrt(1/5) / sqrt(5/9) = 0.987 sds: 2 Phi(0.987) - 1 = 0.676. Three standard errors are
    // 0.1.
    for (const { coverage: shares } of coverage.parameters) expect(Math.abs(shares[2]! - 0.676)).toBeLessThan(0.1);
  });
});
