import { constant, matmul, matrixTranspose, type NdArray, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { summarizeChains } from "../check/index.ts";
import { nuts } from "../mcmc/index.ts";
import { applyCovariance, colour, factoredInverseHessian, logVolume, updateDiagonal } from "./inverse-hessian.ts";
import { pathfinder } from "./pathfinder.ts";
import { gaussianTarget, targetOf } from "./test/targets.ts";

const moments = (draws: NdArray) => {
  const [, n, d] = draws.shape as [number, number, number];
  const values = draws.data();
  const mean = Array.from({ length: d }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[i * d + j]!;
    return sum / n;
  });
  const covariance = mean.map((a, j) =>
    mean.map((b, k) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += (values[i * d + j]! - a) * (values[i * d + k]! - b);
      return sum / n;
    }),
  );
  return { mean, covariance };
};

describe("the factored inverse Hessian", () => {
  it("is that of BFGS: it takes the last change of the gradient to the last step, and has the determinant of its factor", () => {
    const [memory, n, d] = [3, 2, 5];
    const run = program(() => {
      // Changes of a quadratic's gradient, z = A s, so that all pairs are consistent.
      const rough = random.normal(random.key(1), [d, d], { dtype: "f64" });
      const hessian = matmul(rough, matrixTranspose(rough)).add(
        constant(
          Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => Number(i === j))),
          "f64",
        ),
      );
      const steps = random.normal(random.key(2), [memory, n, d], { dtype: "f64" }).mul(constant([[[1]], [[1e-3]], [[1e-7]]], "f64"));
      const changes = matmul(steps, hessian);
      const inverseCurvature = steps.mul(changes).sum(2).pow(-1);
      let alpha = steps.slice([0], [1]).squeeze(0).mul(0).add(1);
      for (let i = 0; i < memory; i++)
        alpha = updateDiagonal(alpha, steps.slice([i], [i + 1]).squeeze(0), changes.slice([i], [i + 1]).squeeze(0));
      const covariance = factoredInverseHessian(alpha, { steps, changes, inverseCurvature });
      const last = (t: Tensor) => t.slice([memory - 1], [memory]).squeeze(0);
      const identity = constant([Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => Number(i === j)))], "f64");
      const factor = colour(covariance, identity.broadcastTo([n, d, d]));
      const dense = matmul(matrixTranspose(factor), factor);
      const product = matmul(last(changes).expandDims(1), dense).squeeze(1);
      return {
        secant: applyCovariance(covariance, last(changes)).sub(last(steps)).abs().max().div(last(steps).abs().max()),
        same: product
          .sub(applyCovariance(covariance, last(changes)))
          .abs()
          .max()
          .div(last(steps).abs().max()),
        diagonal: alpha.min(),
        volume: logVolume(covariance),
        dense,
      };
    });
    const { secant, same, diagonal, volume, dense } = run();
    expect(secant.item()).toBeLessThan(1e-8);
    expect(same.item()).toBeLessThan(1e-8);
    expect(diagonal.item()).toBeGreaterThan(0);
    const values = dense.data();
    [...volume.data()].forEach((value, row) => {
      expect(2 * value).toBeCloseTo(logDeterminant(values.subarray(row * d * d, (row + 1) * d * d), d), 8);
    });
  });
});

/** By elimination. */
function logDeterminant(matrix: ArrayLike<number>, d: number): number {
  const a = Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => matrix[i * d + j]!));
  let log = 0;
  for (let k = 0; k < d; k++) {
    log += Math.log(a[k]![k]!);
    for (let i = k + 1; i < d; i++) for (let j = d - 1; j >= k; j--) a[i]![j]! -= (a[i]![k]! / a[k]![k]!) * a[k]![j]!;
  }
  return log;
}

describe("Pathfinder", () => {
  it("finds mean, covariance and evidence of a normal with scales from 0.1 to 10", async () => {
    const { target, mean, covariance, logEvidence } = gaussianTarget([0.1, 1, 10, 2], 0.7);
    const fit = await pathfinder(target, { seed: 1 });
    expect(fit.paths).toHaveLength(8);
    const best = fit.paths.reduce((a, b) => (a.elbo > b.elbo ? a : b));
    // The quasi-Newton covariance has learned the normal where the descent ends; the ELBO is
    // the best of some hundred estimates with 25 draws.
    expect(Math.abs(best.elbo - logEvidence)).toBeLessThan(0.2);
    expect(fit.kHat).toBeLessThan(0.7);
    expect(fit.warnings).toEqual([]);
    expect(fit.draws.draws.shape).toEqual([1, 1000, 4]);
    const found = moments(fit.draws.draws);
    mean.forEach((m, i) => {
      const sd = Math.sqrt(covariance[i]![i]!);
      // 1,000 stratified draws: Monte Carlo errors of sd / 32 and, for a correlation, 1 / 32.
      expect(Math.abs(found.mean[i]! - m)).toBeLessThan((4.5 * sd) / Math.sqrt(1000));
      covariance[i]!.forEach((c, j) => {
        const other = Math.sqrt(covariance[j]![j]!);
        expect(Math.abs(found.covariance[i]![j]! - c) / sd / other).toBeLessThan(4.5 * Math.sqrt(2 / 1000));
      });
    });
  });

  it("gives starts on a banana, and says that its normals do not cover it", async () => {
    // u1 ~ N(0, 1), u2 | u1 ~ N(u1^2, 0.2^2): evidence 2 pi 0.2.
    const banana = targetOf(2, (u) => {
      const [a, b] = [u.slice([0, 0], [u.shape[0]!, 1]), u.slice([0, 1], [u.shape[0]!, 2])];
      return a.square().add(b.sub(a.square()).div(0.2).square()).mul(-0.5).squeeze(1);
    });
    const fit = await pathfinder(banana, { seed: 2, paths: 12 });
    const logEvidence = Math.log(2 * Math.PI * 0.2);
    for (const { elbo } of fit.paths) expect(elbo).toBeLessThan(logEvidence + 0.1);
    expect(Math.max(...fit.paths.map(({ elbo }) => elbo))).toBeGreaterThan(logEvidence - 2);
    const starts = fit.starts(20);
    expect(starts.shape).toEqual([20, 2]);
    // Starts are draws near the ridge: none of them costs more than a far tail of a chi-square with two degrees would.
    const density = program((u: Tensor) => banana.logDensity(u))(starts);
    for (const value of density.data()) expect(value).toBeGreaterThan(-15);
    expect(fit.kHat > 0.7).toBe(fit.warnings.length === 1);
  });

  it("stops on the way to a mode that does not exist, where a normal fits best", async () => {
    // A funnel: u1 = log tau ~ N(0, 1), u2..u10 ~ N(0, tau^2): the density grows without bound as tau falls.
    const d = 10;
    const funnel = targetOf(d, (u) => {
      const n = u.shape[0]!;
      const logTau = u.slice([0, 0], [n, 1]);
      const rest = u.slice([0, 1], [n, d]);
      return logTau
        .square()
        .squeeze(1)
        .add(rest.div(logTau.exp()).square().sum(1))
        .mul(-0.5)
        .sub(logTau.squeeze(1).mul(d - 1));
    });
    const fit = await pathfinder(funnel, { seed: 3 });
    const best = fit.paths.reduce((a, b) => (a.elbo > b.elbo ? a : b));
    expect(best.best).toBeLessThan(best.steps);
    expect(best.mean[0]).toBeGreaterThan(-4);
    expect(best.elbo).toBeGreaterThan((d / 2) * Math.log(2 * Math.PI) - 10);
  });

  it("gives chains starts from which a short warm-up is enough", async () => {
    const { target, mean } = gaussianTarget([0.1, 1, 10, 2], 0.7);
    const { starts } = await pathfinder(target, { seed: 1 });
    using init = starts(4);
    const chains = await nuts(target, { init, seed: 2, warmup: 150, draws: 300 });
    for (const [d, summary] of summarizeChains(chains).entries()) {
      expect(summary.rHat).toBeLessThan(1.05);
      expect(Math.abs(summary.mean - mean[d]!)).toBeLessThan(4.5 * summary.mcseMean);
    }
  });

  it("gives the same bits for the same seed, with one path and with one draw", async () => {
    const { target } = gaussianTarget([1, 2], 0.5);
    const options = { seed: 7, paths: 1, draws: 1, pathDraws: 30 };
    const [a, b] = await Promise.all([pathfinder(target, options), pathfinder(target, { ...options, threads: 2 })]);
    expect(a.draws.draws.shape).toEqual([1, 1, 2]);
    expect([...a.draws.draws.data()]).toEqual([...b.draws.draws.data()]);
  });

  it("names what is wrong with a target or with options", async () => {
    const options = { seed: 1 };
    await expect(
      pathfinder(
        targetOf(2, (u) => u.sum(1).mul(Number.NaN)),
        options,
      ),
    ).rejects.toThrow(
      /log density is finite at 0 of 160 points proposed to start from, 8 are needed. It is NaN at u\[1\] = .*: check the model/,
    );
    await expect(
      pathfinder(
        targetOf(2, (u) => u),
        options,
      ),
    ).rejects.toThrow("pathfinder: logDensity must give f64 [n] for u [n, 2], got f64 [160, 2] for n = 160");
    await expect(
      pathfinder(
        targetOf(2, (u) => u.square().sum(1).neg()),
        { seed: 1, paths: 0 },
      ),
    ).rejects.toThrow("pathfinder: paths must be an integer >= 1, got 0");
    await expect(
      pathfinder(
        targetOf(2, (u) => u.square().sum(1).neg()),
        { seed: -1 },
      ),
    ).rejects.toThrow("seed must be an integer in [0, 2^32), got -1");
    const fit = await pathfinder(
      targetOf(2, (u) => u.square().sum(1).neg()),
      { seed: 1, draws: 10 },
    );
    expect(() => fit.starts(11)).toThrow("n must be an integer from 1 to the 10 draws, got 11");
  });
});
