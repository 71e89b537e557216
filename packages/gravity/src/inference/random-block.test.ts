import { calibrationDraws, linearGaussian, normal, parameters, sbc, simulate, trainPosterior } from "@credence/core";
import { array, asTensor, matmul, program, random, type Tensor } from "@credence/tensor";
import { expect, test } from "vitest";
import { meshOperator } from "../forward/mesh-operator.ts";
import { prismField } from "../forward/prism.ts";
import { maternPrior } from "../prior/matern-prior.ts";
import { randomBlock } from "./random-block.ts";
import { meshFor, stationsOver, surveyOf } from "./test/survey.ts";

const mesh = meshFor(2, 4, 4);
const stations = stationsOver(mesh, 9);
const block = {
  stations,
  noiseSd: 1e-9,
  contrast: [-300, 300],
  easting: [20, 60],
  northing: [20, 60],
  top: [-30, -5],
  width: [10, 40],
  thickness: [10, 40],
} as const;

test("without noise, data are the gravity of the block; ground adds its own", async () => {
  const { parameters: prior, simulator } = randomBlock(block);
  expect(prior.names).toEqual(["contrast", "easting", "northing", "top", "width", "thickness"]);
  const { theta, x } = await simulate({ parameters: prior, simulator, count: 5, seed: 1, threads: 1 });
  const [t, d] = [theta.data(), x.data()];
  for (const row of [0, 4]) {
    const [contrast, easting, northing, top, width, thickness] = Array.from(t.slice(6 * row, 6 * row + 6)) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const prism = {
      west: easting - width / 2,
      east: easting + width / 2,
      south: northing - width / 2,
      north: northing + width / 2,
      bottom: top - thickness,
      top,
    };
    const station = { easting: stations.eastings[3]!, northing: stations.northings[3]!, upward: stations.upwards[3]! };
    expect(Math.abs(d[9 * row + 3]! - prismField(prism, contrast, station, "down"))).toBeLessThan(1e-7);
  }
  const ground = { operator: meshOperator(mesh, stations), prior: maternPrior(mesh, { range: 40, sd: 500 }) };
  const rough = randomBlock({ ...block, ground });
  const other = await simulate({ ...rough, count: 5, seed: 1, threads: 1 });
  expect(Array.from(other.x.data()).some((value, i) => Math.abs(value - d[i]!) > 0.01)).toBe(true);
});

test("ranges and ground that do not fit are refused", () => {
  expect(() => randomBlock({ ...block, noiseSd: 0 })).toThrow("noiseSd must be > 0 mGal");
  expect(() => randomBlock({ ...block, width: [0, 10] })).toThrow("width must be > 0 m, got [0, 10]");
  const { operator, prior } = surveyOf({});
  expect(() => randomBlock({ ...block, ground: { operator, prior } })).toThrow("ground must be of 9 stations");
});

test("a network trained on random densities of two layers answers as the exact posterior does, for any data, and is calibrated", {
  timeout: 60_000,
}, async () => {
  // Two unknowns, so that the exact answer is at hand: the contrast of each layer.
  const layers = program((g: Tensor) => g.reshape([9, 2, 16]).sum(2))(program(() => meshOperator(mesh, stations).dense())());
  const prior = parameters({ low: { prior: normal(0, 200) }, high: { prior: normal(0, 200) } });
  const sd = 0.3;
  const simulator = {
    kind: "program",
    run: (key: Tensor, theta: Tensor) =>
      matmul(theta.cast("f64"), asTensor(layers).T).add(random.normal(key, [theta.shape[0]!, 9], { dtype: "f64" }).mul(sd)),
  } as const;
  const { theta, x } = await simulate({ parameters: prior, simulator, count: 3000, seed: 1, threads: 1 });
  const posterior = await trainPosterior({
    parameters: prior,
    theta,
    x,
    seed: 2,
    training: { ensembleSize: 1, maxEpochs: 25, weightDecay: 0.03 },
  });
  const held = await simulate({ parameters: prior, simulator, count: 200, seed: 3, threads: 1 });
  const one = array(Float64Array.from(held.x.data().slice(0, 9)));
  const exact = await linearGaussian({ operator: layers, data: one, prior: { sd: 200 }, noise: { sd } });
  const draws = (await posterior.sample(one, 2000, { seed: 4 })).data();
  for (const k of [0, 1]) {
    const column = Array.from({ length: 2000 }, (_, i) => draws[2 * i + k]!);
    const mean = column.reduce((a, b) => a + b) / 2000;
    const spread = Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 2000);
    expect(Math.abs(mean - exact.mean.data()[k]!)).toBeLessThan(0.4 * exact.sd.data()[k]!);
    expect(Math.abs(spread / exact.sd.data()[k]! - 1)).toBeLessThan(0.3);
  }
  const calibration = await calibrationDraws({ parameters: prior, theta: held.theta, x: held.x, posterior, draws: 99, seed: 5 });
  for (const { pValue } of sbc(calibration).parameters) expect(pValue).toBeGreaterThan(0.001);
});
