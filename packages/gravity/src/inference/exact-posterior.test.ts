import { linearGaussian } from "@credence/core";
import { array, eye, type NdArray, program, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { meshOperator } from "../forward/mesh-operator.ts";
import { maternPrior } from "../prior/matern-prior.ts";
import { exactPosterior } from "./exact-posterior.ts";
import { type GravityModel, gravityModel } from "./gravity-model.ts";
import { meshFor, stationsOver, surveyOf, wavy } from "./test/survey.ts";

const difference = (got: ArrayLike<number>, want: ArrayLike<number>): number => {
  expect(got.length).toBe(want.length);
  const scale = Array.from(want).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return Array.from(got).reduce((most, v, i) => Math.max(most, Math.abs(v - want[i]!)), 0) / scale;
};

/** The same model through core's linear-Gaussian posterior, with the regional's coefficients as further unknowns. */
async function reference(model: GravityModel) {
  const { prior, operator, regional } = model;
  const dense = program(() => {
    const factor = prior.colour(eye(prior.size, "f64"));
    return { g: operator.dense(), covariance: factor.matmul(factor.T) };
  })();
  const [n, p] = [prior.size, regional?.names.length ?? 0];
  const g = dense.g.data();
  const c = dense.covariance.data();
  const basis = regional?.basis.data();
  const table = Array.from({ length: operator.rows }, (_, i) => [
    ...g.slice(i * n, (i + 1) * n),
    ...(basis ? basis.slice(i * p, (i + 1) * p) : []),
  ]);
  const covariance = Array.from({ length: n + p }, (_, i) =>
    Array.from({ length: n + p }, (_, j) => (i < n && j < n ? c[i * n + j]! : i === j ? regional!.sd ** 2 : 0)),
  );
  const noise = model.noise.shape.length === 1 ? { sd: model.noise } : { covariance: program((l: Tensor) => l.matmul(l.T))(model.noise) };
  return linearGaussian({ operator: table, data: model.data, prior: { covariance }, noise });
}

const correlated = (n: number): NdArray =>
  array(
    Float64Array.from({ length: n * n }, (_, at) => 0.02 ** 2 * Math.exp(-Math.abs(Math.floor(at / n) - (at % n)) / 2)),
    { shape: [n, n] },
  );

describe.each([
  ["independent noise", surveyOf({})],
  ["a plane under it", surveyOf({}, { regional: { order: 1, sd: 3 } })],
  [
    "correlated noise and a constant",
    surveyOf({}, { noiseSd: undefined as never, noiseCovariance: correlated(20), regional: { order: 0, sd: 1 } }),
  ],
])("with %s", (_, model) => {
  test("mean, sd, covariance, evidence and coefficients are those of core's linear-Gaussian posterior", async () => {
    const [posterior, want] = [await exactPosterior(model), await reference(model)];
    const n = model.prior.size;
    expect(difference(posterior.mean.data(), want.mean.data().slice(0, n))).toBeLessThan(1e-8);
    expect(difference(posterior.sd.data(), want.sd.data().slice(0, n))).toBeLessThan(1e-8);
    expect(Math.abs(posterior.logEvidence - want.logEvidence)).toBeLessThan(1e-6);
    if (posterior.regional) {
      expect(difference(posterior.regional.mean, want.mean.data().slice(n))).toBeLessThan(1e-6);
      expect(difference(posterior.regional.sd, want.sd.data().slice(n))).toBeLessThan(1e-6);
    }
    const covariance = await posterior.covariance();
    const [c, w] = [covariance.data(), (await want.covariance()).data()];
    const width = n + (posterior.regional?.names.length ?? 0);
    expect(
      difference(
        c,
        Array.from({ length: n * n }, (_, at) => w[Math.floor(at / n) * width + (at % n)]!),
      ),
    ).toBeLessThan(1e-8);
  });

  test("draws have the posterior's mean, sd and correlation with the data they predict", async () => {
    const posterior = await exactPosterior(model);
    const count = 4000;
    const draws = await posterior.sample(count, { seed: 4 });
    const n = model.prior.size;
    const values = draws.cells.data();
    for (const cell of [0, 17, n - 1]) {
      const column = Array.from({ length: count }, (_, i) => values[i * n + cell]!);
      const mean = column.reduce((a, b) => a + b) / count;
      const sd = Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (count - 1));
      const [wantMean, wantSd] = [posterior.mean.data()[cell]!, posterior.sd.data()[cell]!];
      // Four standard errors, of a mean and of an sd.
      expect(Math.abs(mean - wantMean)).toBeLessThan((4 * wantSd) / Math.sqrt(count));
      expect(Math.abs(sd / wantSd - 1)).toBeLessThan(4 / Math.sqrt(2 * count));
    }
    // Each draw's data are the products with its cells and coefficients.
    const g = program(() => model.operator.dense())().data();
    const [data, c] = [draws.data.data(), draws.regional?.data()];
    const stations = model.operator.rows;
    const p = posterior.regional?.names.length ?? 0;
    for (const i of [0, 19]) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += g[i * n + j]! * values[j]!;
      for (let k = 0; k < p; k++) sum += model.regional!.basis.data()[i * p + k]! * c![k]!;
      expect(data[i]).toBeCloseTo(sum, 9);
    }
    const column = Array.from({ length: count }, (_, i) => data[i * stations]!);
    const mean = column.reduce((a, b) => a + b) / count;
    const sd = Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (count - 1));
    expect(Math.abs(sd / posterior.predicted.sd.data()[0]! - 1)).toBeLessThan(4 / Math.sqrt(2 * count));
  });
});

test("resolution is the derivative of the mean to the truth, and data narrow every cell", async () => {
  const model = surveyOf({}, { regional: { order: 1, sd: 3 } });
  const posterior = await exactPosterior(model);
  const n = model.prior.size;
  const g = program(() => model.operator.dense())().data();
  for (const cell of [7, 42]) {
    const moved = Float64Array.from(model.data.data(), (d, i) => d + 10 * g[i * n + cell]!);
    const shifted = await exactPosterior({ ...model, data: array(moved) });
    expect((shifted.mean.data()[cell]! - posterior.mean.data()[cell]!) / 10).toBeCloseTo(posterior.resolution.data()[cell]!, 8);
  }
  expect(Array.from(posterior.sd.data()).every((sd) => sd > 0 && sd < 150)).toBe(true);
});

test("the flat regional is the limit of a wide one, and a plane added to the data changes nothing but its coefficients", async () => {
  const flat = await exactPosterior(surveyOf({}, { regional: { order: 1 } }));
  const sd = 1e4;
  const wide = await exactPosterior(surveyOf({}, { regional: { order: 1, sd } }));
  expect(difference(flat.mean.data(), wide.mean.data())).toBeLessThan(1e-6);
  expect(difference(flat.sd.data(), wide.sd.data())).toBeLessThan(1e-6);
  // The normal's density at 0 is 1 / (sqrt(2 pi) sd) for each coefficient, in place of 1.
  expect(flat.logEvidence - 3 * Math.log(sd * Math.sqrt(2 * Math.PI))).toBeCloseTo(wide.logEvidence, 4);

  const model = surveyOf({}, { regional: { order: 1 } });
  const basis = model.regional!.basis.data();
  const moved = Float64Array.from(model.data.data(), (d, i) => d + 5 * basis[3 * i]! - 2 * basis[3 * i + 1]!);
  const planed = await exactPosterior({ ...model, data: array(moved) });
  expect(difference(planed.mean.data(), flat.mean.data())).toBeLessThan(1e-8);
  expect(planed.logEvidence).toBeCloseTo(flat.logEvidence, 6);
  expect(planed.regional!.mean[0]! - flat.regional!.mean[0]!).toBeCloseTo(5, 8);
  expect(planed.regional!.mean[1]! - flat.regional!.mean[1]!).toBeCloseTo(-2, 8);
});

test("what is left out is predicted as by a fit without that station", async () => {
  const whole = surveyOf({}, { regional: { order: 1, sd: 3 } });
  const { predicted } = await exactPosterior(whole);
  const mesh = meshFor(3, 4, 5);
  const stations = stationsOver(mesh, 20);
  const but = (values: ArrayLike<number>): Float64Array => Float64Array.from(values).slice(0, 19);
  const others = { eastings: but(stations.eastings), northings: but(stations.northings), upwards: but(stations.upwards) };
  const less = {
    ...whole,
    operator: meshOperator(mesh, others),
    data: array(but(wavy(20).data())),
    noise: array(new Float64Array(19).fill(0.02)),
  };
  // The basis of the whole survey, so that coordinates are scaled alike.
  const basis = whole.regional!.basis.data();
  const fit = await exactPosterior({ ...less, regional: { ...whole.regional!, basis: array(basis.slice(0, 57), { shape: [19, 3] }) } });
  const g = Array.from(program(() => whole.operator.dense())().data()).slice(19 * 60, 20 * 60);
  const last = Array.from(basis).slice(57);
  const mean = g.reduce((sum, v, j) => sum + v * fit.mean.data()[j]!, 0) + last.reduce((sum, b, k) => sum + b * fit.regional!.mean[k]!, 0);
  const draws = await fit.sample(20000, { seed: 1 });
  const [cells, c] = [draws.cells.data(), draws.regional!.data()];
  let square = 0;
  for (let s = 0; s < 20000; s++) {
    let value = -mean;
    for (let j = 0; j < 60; j++) value += g[j]! * cells[s * 60 + j]!;
    for (let k = 0; k < 3; k++) value += last[k]! * c[s * 3 + k]!;
    square += value ** 2 / 20000;
  }
  const want = (whole.data.data()[19]! - mean) / Math.sqrt(square + 0.02 ** 2);
  expect(predicted.leftOut.data()[19]! / want).toBeCloseTo(1, 1);
});

describe("bad input", () => {
  test("readings, noise and shapes that make no sense are refused with the reason", () => {
    const data = Float64Array.from(wavy(20).data());
    expect(() => surveyOf({}, { data: data.map((d, i) => (i === 3 ? Number.NaN : d)) })).toThrow(
      "data must be finite, got NaN at station 3",
    );
    expect(() => surveyOf({}, { data: data.slice(1) })).toThrow("data must have 20 numbers, one for each station, got 19");
    expect(() => surveyOf({}, { noiseSd: 0 })).toThrow(
      "noiseSd must be > 0 mGal, got 0 at station 0: without noise the data are a constraint",
    );
    expect(() => surveyOf({}, { noiseSd: [0.1] })).toThrow("noiseSd must have 20 numbers");
    expect(() => surveyOf({}, { noiseCovariance: correlated(20) })).toThrow("either noiseSd or noiseCovariance");
    const singular = array(new Float64Array(400).fill(1e-4), { shape: [20, 20] });
    expect(() => surveyOf({}, { noiseSd: undefined as never, noiseCovariance: singular })).toThrow("singular in double precision");
    expect(() => surveyOf({}, { noiseSd: undefined as never, noiseCovariance: correlated(19) })).toThrow(
      "must have shape [20, 20], got [19, 19]",
    );
    expect(() => surveyOf({}, { prior: maternPrior(meshFor(1, 2, 2), { range: 10, sd: 1 }) })).toThrow("60 cells, the prior of 4");
    expect(() => surveyOf({}, { regional: { order: 1 }, stations: undefined as never })).toThrow("a regional needs stations");
    expect(() => surveyOf({ stations: 5 }, { regional: { order: 2 } })).toThrow("6 coefficients, got 5 stations");
    expect(() => surveyOf({}, { regional: { order: 3 as never } })).toThrow("order must be 0, 1 or 2, got 3");
    expect(() => surveyOf({}, { regional: { order: 1, sd: 0 } })).toThrow("sd must be > 0 mGal");
  });

  test("a regional that stations on a line cannot tell is refused", async () => {
    const mesh = meshFor(2, 3, 3);
    const line = { eastings: [1, 20, 40, 59], northings: [30, 30, 30, 30], upwards: [2, 2, 2, 2] };
    const model = gravityModel({
      operator: meshOperator(mesh, line),
      data: [1, 2, 3, 4],
      noiseSd: 0.1,
      prior: maternPrior(mesh, { range: 50, sd: 100 }),
      regional: { order: 1 },
      stations: line,
    });
    await expect(exactPosterior(model)).rejects.toThrow("cannot be told at these stations");
  });

  test("one station, and stations in the ground, are taken with a warning", async () => {
    const one = await exactPosterior(surveyOf({ stations: 1 }));
    expect(one.warnings[0]).toMatch("one station");
    expect(Array.from(one.mean.data()).every(Number.isFinite)).toBe(true);
    const mesh = meshFor(3, 4, 5);
    const stations = { ...stationsOver(mesh, 20), upwards: new Float64Array(20).fill(-5) };
    const below = surveyOf({}, { stations, operator: meshOperator(mesh, stations) });
    expect(below.warnings[0]).toMatch("20 of 20 stations lie inside the mesh");
  });
});
