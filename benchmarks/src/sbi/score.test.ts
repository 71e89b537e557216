import { parameters, uniform } from "@credence/core";
import { random } from "@credence/tensor";
import { expect, test } from "vitest";
import { type Score, score } from "./score.ts";
import type { Task } from "./task.ts";

/** x = theta + N(0, 0.1^2) on the unit interval. */
const ruler: Task = {
  parameters: parameters({ theta: { prior: uniform(0, 1) } }),
  simulate: (key, theta) => theta.add(random.normal(key, theta.shape).mul(0.1)),
};

const options = {
  simulations: 4000,
  seed: 1,
  threads: 1,
  flow: { transforms: 1, hidden: 16, blocks: 1 },
  training: { maxEpochs: 40, ensembleSize: 1, weightDecay: 0.03 },
} as const;
const noReference = { values: new Float64Array(0), rows: 0, columns: 1 };

test("a task is simulated, trained on, and judged by fresh draws", async () => {
  const result: Score = await score(ruler, { ...options, observations: new Map() });
  // The entropy of N(0, 0.1^2) is log(0.1 sqrt(2 pi e)) = -0.884, and the ends of the interval cut some of it off: 0.884 to 0.95 nats.
  expect(result.heldOutLogProb.mean).toBeGreaterThan(0.75);
  expect(result.heldOutLogProb.mean).toBeLessThan(0.97);
  expect(result).toMatchObject({ c2st: [], leakage: 0, outsideSimulations: [], weightDecay: 0.03 });
  expect(result.epochs).toHaveLength(1);
}, 60_000);

test("an observation with another number of features than the simulations is refused", async () => {
  const observations = new Map([[1, { x: Float64Array.of(0.5, 0.5), reference: noReference }]]);
  await expect(score(ruler, { ...options, observations })).rejects.toThrow(RangeError);
}, 60_000);
