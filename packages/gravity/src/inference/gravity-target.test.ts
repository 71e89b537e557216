import { fitVariational, nuts } from "@credence/core";
import { expect, test } from "vitest";
import { exactPosterior } from "./exact-posterior.ts";
import { gravityTarget } from "./gravity-target.ts";
import { surveyOf } from "./test/survey.ts";

const model = surveyOf({ counts: [2, 3, 3], stations: 25 }, { noiseSd: 0.1, regional: { order: 0, sd: 1 } });

/** Mean and sd of each quantity of draws [chains, draws, K]. */
function momentsOf({ draws, names }: { draws: { data(): ArrayLike<number> }; names: readonly string[] }) {
  const values = draws.data();
  const [k, count] = [names.length, values.length / names.length];
  const mean = names.map((_, d) => Array.from({ length: count }, (_, i) => values[i * k + d]!).reduce((a, b) => a + b) / count);
  const sd = names.map((_, d) =>
    Math.sqrt(Array.from({ length: count }, (_, i) => (values[i * k + d]! - mean[d]!) ** 2).reduce((a, b) => a + b) / count),
  );
  return { mean, sd, values };
}

test("NUTS on the target finds the exact posterior", async () => {
  const target = await gravityTarget(model);
  expect(target.names[4]).toBe("density[0,1,1]");
  const [drawn, exact] = [momentsOf(await nuts(target, { chains: 4, draws: 1000, seed: 1 })), await exactPosterior(model)];
  exact.sd.data().forEach((sd, i) => {
    expect(Math.abs(drawn.mean[i]! - exact.mean.data()[i]!)).toBeLessThan(0.1 * sd); // 4 standard errors of 1600 effective draws
    expect(Math.abs(drawn.sd[i]! / sd - 1)).toBeLessThan(0.1);
  });
});

test("under bounds a spline flow agrees with NUTS, and neither leaves the bounds", { timeout: 120_000 }, async () => {
  const bounds = { low: -20, high: 200 };
  const target = await gravityTarget(surveyOf({ counts: [1, 2, 3], stations: 12 }, { noiseSd: 0.2 }), { bounds });
  const exact = momentsOf(await nuts(target, { chains: 4, draws: 1500, seed: 1 }));
  const flow = await fitVariational(target, { family: { kind: "flow", transforms: 2 }, steps: 500, seed: 2, threads: 2 });
  const fitted = momentsOf(await flow.sample(4000, { seed: 3 }));
  expect(Array.from(fitted.values).every((m) => m > bounds.low && m < bounds.high)).toBe(true);
  exact.sd.forEach((sd, i) => {
    expect(Math.abs(fitted.mean[i]! - exact.mean[i]!)).toBeLessThan(0.2 * sd);
    expect(Math.abs(fitted.sd[i]! / sd - 1)).toBeLessThan(0.2);
  });
  await expect(gravityTarget(model, { bounds: { low: 1, high: 1 } })).rejects.toThrow("bounds must be finite with low < high, got 1 and 1");
});
