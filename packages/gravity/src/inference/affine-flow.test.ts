import { expect, test } from "vitest";
import { affineFlow } from "./affine-flow.ts";
import { exactPosterior } from "./exact-posterior.ts";
import { surveyOf } from "./test/survey.ts";

test.each([
  ["500 cells", surveyOf({ counts: [5, 10, 10], stations: 100 }, { regional: { order: 1, sd: 3 } })],
  ["a flat regional", surveyOf({}, { regional: { order: 1 } })],
])("the affine flow becomes the exact posterior: %s", { timeout: 120_000 }, async (_, model) => {
  const [flow, exact] = [await affineFlow(model, { seed: 1, threads: 2 }), await exactPosterior(model)];
  expect(flow.warnings).toEqual([]);
  expect(Math.abs(flow.elbo - exact.logEvidence) / model.operator.rows).toBeLessThan(1e-6);
  const relative = (got: ArrayLike<number>, want: ArrayLike<number>): number => {
    const norm = (of: (i: number) => number): number => Math.sqrt(Array.from(want).reduce((sum, _v, i) => sum + of(i) ** 2, 0));
    return norm((i) => got[i]! - want[i]!) / norm((i) => want[i]!);
  };
  expect(relative(flow.mean.data(), exact.mean.data())).toBeLessThan(1e-4);
  expect(relative(flow.sd.data(), exact.sd.data())).toBeLessThan(1e-4);
  expect(relative(flow.covariance.data(), (await exact.covariance()).data())).toBeLessThan(1e-4);
});
