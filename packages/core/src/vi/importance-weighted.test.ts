import { describe, expect, it } from "vitest";
import { fitVariational } from "./fit-variational.ts";
import { type ImportanceWeightedBound, importanceWeightedBound } from "./importance-weighted.ts";
import { column, gaussianTarget, targetOf } from "./test/targets.ts";

describe("the importance-weighted bound", () => {
  it("tightens with every doubling of K, from the ELBO towards the log evidence", async () => {
    const { target, logEvidence } = gaussianTarget([1, 2], 0.8);
    const fit = await fitVariational(target, { family: "mean-field", seed: 1 });
    const bounds: ImportanceWeightedBound[] = [];
    for (const samples of [1, 2, 4, 8, 16, 64, 256])
      bounds.push(await importanceWeightedBound(target, fit, { seed: 2, samples, draws: 2000 }));
    const [first] = bounds;
    expect(Math.abs(first!.value - fit.elbo.value)).toBeLessThan(4 * first!.standardError);
    bounds.slice(1).forEach((bound, i) => {
      expect(bound.value).toBeGreaterThan(bounds[i]!.value);
      expect(bound.value).toBeLessThan(logEvidence + 4 * bound.standardError);
    });
    // Weights of a q that is too narrow have no variance, and the bound tightens slowly: 256 draws leave less than a fifth of the gap.
    expect(logEvidence - bounds.at(-1)!.value).toBeLessThan((logEvidence - first!.value) / 5);
  });

  it("is the log evidence for every K where q is the target", async () => {
    const { target, logEvidence } = gaussianTarget([1, 2], 0.8);
    const fit = await fitVariational(target, { family: "full-rank", seed: 1 });
    for (const samples of [1, 10]) {
      const { value, standardError } = await importanceWeightedBound(target, fit, { seed: 1, samples, draws: 10 });
      expect(Math.abs(value - logEvidence)).toBeLessThan(1e-6);
      expect(standardError).toBeLessThan(1e-6);
    }
  });

  it("is raised by climbing it: a normal trained for K = 10 has a higher L_10, and a lower ELBO, than the one trained for the ELBO", async () => {
    const { target } = gaussianTarget([1, 1], 0.95);
    const plain = await fitVariational(target, { family: "mean-field", seed: 1 });
    const wide = await fitVariational(target, { family: "mean-field", seed: 1, method: "adam", importanceSamples: 10, steps: 3000 });
    const [a, b] = await Promise.all(
      [plain, wide].map((fit) => importanceWeightedBound(target, fit, { seed: 3, samples: 10, draws: 20_000 })),
    );
    expect(b!.value - a!.value).toBeGreaterThan(4 * Math.hypot(a!.standardError, b!.standardError));
    expect(wide.elbo.value).toBeLessThan(plain.elbo.value);
    // It covers more of the target: variances between those of the ELBO, 1 - rho^2, and the marginal ones.
    expect(wide.covariance.data()[0]).toBeGreaterThan(plain.covariance.data()[0]! * 1.2);
    expect(wide.covariance.data()[0]).toBeLessThan(1.5);
  });

  it("refuses counts that make no sense, and a target that is not finite", async () => {
    const { target } = gaussianTarget([1, 2], 0.8);
    const fit = await fitVariational(target, { family: "full-rank", seed: 1 });
    await expect(importanceWeightedBound(target, fit, { seed: 1, samples: 0 })).rejects.toThrow("samples must be an integer >= 1, got 0");
    await expect(importanceWeightedBound(target, fit, { seed: 1, samples: 2, draws: 1 })).rejects.toThrow(
      "draws must be an integer >= 2, got 1",
    );
    const nan = targetOf(2, (u) => column(u, 0).mul(Number.NaN));
    await expect(importanceWeightedBound(nan, fit, { seed: 1, samples: 2 })).rejects.toThrow("the bound is NaN");
  });
});
