import { describe, expect, it } from "vitest";
import { fitVariational } from "./fit-variational.ts";
import { column, gaussianTarget, targetOf } from "./test/targets.ts";

const far = {
  mean: [0.5, 0.5, 0],
  covariance: [
    [0.5, 0, 0],
    [0, 3, 0],
    [0, 0, 2],
  ],
};

describe("flows on a normal target", () => {
  const { target, logEvidence, covariance } = gaussianTarget([1, 2, 0.7], 0.8);

  it("the affine flow finds the log evidence to 1e-6 nat, from a base that knows neither place nor correlations", async () => {
    const fit = await fitVariational(target, { family: { kind: "flow", flow: "affine" }, seed: 1, base: far, learningRate: 0.03 });
    expect(Math.abs(fit.elbo.value - logEvidence)).toBeLessThan(1e-6);
    expect(fit.warnings).toEqual([]);
    // 10,000 draws of the fitted flow.
    fit.covariance.data().forEach((c, k) => {
      expect(Math.abs(c - covariance[Math.floor(k / 3)]![k % 3]!)).toBeLessThan(0.2);
    });
  });

  it.each(["coupling-spline", "masked-autoregressive", "autoregressive-spline"] as const)(
    "the %s flow finds it to 1e-3 nat",
    async (flow) => {
      const fit = await fitVariational(target, { family: { kind: "flow", flow, transforms: 2, hidden: 16 }, seed: 1, steps: 1000 });
      expect(Math.abs(fit.elbo.value - logEvidence)).toBeLessThan(1e-3);
      expect(fit.kHat).toBeLessThan(0.7);
    },
  );
});

describe("a flow on a bent target", () => {
  // u1 ~ N(0, 1), u2 | u1 ~ N(u1^2, 0.5^2).
  const logEvidence = Math.log(2 * Math.PI * 0.5);
  const banana = targetOf(2, (u) => {
    const [a, b] = [column(u, 0), column(u, 1)];
    return a.square().add(b.sub(a.square()).div(0.5).square()).mul(-0.5);
  });

  it("comes nearer to the log evidence than any normal, and never above it", async () => {
    const normal = await fitVariational(banana, { family: "full-rank", seed: 1 });
    const flow = await fitVariational(banana, { family: { kind: "flow" }, seed: 1, steps: 1500 });
    expect(flow.elbo.value).toBeLessThan(logEvidence + 4 * flow.elbo.standardError);
    expect(flow.elbo.value).toBeGreaterThan(logEvidence - 0.05);
    expect(normal.elbo.value).toBeLessThan(logEvidence - 0.3);
    expect(flow.kHat).toBeLessThan(normal.kHat);
  });
});

describe("a flow in one dimension", () => {
  it("finds the evidence of a skewed density by bending the whole line", async () => {
    // u = log x, x ~ Gamma(2, 1): log density 2 u - e^u, evidence Gamma(2) = 1.
    const skewed = targetOf(1, (u) => u.mul(2).sub(u.exp()).sum(1), 1);
    const normal = await fitVariational(skewed, { family: "full-rank", seed: 1 });
    const flow = await fitVariational(skewed, { family: { kind: "flow" }, seed: 1, draws: 128, learningRate: 0.03 });
    expect(normal.elbo.value).toBeLessThan(-0.02);
    expect(flow.elbo.value).toBeLessThan(4 * flow.elbo.standardError);
    expect(flow.elbo.value).toBeGreaterThan(-2e-3);
    expect(flow.kHat).toBeLessThan(0.7);
    // Mean digamma(2), variance trigamma(2), from 10,000 draws.
    expect(Math.abs(flow.mean[0]! - 0.42278433509846713)).toBeLessThan(0.05);
    expect(Math.abs(flow.covariance.item() - 0.6449340668482264)).toBeLessThan(0.05);
  });
});
