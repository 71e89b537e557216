import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { array, constant, matmul, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { lameOf } from "../material.ts";
import { displacementModel } from "../oracle/displacement-model.ts";
import { calibratePlate } from "./calibrate-plate.ts";
import { cosineBasis, fitDiscrepancy, weightSds } from "./discrepancy.ts";
import { neighbourExcess } from "./plate-likelihood.ts";
import { s235Test, tensionProblem } from "./plate-problem.ts";

const steel = lameOf({ young: 210_000, poisson: 0.3 });
const noise = 4e-4;

/** A grid of readings of a plate of steel that has also been shifted and turned, and has `more` on top. */
async function simulated(more: (x: number, y: number) => readonly [number, number] = () => [0, 0]) {
  const points = Array.from({ length: 40 * 12 }, (_, k) => [1 + 2 * (k % 40), 1 + (18 / 11) * Math.floor(k / 40)]).filter(
    ([x, y]) => Math.hypot(x! - 40, y! - 10) > 4.5,
  );
  const model = await displacementModel(tensionProblem(s235Test), points, { order: 6, ratios: 8, poisson: [0.2, 0.4] });
  const { u, z } = program((l: Tensor, m: Tensor) => ({
    u: model.predict(l, m),
    z: random.normal(random.key(7), [points.length, 2], { dtype: "f64" }),
  }))(array(Float64Array.of(steel.lambda)), array(Float64Array.of(steel.mu)));
  const [exact, error] = [u.data(), z.data()];
  const displacements = points.map(([x, y], i) => {
    const [a, b] = more(x!, y!);
    return [
      exact[2 * i]! + noise * error[2 * i]! + 0.02 - 4e-5 * y! + a,
      exact[2 * i + 1]! + noise * error[2 * i + 1]! - 0.01 + 4e-5 * x! + b,
    ];
  });
  return { points, displacements };
}
const quick = { order: 6, finest: 10, lengthScales: [] };

describe("the discrepancy", () => {
  const basis = cosineBasis(
    [
      [-30, 110],
      [-30, 50],
    ],
    2.5,
  );

  test("in cosines has Matern's covariance within the plate", () => {
    const process = { amplitude: 2, lengthScale: 10, noise: 1 };
    const places = [
      [40, 10],
      [43, 10],
      [40, 18],
      [60, 4],
    ];
    const sds = weightSds(basis, process);
    const found = program((x: Tensor) => {
      const rows = basis.at(x).mul(constant(sds).expandDims(1));
      return matmul(rows.T, rows);
    })(array(places, { dtype: "f64" })).data();
    for (const [i, [x, y]] of places.entries()) {
      const r = (Math.sqrt(3) * Math.hypot(x! - 40, y! - 10)) / 10;
      // What is finer than the finest half wave is missing: 2 % of the variance at this length scale.
      expect(Math.abs(found[i]! / 4 - (1 + r) * Math.exp(-r))).toBeLessThan(0.025);
    }
  });

  test("is found again in residuals that have one", async () => {
    const truth = { amplitude: 3e-4, lengthScale: 15, noise: 4e-4 };
    const n = 1500;
    const sds = weightSds(basis, truth);
    const drawn = program(() => {
      const x = random.uniform(random.key(1), [n, 2], { dtype: "f64" }).mul(constant([80, 20], "f64"));
      const weights = random.normal(random.key(2), [basis.squares.length, 1], { dtype: "f64" }).mul(constant(sds).expandDims(1));
      const residuals = basis
        .at(x)
        .T.matmul(weights)
        .squeeze(1)
        .add(random.normal(random.key(3), [n], { dtype: "f64" }).mul(truth.noise));
      return { points: x, residuals, open: residuals.mul(0).add(1).expandDims(0) };
    })();
    const coarse = cosineBasis(
      [
        [-16, 96],
        [-10, 30],
      ],
      8,
    );
    const found = await fitDiscrepancy({ ...drawn, basis: coarse });
    // An area of 1600 mm^2 holds about ten independent patches of this length scale: amplitude and length scale are known to half of themselves.
    expect(found.noise / truth.noise).toBeCloseTo(1, 1);
    expect(Math.abs(Math.log(found.amplitude / truth.amplitude))).toBeLessThan(0.6);
    expect(Math.abs(Math.log(found.lengthScale / truth.lengthScale))).toBeLessThan(0.7);
    const held = await fitDiscrepancy({ ...drawn, basis: coarse, lengthScale: 15 });
    expect(held.lengthScale).toBe(15);
  });

  test("counts what neighbours share", async () => {
    const points = array(
      Float64Array.from({ length: 200 }, (_, k) => (k % 2 === 0 ? k / 4 : 0)),
      { shape: [100, 2] },
    );
    // On a line with steps of 1/2, of which residuals come in pairs that are alike: one neighbour within 0.6 agrees, the other is independent on average.
    const residuals = Float64Array.from({ length: 200 }, (_, k) => (k % 2 === 0 ? (Math.floor(k / 4) % 2 === 0 ? 1 : -1) : 1));
    const [first, second] = await neighbourExcess(points, residuals, 0.6);
    expect(first).toBeCloseTo((100 - 98) / 100, 12);
    expect(second).toBeCloseTo(198 / 100, 12);
  });
});

describe("calibration of a plate", () => {
  test("finds a simulated steel again, and its wild readings", async () => {
    const data = await simulated();
    data.displacements[100]![0]! += 0.01;
    data.displacements[333]![1]! -= 0.01;
    const { independent, freeScale, withDiscrepancy, clipped, noise: found, motion } = await calibratePlate(data, quick);
    expect([...clipped]).toEqual([100, 333]);
    for (const sd of found) expect(Math.abs(sd / noise - 1)).toBeLessThan(0.15);
    for (const { young, poisson } of [independent, freeScale, withDiscrepancy]) {
      expect(Math.abs(young.mean - 210_000)).toBeLessThan(4 * young.sd);
      expect(Math.abs(poisson.mean - 0.3)).toBeLessThan(4 * poisson.sd);
    }
    expect(withDiscrepancy.young.sd).toBeGreaterThan(0.95 * independent.young.sd);
    // Turned by 4e-5 about the origin; the pin of the model has moved it besides.
    expect(motion[2]).toBeCloseTo(4e-5, 6);
  });

  test("with a discrepancy is less sure, and covers the truth that the formal interval misses", async () => {
    const bend = (x: number, y: number): [number, number] => [1e-3 * Math.sin(x / 14 + 0.5) * (1 + y / 40), 2e-4 * Math.cos(x / 15)];
    const { independent, withDiscrepancy, residuals, discrepancyAt, kept, byLengthScale } = await calibratePlate(await simulated(bend), {
      ...quick,
      lengthScales: [20],
    });
    expect(Math.abs(independent.young.mean - 210_000)).toBeGreaterThan(4 * independent.young.sd);
    expect(withDiscrepancy.young.sd).toBeGreaterThan(3 * independent.young.sd);
    expect(Math.abs(withDiscrepancy.young.mean - 210_000)).toBeLessThan(3 * withDiscrepancy.young.sd);
    expect(withDiscrepancy.posterior.logEvidence).toBeGreaterThan(independent.posterior.logEvidence + 50);
    expect(residuals).toHaveLength(2 * kept.length);
    expect(discrepancyAt).toHaveLength(2 * kept.length);
    expect(byLengthScale.map((row) => row.lengthScale)).toEqual([20]);
  });

  test("of the measured S235 plate agrees with the calibration of the science file, and misses the handbook with and without discrepancy", async () => {
    const folder = resolve(
      process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data"),
      "elasticity/dic_s235_plate_hole",
    );
    const rows = readFileSync(resolve(folder, "20231116_displacements_raw.csv"), "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",").map(Number));
    const data = { points: rows.map((row) => row.slice(0, 2)), displacements: rows.map((row) => row.slice(2)) };
    const { independent, freeScale, withDiscrepancy, inside, kept, noise, discrepancy } = await calibratePlate(data, quick);
    expect([inside.length, kept.length]).toEqual([5021, 4993]);
    expect(Math.abs(independent.young.mean / 220_600 - 1)).toBeLessThan(0.001);
    expect(independent.young.sd).toBeCloseTo(104, -1);
    expect(independent.poisson.mean).toBeCloseTo(0.303, 3);
    expect(independent.poisson.sd).toBeCloseTo(0.002, 4);
    expect(noise.map((sd) => 1e3 * sd)).toEqual([expect.closeTo(0.44, 2), expect.closeTo(0.37, 2)]);
    // A camera of unknown scale takes most of the 5 % back, at the price of Poisson's ratio.
    expect(freeScale.young.mean / 205_400).toBeCloseTo(1, 2);
    expect(freeScale.poisson.mean).toBeCloseTo(0.193, 2);
    // Residuals are correlated over centimetres: the interval is thirty times as wide, moves down, and holds 210 GPa no more than the formal one.
    expect(withDiscrepancy.young.sd).toBeGreaterThan(20 * independent.young.sd);
    expect(discrepancy[0].lengthScale).toBeGreaterThan(20);
    expect(independent.young.quantile(0.025)).toBeGreaterThan(210_000);
    expect(withDiscrepancy.young.quantile(0.975)).toBeLessThan(210_000);
  });

  test("refuses what is no plate", async () => {
    const good = { points: [[1, 1]], displacements: [[0, 0]] };
    await expect(calibratePlate({ ...good, points: [[1, Number.NaN]] })).rejects.toThrow(/points must be finite, got NaN in row 0/);
    await expect(calibratePlate({ ...good, displacements: [] })).rejects.toThrow(/displacements must be \[n, 2\]/);
    await expect(calibratePlate({ ...good, displacements: [...good.displacements, [1, 1]] })).rejects.toThrow(
      /1 points and 2 displacements/,
    );
    await expect(calibratePlate(good)).rejects.toThrow(/1 of 1 points lie in the plate of 80 x 20 mm; check units/);
    await expect(calibratePlate(good, { clip: 0 })).rejects.toThrow(/clip must be > 0/);
    await expect(calibratePlate(good, { test: { ...s235Test, traction: 0 } })).rejects.toThrow(/lie in the plate|without a load/);
    const still = Array.from({ length: 40 }, (_, i) => [2 * i + 0.5, 3]);
    await expect(calibratePlate({ points: still, displacements: still.map(() => [1, 1]) })).rejects.toThrow(/are the same/);
    expect(() => tensionProblem({ ...s235Test, traction: 0 })).toThrow(/without a load/);
  });
});
