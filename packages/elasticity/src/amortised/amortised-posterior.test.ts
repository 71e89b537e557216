import { c2st, calibrationDraws, expectedCoverage, sbc } from "@credence/core";
import { array, constant, program, random, type Tensor } from "@credence/tensor";
import { beforeAll, expect, test } from "vitest";
import { type DisplacementModel, displacementModel } from "../oracle/displacement-model.ts";
import { quadraturePosterior } from "../oracle/quadrature-posterior.ts";
import { type AmortisedPosterior, amortisedPosterior } from "./amortised-posterior.ts";
import { pulledSquare, squareLoads } from "./pulled-square.ts";
import { type RandomLoads, randomLoads } from "./random-loads.ts";
import { superposed } from "./superposed.ts";

const noiseSd = 0.03;
const range = { lambda: [0.5, 2], mu: [0.3, 0.8] } as const;
const places = [0.2, 0.5, 0.8].flatMap((x) => [0.3, 0.6, 0.9].map((y) => [x, y]));
let models: readonly DisplacementModel[];
let loads: RandomLoads;
let trained: AmortisedPosterior;

beforeAll(async () => {
  models = await Promise.all(
    squareLoads.map((load) => displacementModel(pulledSquare(load), places, { order: 6, poisson: [0.15, 0.45], ratios: 12 })),
  );
  loads = randomLoads({ models, noiseSd, ...range });
  trained = await amortisedPosterior(loads, { simulations: 16_000, seed: 1 });
}, 120_000);

test("displacements of loads add up", () => {
  const both = superposed(models, [2, -1, 0.5]);
  const [l, m] = [array(Float64Array.of(1.1)), array(Float64Array.of(0.6))];
  const at = (model: DisplacementModel) => program((a: Tensor, b: Tensor) => model.predict(a, b))(l, m).data();
  const parts = models.map(at);
  at(both).forEach((value, k) => expect(value).toBeCloseTo(2 * parts[0]![k]! - parts[1]![k]! + 0.5 * parts[2]![k]!, 12));
});

test("the most likely material of readings without noise is their own", () => {
  const seen = program((theta: Tensor) => {
    const quiet = randomLoads({ models, noiseSd: 1e-9, ...range });
    const { loads: a, readings } = quiet.simulate(random.key(3), theta);
    return loads.summary(readings, a);
  })(
    array(
      [
        [1.7, 0.35],
        [0.6, 0.75],
        [1, 0.5],
      ],
      { dtype: "f64" },
    ),
  ).data();
  for (const [i, [lambda, mu]] of [
    [1.7, 0.35],
    [0.6, 0.75],
    [1, 0.5],
  ].entries()) {
    expect(seen[5 * i]).toBeCloseTo(Math.log(mu!), 6);
    expect(seen[5 * i + 1]).toBeCloseTo(Math.log1p(lambda! / mu!), 6);
  }
});

test("the network's posterior is hard to tell from the exact one, for loads that it has not seen", async () => {
  const accuracies: number[] = [];
  for (const seed of [11, 12, 13]) {
    const { loads: a, readings } = program((theta: Tensor) => loads.simulate(random.key(seed), theta))(
      array([[1.1, 0.5]], { dtype: "f64" }),
    );
    const exact = await quadraturePosterior(superposed(models, a.data() as Float64Array), readings.data() as Float64Array, {
      noise: noiseSd,
      bounds: { lambda: range.lambda, mu: range.mu },
    });
    const draws = await trained.sample(readings.data(), a.data(), 1000, { seed });
    accuracies.push(await c2st(draws, array(Float64Array.from(exact.sample(1000, { seed }).draws.data()), { shape: [1000, 2] }), { seed }));
  }
  // A classifier of 1,000 draws strays by 0.016; the rest is a network of 16,000 simulations.
  expect(accuracies.reduce((sum, value) => sum + value / 3, 0)).toBeLessThan(0.56);
});

test("and is calibrated", async () => {
  const { theta, x } = program(() => {
    const materials = random
      .uniform(random.key(21), [200, 2], { dtype: "f64" })
      .mul(constant([1.5, 0.5], "f64"))
      .add(constant([0.5, 0.3], "f64"));
    const { loads: a, readings } = loads.simulate(random.key(22), materials);
    return { theta: materials, x: loads.summary(readings, a) };
  })();
  const calibration = await calibrationDraws({
    parameters: loads.parameters,
    theta,
    x: array(Float32Array.from(x.data()), { shape: [200, 5] }),
    posterior: trained.posterior,
    draws: 99,
    seed: 4,
  });
  for (const { pValue } of sbc(calibration, { seed: 4 }).parameters) expect(pValue).toBeGreaterThan(0.001);
  const { levels, parameters } = expectedCoverage(calibration);
  const at = levels.findIndex((level) => Math.abs(level - 0.9) < 1e-9);
  // 200 replicates: a standard error of 0.021.
  for (const { coverage } of parameters) expect(Math.abs(coverage[at]! - 0.9)).toBeLessThan(0.08);
});

test.each<[string, () => unknown, string]>([
  ["another number of amplitudes", () => superposed(models, [1]), "3 loads need as many finite amplitudes, got 1"],
  ["no load", () => superposed([], []), "at least one load, got none"],
  ["no noise", () => randomLoads({ models, noiseSd: 0, ...range }), "noiseSd must be > 0, got 0"],
  [
    "materials beyond the models",
    () => randomLoads({ models, noiseSd, ...range, lambda: [0.5, 20] }),
    "and the models hold from 0.15 to 0.45",
  ],
])("refuses %s", (_, attempt, words) => {
  expect(attempt).toThrow(words);
});
