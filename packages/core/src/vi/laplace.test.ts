import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { array, matmul, type Tensor } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { bernoulliLogit, halfCauchy, normal, plate } from "../distribution/index.ts";
import { model, observed } from "../model/index.ts";
import { laplaceApproximation } from "./laplace.ts";
import { column, gaussianTarget, targetOf } from "./test/targets.ts";

describe("Laplace's approximation", () => {
  it("is exact for a normal target: mode, covariance, evidence and ELBO", async () => {
    const scales = [0.1, 1, 10, 2];
    const { target, mean, covariance, logEvidence } = gaussianTarget(scales, 0.9);
    const fit = await laplaceApproximation(target, { seed: 1 });
    expect(fit.warnings).toEqual([]);
    expect(Math.abs(fit.logEvidence - logEvidence)).toBeLessThan(1e-11);
    expect(Math.abs(fit.elbo.value - logEvidence)).toBeLessThan(1e-9);
    expect(fit.kHat).toBeLessThan(0.7);
    mean.forEach((m, i) => {
      expect(Math.abs(fit.mode[i]! - m)).toBeLessThan(1e-10 * scales[i]!);
    });
    fit.covariance.data().forEach((c, k) => {
      const [i, j] = [Math.floor(k / 4), k % 4];
      expect(Math.abs(c - covariance[i]![j]!)).toBeLessThan(1e-10 * scales[i]! * scales[j]!);
    });
    const draws = await fit.sample(100, { seed: 2 });
    expect(draws.draws.shape).toEqual([1, 100, 4]);
  });

  it("has the error of Stirling's formula for a gamma density in its logarithm", async () => {
    // u = log x, x ~ Gamma(k, 1): log density k u - e^u, evidence Gamma(k); the normal at u = log k gives Stirling's sqrt(2 pi / k) (k / e)^k.
    const k = 7;
    const target = targetOf(1, (u) => u.mul(k).sub(u.exp()).sum(1), 1);
    const fit = await laplaceApproximation(target, { seed: 1 });
    expect(fit.mode[0]).toBeCloseTo(Math.log(k), 10);
    expect(fit.logEvidence).toBeCloseTo(0.5 * Math.log((2 * Math.PI) / k) + k * (Math.log(k) - 1), 10);
    // log 6! = log 720
    expect(Math.log(720) - fit.logEvidence).toBeCloseTo(1 / (12 * k), 3);
    expect(fit.elbo.value).toBeLessThan(Math.log(720));
  });

  it("takes the higher of two modes", async () => {
    const two = targetOf(1, (u) => {
      const x = column(u, 0);
      const bump = (at: number, height: number) => x.sub(at).square().mul(-8).exp().mul(height);
      return bump(-1, 1).add(bump(1, 3)).log();
    });
    const fit = await laplaceApproximation(two, { seed: 3, starts: 12 });
    expect(fit.mode[0]).toBeCloseTo(1, 3);
  });

  it("names the coordinate along which the density is flat at its mode", async () => {
    const flat = targetOf(3, (u) => column(u, 0).square().add(column(u, 2).square()).mul(-0.5));
    const fit = await laplaceApproximation(flat, { seed: 1 });
    expect(fit.warnings[0]).toMatch(/^the density is improper along u\[2\] \(both ways\)/);
    expect(fit.warnings[1]).toMatch(/the log density is not curved downwards at its mode along u\[2\] \(curvature 0.*\)/);
    expect(fit.logEvidence).toBeNaN();
  });

  it("names the coordinate along which the density has no mode", async () => {
    const y = [28, 8, -3, 7, -1, 1, 18, 12];
    const sigma = [15, 10, 16, 11, 9, 11, 10, 18];
    // Centred: as tau falls to 0 the density of theta around mu grows without bound.
    const eightSchools = model({ mu: normal(0, 5), tau: halfCauchy(5), theta: ({ mu, tau }) => plate(normal(mu!, tau!), 8) }, ({ theta }) =>
      observed(normal(theta, sigma), y),
    );
    await expect(laplaceApproximation(eightSchools, { seed: 1 })).rejects.toThrow(
      /no mode was found: at log tau = -.* the log density still rises with lower log tau/,
    );
    const rising = targetOf(2, (u) => column(u, 1).sub(column(u, 0).square()));
    await expect(laplaceApproximation(rising, { seed: 1 })).rejects.toThrow(
      /no mode was found: at u\[2\] = .* the log density still rises/,
    );
  });

  it("refuses a target that is nowhere finite, and options that make no sense", async () => {
    const nan = targetOf(1, (u) => u.sum(1).mul(Number.NaN));
    await expect(laplaceApproximation(nan, { seed: 1 })).rejects.toThrow("the log density is finite at 0 of 80 points");
    await expect(laplaceApproximation(nan, { seed: 1, starts: 0 })).rejects.toThrow("starts must be an integer >= 1, got 0");
  });
});

const data = process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data");
const credit = resolve(data, "regression/german_credit_numeric.txt");
const reference = resolve(data, "../reference/inference/vi_reference.json");

describe.skipIf(!existsSync(credit) || !existsSync(reference))("the logistic regression of German credit", () => {
  it("has the mode, the sds and the evidence of the reference", async () => {
    const rows = readFileSync(credit, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number));
    const features = rows[0]!.length - 1;
    const columns = Array.from({ length: features }, (_, j) => {
      const values = rows.map((row) => row[j]!);
      const mean = values.reduce((a, b) => a + b) / values.length;
      const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
      return values.map((v) => (v - mean) / sd);
    });
    // Standardised features, a constant last; the second class is a bad risk.
    const x = array(Float64Array.from(rows.flatMap((_, i) => [...columns.map((c) => c[i]!), 1])), { shape: [rows.length, features + 1] });
    const y = Float64Array.from(rows, (row) => Number(row.at(-1) === 2));
    const posterior = model(
      { w: plate(normal(0, 1), features + 1) },
      ({ w }, { x, y }) => observed(bernoulliLogit(matmul(x as Tensor, w)), y),
      { data: { x, y } },
    );
    const expected = JSON.parse(readFileSync(reference, "utf8"))["german_logistic_N(0,1)"];
    const fit = await laplaceApproximation(posterior, { seed: 1 });
    const sd = Array.from({ length: features + 1 }, (_, d) => Math.sqrt(fit.covariance.data()[d * (features + 2)]!));
    const sign = Math.sign(expected.laplace_mean[0] * fit.mode[0]!);
    expected.laplace_mean.forEach((m: number, d: number) => {
      expect(Math.abs(sign * fit.mode[d]! - m)).toBeLessThan(1e-6);
      expect(Math.abs(sd[d]! / expected.laplace_sd[d] - 1)).toBeLessThan(1e-6);
    });
    expect(Math.abs(fit.logEvidence / expected.laplace_logev - 1)).toBeLessThan(1e-6);
    expect(fit.warnings).toEqual([]);
  });
});
