import { log, type Tensor, where } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { couplingSpline } from "../flow/index.ts";
import { fitVariational } from "./fit-variational.ts";
import { column, gaussianTarget, targetOf } from "./test/targets.ts";

const { target } = gaussianTarget([1, 2], 0.5);
const quadratic = (u: Tensor): Tensor => u.square().sum(1).mul(-0.5);

describe("a target that has no answer", () => {
  it.each(["mean-field", "full-rank", { kind: "low-rank", rank: 1 }] as const)(
    "is refused by %s with the coordinate that the density is improper along",
    async (family) => {
      const flat = targetOf(3, (u) => column(u, 0).square().add(column(u, 2).square()).mul(-0.5));
      await expect(fitVariational(flat, { family, seed: 1 })).rejects.toThrow(
        /the ELBO grows without bound along u\[2\], whose sd has come to .*: the density is improper there; give that parameter a proper prior, or data/,
      );
    },
  );

  it("is refused where the tails are too heavy to have mass", async () => {
    // (1 + u^2)^(-1/4)
    const heavy = targetOf(1, (u) => u.square().log1p().sum(1).mul(-0.25));
    await expect(fitVariational(heavy, { family: "mean-field", seed: 1 })).rejects.toThrow(/grows without bound along u\[1\]/);
  });

  it("is refused where the log density is NaN everywhere, or at a part of the draws, with a point", async () => {
    await expect(
      fitVariational(
        targetOf(2, (u) => quadratic(u).mul(Number.NaN)),
        { family: "mean-field", seed: 1 },
      ),
    ).rejects.toThrow(
      /the log density is finite at 0 of 160 points proposed to start from, 8 are needed. It is NaN at u\[1\] = .*, u\[2\] = /,
    );
    const half = targetOf(2, (u) => quadratic(u).add(where(column(u, 0).abs().greater(1.5), quadratic(u).mul(Number.NaN), 0)));
    const base = {
      mean: [0, 0],
      covariance: [
        [1, 0],
        [0, 1],
      ],
    };
    await expect(fitVariational(half, { family: "full-rank", seed: 1, base })).rejects.toThrow(/log density/);
  });

  it("is warned of where few draws have no density", async () => {
    // Gamma(9, 10) on u > 0, where log is NaN below: the normal puts a thousandth of its draws there.
    const edge = targetOf(1, (u) => log(u).mul(8).sub(u.mul(10)).sum(1), 1);
    const base = { mean: [0.9], covariance: [[0.01]] };
    const fit = await fitVariational(edge, { family: "mean-field", seed: 1, evaluationDraws: 20_000, base });
    expect(fit.warnings.join()).toMatch(
      /the log density is no number at \d+ of 20000 draws from the fit, for one at u\[1\] = -0\.\d+; they are left out/,
    );
    // log Gamma(9) - 9 log 10
    const logEvidence = Math.log(40_320) - 9 * Math.log(10);
    expect(fit.elbo.value).toBeLessThan(logEvidence);
    expect(fit.elbo.value).toBeGreaterThan(logEvidence - 0.1);
  });
});

describe("options that make no sense", () => {
  it.each([
    [{ family: "meanfield" }, 'family must be "mean-field", "full-rank", { kind: "low-rank", rank } or { kind: "flow" }, got meanfield'],
    [{ family: { kind: "low-rank", rank: 3 } }, "rank must be at most the dimension, 2, got 3"],
    [{ family: { kind: "flow", flow: "planar" } }, 'flow must be "affine"'],
    [{ family: { kind: "flow", flow: couplingSpline({ dimension: 3 }) } }, "the flow has dimension 3, the target 2"],
    [{ family: "full-rank", method: "sgd" }, 'method must be "lbfgs", "natural-gradient" or "adam", got sgd'],
    [
      {
        family: { kind: "flow" },
        method: "lbfgs",
        base: {
          mean: [0, 0],
          covariance: [
            [1, 0],
            [0, 1],
          ],
        },
      },
      'method "lbfgs" needs a family whose entropy has a closed form, got flow',
    ],
    [
      { family: { kind: "low-rank", rank: 1 }, method: "natural-gradient" },
      'method "natural-gradient" is for the mean-field and full-rank families, got low-rank',
    ],
    [{ family: "full-rank", draws: 0 }, "draws must be an integer >= 1, got 0"],
    [{ family: "full-rank", draws: 7 }, "draws must be an even integer >= 2, got 7"],
    [{ family: "full-rank", steps: 1.5 }, "steps must be an integer >= 1, got 1.5"],
    [{ family: "full-rank", method: "adam", learningRate: 0 }, "learningRate must be positive and finite, got 0"],
    [{ family: "full-rank", importanceSamples: 5 }, 'importanceSamples and batchSize need method "adam", got "lbfgs"'],
    [{ family: "full-rank", method: "adam", batchSize: 5 }, "batchSize needs a model with data given row by row"],
    [
      { family: "full-rank", base: { mean: [0], covariance: [[1]] } },
      "base: expected a mean of 2 numbers and a covariance [2, 2], got 1 and 1 numbers",
    ],
    [
      {
        family: "full-rank",
        base: {
          mean: [0, 0],
          covariance: [
            [1, 2],
            [2, 1],
          ],
        },
      },
      "base: the covariance must be symmetric positive definite",
    ],
    [{ family: "full-rank", seed: -1 }, "seed must be an integer in [0, 2^32), got -1"],
  ])("are refused: %o", async (options, message) => {
    await expect(fitVariational(target, { seed: 1, ...options } as never)).rejects.toThrow(message);
  });

  it("stops at a signal", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(fitVariational(target, { family: "full-rank", seed: 1, signal })).rejects.toThrow("enough");
  });
});

describe("warnings", () => {
  it("say that a normal misses heavy tails, and that a fit ran out of steps", async () => {
    // Cauchy in two dimensions.
    const cauchy = targetOf(2, (u) => u.square().sum(1).log1p().mul(-1.5));
    const fit = await fitVariational(cauchy, { family: "full-rank", seed: 1 });
    expect(fit.kHat).toBeGreaterThan(0.7);
    expect(fit.warnings.join()).toMatch(/k-hat is .*, above 0.7: the full-rank normal's draws miss a part of the target/);
    const short = await fitVariational(gaussianTarget([1, 50, 3], 0.99).target, {
      family: { kind: "low-rank", rank: 1 },
      seed: 1,
      steps: 1,
    });
    expect(short.converged).toBe(false);
    expect(short.warnings.join()).toMatch(/the fit did not converge in \d+ steps/);
  });
});
