import { simulationBasedCalibration } from "@credence/core";
import { asTensor, concat, index, matmul, matrixTranspose, type NdArray, program, random, type Tensor } from "@credence/tensor";
import { expect, test } from "vitest";
import { exactPosterior } from "./exact-posterior.ts";
import type { GravityPosterior } from "./gravity-posterior.ts";
import { lowRankPosterior } from "./low-rank-posterior.ts";
import { surveyOf } from "./test/survey.ts";

const model = surveyOf({}, { regional: { order: 1, sd: 3 } });
const watched = [0, 7, 31, 59];
/** The watched cells of rows [..., cells]. */
const pick = (rows: Tensor): Tensor =>
  concat(
    watched.map((cell) => index(rows, cell, -1).expandDims(-1)),
    -1,
  );
const picked = program((rows: Tensor) => pick(rows));

/** Truths of the watched cells, and data from prior, regional and noise, whose sd is `noise`. */
const simulate = (noise: number) => (key: Tensor, count: number) => {
  const normal = (stage: number, rows: number): Tensor => random.normal(random.fold(key, stage), [rows, count], { dtype: "f64" });
  const cells = model.prior.colour(normal(0, model.prior.size));
  const plane = matmul(asTensor(model.regional!.basis), normal(1, 3).mul(model.regional!.sd));
  const data = model.operator.apply(cells).add(plane).add(normal(2, model.operator.rows).mul(noise));
  return { theta: pick(matrixTranspose(cells)), x: matrixTranspose(data) };
};

const calibrated = (posterior: GravityPosterior, noise: number) =>
  simulationBasedCalibration({
    names: watched.map((cell) => `cell ${cell}`),
    simulate: simulate(noise),
    sampler: {
      sample: (): Promise<NdArray> => Promise.reject(new Error("data sets come together")),
      sampleMany: async (x, count, options) => picked.runAsync([await posterior.sampleFor(x, count, options)]),
    },
    replicates: 400,
    draws: 99,
    seed: 3,
    batch: 100,
  });

test.each([
  ["exact", () => exactPosterior(model)],
  ["low-rank", () => lowRankPosterior(model, { rank: 15, seed: 1 })],
])("the ranks of truths in the %s posterior are uniform", async (_, fit) => {
  const { sbc } = await calibrated(await fit(), 0.02);
  // Four parameters, Bonferroni at 0.01.
  for (const { pValue } of sbc.parameters) expect(pValue).toBeGreaterThan(0.0025);
});

test("they are not where the noise is three times what the model says", async () => {
  const { sbc } = await calibrated(await exactPosterior(model), 0.06);
  expect(Math.min(...sbc.parameters.map(({ pValue }) => pValue))).toBeLessThan(1e-4);
});

test("draws for the data themselves are those of the posterior", async () => {
  const posterior = await exactPosterior(model);
  const data = program((d: Tensor) => d.expandDims(0))(model.data);
  const [a, b] = [await posterior.sampleFor(data, 5, { seed: 2 }), await posterior.sample(5, { seed: 2 })];
  const want = b.cells.data();
  a.data().forEach((value, i) => {
    expect(value).toBeCloseTo(want[i]!, 8);
  });
  await expect(posterior.sampleFor(model.data, 5, { seed: 2 })).rejects.toThrow("other data must be f64 [sets, 20], got f64 [20]");
});
