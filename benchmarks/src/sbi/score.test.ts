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
  // E log p(theta | x) = h(x) - h(x | theta) = 1.064 nats, by quadrature; 4,000 simulations come within 0.1, and noise of 10,000 draws is 0.007.
  expect(result.heldOutLogProb.mean).toBeGreaterThan(1.064 - 0.1);
  expect(result.heldOutLogProb.mean).toBeLessThan(1.064 + 0.04);
  expect(result).toMatchObject({ c2st: [], leakage: 0, outsideSimulations: [], weightDecay: 0.03 });
  expect(result.epochs).toHaveLength(1);
}, 60_000);

test("an observation with another number of features than the simulations is refused", async () => {
  const observations = new Map([[1, { x: Float64Array.of(0.5, 0.5), reference: noReference }]]);
  await expect(score(ruler, { ...options, observations })).rejects.toThrow(RangeError);
}, 60_000);
