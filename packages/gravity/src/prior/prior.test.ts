import { eye, matmul, matrixTranspose, program, signedLogDeterminant, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { meshOf } from "../mesh.ts";
import type { CellPrior } from "./cell-prior.ts";
import { maternPrior } from "./matern-prior.ts";
import { smoothnessPrior } from "./smoothness-prior.ts";
import { depthWeights } from "./weights.ts";

const planes = (n: number, step: number): number[] => Array.from({ length: n + 1 }, (_, i) => i * step);
const regular = meshOf({ eastings: planes(5, 10), northings: planes(4, 12), upwards: planes(3, 8) });
const uneven = meshOf({ eastings: [0, 10, 15, 40], northings: [0, 12, 30], upwards: [-50, -20, -8, 0] });

/** P [n, n] row by row, and what the prior says of it. */
function described(prior: CellPrior) {
  const run = program(() => {
    const unit = eye(prior.size, "f64");
    const factor = prior.colour(unit);
    return {
      factor,
      covariance: matmul(factor, matrixTranspose(factor)),
      transposed: prior.colourTransposed(unit),
      identity: prior.whiten(factor),
      variance: prior.variance(),
      logDeterminant: prior.logDeterminant(),
      determinant: signedLogDeterminant(factor)[1],
    };
  });
  return run();
}

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 0);

describe.each([
  ["equal", regular],
  ["uneven", uneven],
] as const)("priors on %s cells", (_, mesh) => {
  const weights = depthWeights(mesh);
  test.each([
    ["Matern", maternPrior(mesh, { range: 30, sd: 200, weights })],
    ["anisotropic Matern with free ends", maternPrior(mesh, { range: { east: 30, north: 20, up: 10 }, sd: 200, boundary: "free" })],
    ["smoothness", smoothnessPrior(mesh, { length: 20, sd: 100, weights })],
  ])("%s: whitening undoes colouring, the transpose is one, determinant and variances are those of the matrix", (_name, prior) => {
    const d = described(prior);
    const n = prior.size;
    const [factor, transposed, identity, covariance] = [d.factor, d.transposed, d.identity, d.covariance].map((a) => a.data());
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        expect(transposed![i * n + j]).toBeCloseTo(factor![j * n + i]!, 9);
        expect(identity![i * n + j]).toBeCloseTo(i === j ? 1 : 0, 10);
      }
    expect(largest(Array.from(d.variance.data(), (v, i) => v / covariance![i * n + i]! - 1))).toBeLessThan(1e-12);
    expect(d.logDeterminant.item()).toBeCloseTo(d.determinant.item(), 8);
  });

  test("an even boundary gives every cell the sd that was asked for, times its weight", () => {
    const { variance } = described(maternPrior(mesh, { range: 30, sd: 200, weights }));
    expect(largest(Array.from(variance.data(), (v, i) => Math.sqrt(v) / (200 * weights[i]!) - 1))).toBeLessThan(1e-12);
  });

  test("without the even boundary the inverse covariance is the operator itself", () => {
    // Q = D^-1 (I + l^2 K) D^-1 with smoothness: Q 1 in proportion to the volumes where ends are free.
    const prior = smoothnessPrior(mesh, { length: 20, sd: 100, boundary: "free" });
    const run = program(() => {
      const root = prior.whiten(eye(prior.size, "f64"));
      return matmul(matrixTranspose(root), root).sum(1);
    });
    const [z, y, x] = [mesh.upwards, mesh.northings, mesh.eastings].map((p) => Array.from(p.subarray(1), (high, i) => high - p[i]!));
    const volumes = z!.flatMap((dz) => y!.flatMap((dy) => x!.map((dx) => dz * dy * dx)));
    const rows = Array.from(run().data(), (v, i) => v / volumes[i]!);
    expect(largest(rows.map((v) => v / rows[0]! - 1))).toBeLessThan(1e-9);
  });
});

test("far from the ends, correlations of a Matern field of order 2 in 3-D are exponential", () => {
  const n = 24;
  const mesh = meshOf({ eastings: planes(n, 1), northings: planes(n, 1), upwards: planes(n, 1) });
  const prior = maternPrior(mesh, { range: 8, sd: 3 });
  const at = (k: number, j: number, i: number): number => (k * n + j) * n + i;
  const centre = new Float64Array(n ** 3);
  centre[at(12, 12, 12)] = 1;
  const column = program((e: Tensor) => prior.colour(prior.colourTransposed(e.expandDims(1))).squeeze(1))(centre).data();
  for (const distance of [3, 4, 6]) {
    // exp(-2 distance / range); cells average the field, which tells on neighbours: 0.03 from three cells on.
    expect(column[at(12, 12, 12 + distance)]! / 9).toBeCloseTo(Math.exp((-2 * distance) / 8), 1);
    expect(Math.abs(column[at(12 + distance, 12, 12)]! / 9 - Math.exp((-2 * distance) / 8))).toBeLessThan(0.06);
  }
});

test("depth weights grow with depth, of mean square 1", () => {
  const weights = depthWeights(regular);
  expect(weights[0]).toBeGreaterThan(weights.at(-1)!);
  expect(weights[0]! / weights.at(-1)!).toBeCloseTo((20 + 4) / (4 + 4), 12); // depths of the centres 20 and 4 m, offset 4 m, exponent 2
  expect(weights.reduce((sum, w) => sum + w * w, 0) / weights.length).toBeCloseTo(1, 12);
});

test("what is no prior is refused with the reason", () => {
  expect(() => maternPrior(regular, { range: 0, sd: 1 })).toThrow("length must be > 0 and finite, got 0");
  expect(() => maternPrior(regular, { range: 10, sd: -1 })).toThrow("sd must be > 0 and finite, got -1");
  expect(() => maternPrior(regular, { range: 10, sd: 1, alpha: 1.5 })).toThrow("alpha must be above 1.5 in 3 dimensions");
  expect(() => smoothnessPrior(regular, { length: 10, sd: 1, weights: [1] })).toThrow(
    "weights must have 60 numbers, one for each cell, got 1",
  );
  expect(() => smoothnessPrior(regular, { length: 10, sd: 1, weights: new Float64Array(60) })).toThrow("weights must be > 0");
  expect(() => smoothnessPrior(regular, { length: 10, sd: 1, mean: Number.NaN })).toThrow("mean must be finite, got NaN in cell 0");
  expect(() => depthWeights(regular, { upward: -100 })).toThrow("depth + offset must be > 0");
});
