import type { Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { normal } from "../distribution/index.ts";
import { nuts } from "../mcmc/index.ts";
import { type Data, model, observed } from "../model/index.ts";
import { chainSampler } from "./method-samplers.ts";
import { simulateFrom, simulationBasedCalibration } from "./simulation-based-calibration.ts";

/** a, b ~ N(0, 1), y ~ N(a + b, 0.5^2): correlation of the posterior -0.8, its factorised approximation too narrow by a factor of 1.67. */
const posteriorOf = (y: Data | Tensor) => model({ a: normal(0, 1), b: normal(0, 1) }, ({ a, b }) => observed(normal(a.add(b), 0.5), y));
const setting = { names: ["a", "b"], simulate: simulateFrom(posteriorOf([0])), replicates: 200, seed: 1 };

describe("methods on a correlated model", { timeout: 120_000 }, () => {
  test("the No-U-Turn sampler is calibrated, 200 data sets side by side", async () => {
    const sampler = chainSampler(posteriorOf, (target, options) => nuts(target, { ...options, warmup: 300, draws: 99, thin: 8 }));
    const { verdict } = await simulationBasedCalibration({ ...setting, sampler });
    expect(verdict.remarks).toEqual(["Calibrated: the ranks of all 2 parameters are uniform in 200 replicates."]);
  });
});
