import { summarizeDraws } from "@credence/core";
import { array } from "@credence/tensor";
import { expect, test } from "vitest";
import { inferRates } from "./infer.ts";
import { samplePosterior } from "./oracle.ts";
import { column, growthOf } from "./summary-json.ts";

const series = { times: [0, 1, 2, 3, 4.5, 6, 7, 8, 9, 10, 12, 13], counts: [30, 33, 31, 36, 41, 38, 44, 49, 47, 52, 60, 58] };
const training = { maxEpochs: 6, ensembleSize: 1, learningRate: 2e-3, averageDecay: 0.99, schedule: "cosine", weightDecay: 0 } as const;

test("a short training already finds the exact posterior of an uneven series, and reads others of the design", async () => {
  const inference = await inferRates(series, { seed: 5, simulations: 10_000, draws: 4000, training });
  expect(inference.draws.shape).toEqual([4000, 3]);
  const { draws } = await samplePosterior(series, { seed: 6, chains: 32, draws: 100, thin: 10, warmup: 300 });
  const exact = Float64Array.from(draws.data());
  Object.values(inference.rates).forEach(({ unit, mean, sd }, d) => {
    const truth = summarizeDraws(column(exact, d), unit);
    // Over five seeds so short a training was within 0.17 sd and 23 %; bounds of about twice the first and half as much again of the second.
    expect(Math.abs(mean - truth.mean) / truth.sd).toBeLessThan(0.3);
    expect(Math.abs(sd / truth.sd - 1)).toBeLessThan(0.35);
  });
  using falling = array(Float64Array.of(30, 27, 25, 24, 19, 17, 15, 14, 12, 11, 8, 8));
  using other = await inference.posterior.sample(falling, 2000, { seed: 1 });
  const values = Float64Array.from(other.data());
  expect(summarizeDraws(growthOf(values), "1/year").mean).toBeLessThan(-0.05);
}, 120_000);

test("counts that do not fit their times are refused", async () => {
  await expect(inferRates({ times: [0, 1], counts: [3, 4, 5] }, { seed: 1 })).rejects.toThrow("got 2 times and 3 counts");
});
