import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { sbc } from "@credence/core";
import { array, program, random, stack, type Tensor } from "@credence/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { haghighatPlate } from "../field/haghighat.ts";
import { lameCylinder } from "../field/lame.ts";
import { engineeringOf } from "../material.ts";
import { type DisplacementModel, displacementModel } from "./displacement-model.ts";
import { problemOf } from "./problem.ts";
import { quadraturePosterior } from "./quadrature-posterior.ts";

const data = resolve(process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data"), "elasticity/haghighat_exact");
const plate = problemOf(haghighatPlate());

// Means, sds and correlation by Galerkin's method with other polynomials (degree 17) and quadrature over (lambda / mu, mu), in NumPy.
const independent = {
  s100_n001: [1.0083058827269527, 0.005832993650879864, 0.4970496221394197, 0.001849000491383136, -0.655269260931456],
  s400grid_n001: [1.0010515616592996, 0.003078416700830006, 0.499126200637207, 0.0010237583768509051, -0.7342903307048367],
};

describe.each(["s100_n001", "s400grid_n001"] as const)("readings %s of the Haghighat plate", (name) => {
  test("give the posterior that an independent calculation gives, to ten digits, and the published one to four", async () => {
    const text = readFileSync(resolve(data, `sensors_${name}.csv`), "utf8");
    const rows = text
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",").map(Number));
    const model = await displacementModel(
      plate,
      rows.map((row) => row.slice(0, 2)),
      { order: 18 },
    );
    const { lambda, mu, correlation, grid, warnings } = await quadraturePosterior(
      model,
      rows.flatMap((row) => row.slice(2)),
      { noise: 0.01 },
    );
    const found = [lambda.mean, lambda.sd, mu.mean, mu.sd, correlation];
    for (const [k, value] of found.entries()) expect(Math.abs(value / independent[name][k]! - 1)).toBeLessThan(1e-8);
    const given = JSON.parse(readFileSync(resolve(data, "posterior.json"), "utf8"))[name];
    const published = [given.mean_lambda, given.sd_lambda, given.mean_mu, given.sd_mu, given.corr];
    for (const [k, value] of found.entries()) expect(Math.abs(value / published[k] - 1)).toBeLessThan(1.2e-4);
    expect(grid.edge).toBeLessThan(1e-14);
    expect(warnings).toEqual([]);
  });
});

describe("a posterior by quadrature", () => {
  let model: DisplacementModel;
  let exact: Float64Array;
  const places = [
    [0.3, 0.4],
    [0.7, 0.8],
    [0.1, 0.6],
    [0.5, 0.9],
  ];
  beforeAll(async () => {
    model = await displacementModel(plate, places, { order: 14 });
    exact = program((x: Tensor) => haghighatPlate().displacement(x, { lambda: 1, mu: 0.5 }))(
      array(places, { dtype: "f64" }),
    ).data() as Float64Array;
  });

  test("is the normal of the Fisher information where the noise is small, with its evidence", async () => {
    const { lambda, mu, correlation, logEvidence, misfit, mode } = await quadraturePosterior(model, exact, { noise: 1e-7 });
    const [ll, lm, mm] = misfit.information;
    const determinant = ll * mm - lm * lm;
    expect(lambda.sd / Math.sqrt(mm / determinant)).toBeCloseTo(1, 5);
    expect(mu.sd / Math.sqrt(ll / determinant)).toBeCloseTo(1, 5);
    expect(correlation).toBeCloseTo(-lm / Math.sqrt(ll * mm), 5);
    expect(Math.abs(lambda.mean - 1) / lambda.sd).toBeLessThan(0.01);
    expect(Math.abs(mode.mu - 0.5) / mu.sd).toBeLessThan(0.2);
    const peak = -8 * Math.log(1e-7 * Math.sqrt(2 * Math.PI)) - misfit.chiSquare / 2;
    expect(logEvidence).toBeCloseTo(peak + Math.log(2 * Math.PI) - 0.5 * Math.log(determinant), 5);
    // Quantiles of a normal.
    expect((lambda.q95 - lambda.q05) / (2 * lambda.sd)).toBeCloseTo(1.6448536, 4);
    expect((lambda.quantile(0.975) - lambda.median) / lambda.sd).toBeCloseTo(1.959964, 4);
  });

  test("takes a prior as a factor", async () => {
    const noise = 0.05;
    const prior = (lambda: Tensor, mu: Tensor): Tensor => lambda.sub(1.1).div(0.05).square().add(mu.sub(0.52).div(0.02).square()).mul(-0.5);
    const flat = await quadraturePosterior(model, exact, { noise, points: 801 });
    const informed = await quadraturePosterior(model, exact, { noise, prior });
    const { lambda, mu, mass } = flat.grid;
    const [first, total] = [0, 1].map((power) =>
      mass.reduce((sum, v, k) => {
        const [l, m] = [lambda[Math.floor(k / mu.length)]!, mu[k % mu.length]!];
        return sum + v * Math.exp(-0.5 * (((l - 1.1) / 0.05) ** 2 + ((m - 0.52) / 0.02) ** 2)) * (power === 0 ? l : 1);
      }, 0),
    ) as [number, number];
    expect(informed.lambda.mean).toBeCloseTo(first / total, 7);
    expect(informed.logEvidence - flat.logEvidence).toBeCloseTo(Math.log(total), 6);
  });

  test("gives draws, and summaries of functions of the material", async () => {
    const posterior = await quadraturePosterior(model, exact, { noise: 0.02 });
    const count = 40_000;
    const draws = posterior.sample(count, { seed: 3 }).draws.data();
    const young = Array.from({ length: count }, (_, s) => engineeringOf({ lambda: draws[2 * s]!, mu: draws[2 * s + 1]! }).young);
    const mean = young.reduce((a, b) => a + b) / count;
    const sd = Math.sqrt(young.reduce((sum, e) => sum + (e - mean) ** 2, 0) / count);
    const exactly = posterior.of((material) => engineeringOf(material).young);
    // Five standard errors of a mean and of an sd of this many draws.
    expect(Math.abs(mean - exactly.mean)).toBeLessThan((5 * exactly.sd) / Math.sqrt(count));
    expect(Math.abs(sd / exactly.sd - 1)).toBeLessThan(5 / Math.sqrt(2 * count) + 0.001);
    const sorted = young.sort((a, b) => a - b);
    expect(Math.abs(sorted[count / 20]! - exactly.q05)).toBeLessThan(0.05 * exactly.sd);
    // A function of lambda alone has steps of the grid's spacing.
    expect(Math.abs(posterior.of(({ lambda }) => lambda).q95 - posterior.lambda.q95)).toBeLessThan(0.05 * posterior.lambda.sd);
  });

  test("is calibrated: ranks of truths among draws are uniform over simulated readings", async () => {
    const [replicates, drawCount, noise] = [150, 99, 0.1];
    const { truth, readings } = program(() => {
      const z = random.normal(random.key(5), [replicates, 2], { dtype: "f64" });
      const l = z.slice([0, 0], [replicates, 1]).squeeze(1).mul(0.1).add(1);
      const m = z.slice([0, 1], [replicates, 2]).squeeze(1).mul(0.03).add(0.5);
      const errors = random.normal(random.key(6), [replicates, exact.length], { dtype: "f64" }).mul(noise);
      return { truth: stack([l, m], 1), readings: model.predict(l, m).reshape([replicates, exact.length]).add(errors) };
    })();
    const prior = (l: Tensor, m: Tensor): Tensor => l.sub(1).div(0.1).square().add(m.sub(0.5).div(0.03).square()).mul(-0.5);
    const rows = readings.data();
    const draws = new Float64Array(replicates * drawCount * 2);
    for (let r = 0; r < replicates; r++) {
      const one = rows.slice(r * exact.length, (r + 1) * exact.length);
      const posterior = await quadraturePosterior(model, one, { noise, prior, points: 61 });
      draws.set(posterior.sample(drawCount, { seed: r }).draws.data(), r * drawCount * 2);
    }
    const { parameters } = sbc({ truth: truth.data() as Float64Array, draws, replicates, drawCount, names: ["lambda", "mu"] });
    // One right posterior in a hundred would fail this, with some other seed.
    for (const { name, pValue } of parameters) expect(pValue, name).toBeGreaterThan(0.005);
  });

  test("says that it is cut off, by bounds or by the incompressible limit", async () => {
    const bounds = { lambda: [0.5, 1], mu: [0.4, 0.6] } as const;
    const cut = await quadraturePosterior(model, exact, { noise: 0.05, bounds });
    expect(cut.warnings).toEqual(["the posterior is cut off by the bounds of lambda and mu: the readings alone leave more open"]);
    expect(cut.lambda.q95).toBeLessThan(1);
    const half = await quadraturePosterior(model, exact, { noise: 0.05, bounds: { mu: [0.5, 10] } });
    expect(half.warnings).toEqual(["the posterior is cut off by the bounds of mu: the readings alone leave more open"]);
    const ring = lameCylinder({ material: { lambda: 40, mu: 0.5 } });
    const wall = [[1.5, 0.2]];
    const stiff = await displacementModel(problemOf(ring), wall, { order: 8 });
    const readings = program((x: Tensor) => ring.displacement(x, { lambda: 40, mu: 0.5 }))(array(wall, { dtype: "f64" })).data();
    const nearly = await quadraturePosterior(stiff, readings, { noise: 0.01, bounds: { lambda: [0, 100], mu: [0.1, 2] } });
    expect(nearly.warnings.join()).toMatch(/reaches Poisson's ratio 0.49, .* nearly incompressible/);
  });

  test("needs readings that tell lambda from mu, or bounds", async () => {
    // On a ring a sensor's two components are one reading: its radial displacement.
    const ring = await displacementModel(problemOf(lameCylinder()), [[1.5, 0]], { order: 6 });
    await expect(quadraturePosterior(ring, [1, 0], { noise: 0.01 })).rejects.toThrow(/cannot tell lambda from mu|do not bound/);
    const bounded = await quadraturePosterior(ring, [1, 0], { noise: 0.01, bounds: { lambda: [0, 3], mu: [0.1, 3] } });
    expect(bounded.lambda.sd).toBeGreaterThan(0.3);
    await expect(quadraturePosterior(ring, [1, 0], { noise: 1e-6, bounds: { lambda: [0, 3], mu: [0.1, 3] } })).rejects.toThrow(
      /a combination of lambda and mu .* a ridge too thin for a grid/,
    );
  });

  test("refuses readings and noise that are none", async () => {
    await expect(quadraturePosterior(model, exact.with(3, Number.NaN), { noise: 0.1 })).rejects.toThrow(
      /component 1 of sensor 1 reads NaN; leave out sensors without a reading/,
    );
    await expect(quadraturePosterior(model, exact, { noise: 0 })).rejects.toThrow(/must be > 0 and finite, got 0; without noise/);
    await expect(quadraturePosterior(model, exact, { noise: [0.1, 0.1, 0.1] })).rejects.toThrow(/one sd, or 2 of the components, or 8/);
    await expect(quadraturePosterior(model, exact.slice(0, 5), { noise: 0.1 })).rejects.toThrow(
      /4 sensors read 8 displacements, 2 each; got 5/,
    );
    await expect(
      quadraturePosterior(
        model,
        exact.map((u) => -u),
        { noise: 0.1 },
      ),
    ).rejects.toThrow(/opposite signs/);
    await expect(quadraturePosterior(model, exact, { noise: 0.1, bounds: { mu: [1, 0] } })).rejects.toThrow(/two ascending stresses/);
    await expect(quadraturePosterior(model, exact, { noise: 0.1, bounds: { lambda: [900, 1000], mu: [0.4, 0.6] } })).rejects.toThrow(
      /no material within the bounds and between the model's Poisson's ratios -0.3 and 0.49/,
    );
  });
});
