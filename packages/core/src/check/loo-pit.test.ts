import { array } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { halfCauchy, normal, plate } from "../distribution/index.ts";
import { nuts } from "../mcmc/index.ts";
import { model, observed, pointwiseOfDraws } from "../model/index.ts";
import { Random } from "../simulate/random.ts";
import { loo } from "./loo.ts";
import { looPit } from "./loo-pit.ts";

/** y_i ~ N(0, sd^2), and a posterior of mu in y_i ~ N(mu, 1) with a datum drawn anew at each draw. */
function setting(sd: number, change: (y: Float64Array) => void = () => {}) {
  const random = new Random(7);
  const [count, draws] = [100, 1000];
  const y = Float64Array.from({ length: count }, () => random.normal(0, sd));
  change(y);
  const mean = y.reduce((sum, value) => sum + value / count, 0);
  const mu = Float64Array.from({ length: draws }, () => random.normal(mean, 0.1));
  const at = (f: (m: number, value: number) => number) =>
    array(
      Float64Array.from({ length: draws * count }, (_, i) => f(mu[Math.floor(i / count)]!, y[i % count]!)),
      { shape: [2, draws / 2, count] },
    );
  return { observed: y, logLikelihood: at((m, value) => -0.5 * (value - m) ** 2), replicated: at((m) => random.normal(m)) };
}

describe("leave-one-out probability integral transform", () => {
  test("is uniform for the right model, and says too narrow, too wide or too low for wrong ones", () => {
    const right = looPit(setting(1));
    expect(right.kolmogorovSmirnov.pValue).toBeGreaterThan(0.01);
    expect(right.remarks).toEqual([]);
    expect(looPit(setting(2)).remarks[0]).toMatch(/^Predictions of single data are too narrow/);
    expect(looPit(setting(0.4)).remarks[0]).toMatch(/^Predictions of single data are too wide/);
    const shifted = setting(1);
    const low = looPit({ ...shifted, observed: shifted.observed.map((value) => value + 1) });
    expect(low.remarks[0]).toMatch(/^Predictions of single data are too low/);
  });

  test("a datum that the others would not have is named", () => {
    const { remarks, values } = looPit(
      setting(1, (y) => {
        y[41] = 6;
      }),
    );
    expect(values[41]).toBeCloseTo(1, 12);
    expect(remarks).toEqual([expect.stringMatching(/^y\[42\] lie where the model/)]);
  });

  test("counts are spread over their steps", () => {
    const zeros = array(new Float64Array(2 * 50 * 80), { shape: [2, 50, 80] });
    expect(looPit({ logLikelihood: zeros, replicated: zeros, observed: new Float64Array(80) }).kolmogorovSmirnov.pValue).toBeGreaterThan(
      0.01,
    );
  });

  test("shapes that do not fit are refused", () => {
    const given = setting(1);
    expect(() => looPit({ ...given, observed: [1, 2] })).toThrow(
      "expected replicated data [2, 500, 100] and 100 observed, got [2, 500, 100] and 2",
    );
  });
});

describe("leave-one-out of a model", () => {
  test("eight schools has the published expected log density, -30.8 with standard error 1.4", { timeout: 60_000 }, async () => {
    const sigma = array([15, 10, 16, 11, 9, 11, 10, 18], { dtype: "f64" });
    const schools = model(
      { mu: normal(0, 5), tau: halfCauchy(5), theta: ({ mu, tau }) => plate(normal(mu, tau), 8) },
      ({ theta }) => observed(normal(theta, sigma), [28, 8, -3, 7, -1, 1, 18, 12]),
      { noncentred: ["theta"] },
    );
    const { elpd, p, pointwise } = loo(await pointwiseOfDraws(schools, await nuts(schools, { seed: 1 })));
    // ArviZ's documentation gives -30.8 and 1.4 with 0.95 effective parameters for 2,000 draws; runs differ by a few hundredths of a nat.
    expect(Math.abs(elpd.estimate + 30.8)).toBeLessThan(0.15);
    expect(Math.abs(elpd.se - 1.4)).toBeLessThan(0.1);
    expect(Math.abs(p.estimate - 0.95)).toBeLessThan(0.15);
    expect(Math.max(...pointwise.kHat)).toBeLessThan(0.7);
  });
});
