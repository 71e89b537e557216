import { expect, test } from "vitest";
import { measurement, sbi } from "./index.ts";
import type { Score } from "./score.ts";

const result: Score = {
  seconds: { simulate: 1, train: 20, sample: 2 },
  trainCpuSeconds: 38,
  c2st: [0.54, 0.53, 0.55],
  heldOutLogProb: { mean: 0.5, standardError: 0.02 },
  leakage: 0,
  outsideSimulations: [],
  epochs: [20, 30],
  weightDecay: 0.3,
};
const run = { simulations: 10_000, threads: 2, observations: [1, 2, 3] };

test("the ratio sets simulation, training and draws against the training of the peer alone", () => {
  const { seconds, peer, bar } = measurement("gaussian_linear", result, run);
  expect(seconds.median).toBe(23);
  expect(peer?.seconds?.median).toBe(29);
  expect(bar).toBe(5);
});

test("an accuracy bar is met within its slack and missed beyond it", () => {
  const figures = (score: Score) => measurement("gaussian_linear", score, run).figures!;
  // sbi: mean C2ST 0.5413, held-out log q 0.463.
  expect(figures(result)).toMatchObject({ barC2st: "met", barLogProb: "met", bestHeldOutLogProb: 0.789 });
  expect(figures({ ...result, c2st: [0.56, 0.55, 0.55] })).toMatchObject({ barC2st: "missed" });
  expect(figures({ ...result, heldOutLogProb: { mean: 0.44, standardError: 0.02 } })).toMatchObject({ barLogProb: "missed" });
});

test("with another number of simulations there is no peer and no bar", () => {
  const { peer, bar, figures } = measurement("slcp", result, { ...run, simulations: 2000 });
  expect(peer?.seconds).toBeUndefined();
  expect(bar).toBeUndefined();
  expect(figures).not.toHaveProperty("barLogProb");
});

test("the folder of the observations must be named, and options must be what they are", async () => {
  const options = { tasks: "slcp", simulations: "100", observations: "1", seed: "1", flow: "{}", training: "{}" };
  const refusal = (given: Record<string, string>) => expect(sbi.run({ ...options, ...given }, () => {})).rejects;
  await refusal({}).toThrow("--data must name the folder");
  await refusal({ data: "there/is/none" }).toThrow("there is no there/is/none/slcp/num_observation_1/");
  await refusal({ data: "x", simulations: "many" }).toThrow('--simulations must be a positive whole number, got "many"');
  await refusal({ data: "x", training: "{" }).toThrow("--training must be a JSON object");
  await refusal({ data: "x", tasks: "moons" }).toThrow("--tasks must be some of two_moons, slcp");
});
