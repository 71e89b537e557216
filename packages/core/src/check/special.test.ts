import { describe, expect, test } from "vitest";
import { betaCdf, betaQuantile } from "./beta-function.ts";
import { chiSquareTail, logGamma, normalCdf, upperGamma } from "./gamma-function.ts";
import { normalQuantile } from "./normal-quantile.ts";

// Expected values: SciPy 1.17.1 (gammaln, gammaincc, ndtr, ndtri, betainc, betaincinv, chi2.sf).
const close = (value: number, expected: number, relative: number) =>
  expect(Math.abs(value / expected - 1), `${value} against ${expected}`).toBeLessThan(relative);

describe("special functions on the host", () => {
  test("logGamma is right to 1e-13 from 0.1 to 1000", () => {
    close(logGamma(0.1), 2.252712651734206, 1e-13);
    close(logGamma(0.5), 0.5723649429247, 1e-13);
    close(logGamma(30), 71.257038967168, 1e-13);
    close(logGamma(1000.5), 5908.674175848678, 1e-13);
  });

  test("the upper incomplete gamma function is right to 1e-12 on both sides of its maximum", () => {
    close(upperGamma(0.5, 0.1), 0.6547208460185768, 1e-12);
    close(upperGamma(0.5, 8), 6.334248366623988e-5, 1e-12);
    close(upperGamma(3, 2), 0.6766764161830634, 1e-12);
    close(upperGamma(3, 9), 0.006232195106377317, 1e-12);
    close(upperGamma(50, 40), 0.9296649333406051, 1e-12);
    close(upperGamma(500, 550), 0.014614408126295192, 1e-12);
  });

  test("the chi-square tail is right to 1e-12", () => {
    close(chiSquareTail(3.84, 1), 0.05004352124870519, 1e-12);
    close(chiSquareTail(30, 19), 0.05179845889302389, 1e-12);
    close(chiSquareTail(100, 19), 5.355560750435117e-13, 1e-12);
  });

  test("the normal distribution function keeps its relative accuracy in the tail", () => {
    close(normalCdf(-6), 9.865876450376946e-10, 1e-13);
    close(normalCdf(-2), 0.022750131948179195, 1e-13);
    close(normalCdf(-0.1), 0.460172162722971, 1e-13);
    close(normalCdf(1), 0.8413447460685429, 1e-13);
    close(normalCdf(3), 0.9986501019683699, 1e-13);
  });

  test("the normal quantile is right to 1e-15 down to p = 1e-300", () => {
    close(normalQuantile(1e-300), -37.0470962993612, 1e-15);
    close(normalQuantile(1e-5), -4.264890793922825, 1e-15);
    close(normalQuantile(0.01), -2.3263478740408408, 1e-15);
    close(normalQuantile(0.3), -0.5244005127080409, 1e-15);
    close(normalQuantile(0.7), 0.5244005127080407, 1e-15);
    close(normalQuantile(0.9999999), 5.199337582290661, 1e-15);
  });

  test("the incomplete beta function is right to 1e-10", () => {
    close(betaCdf(0.3, 2, 5), 0.5798250000000003, 1e-10);
    close(betaCdf(0.9, 20.5, 3), 0.6059556601565406, 1e-10);
    close(betaCdf(0.5, 0.5, 0.5), 0.5000000000000001, 1e-10);
    close(betaCdf(0.04, 200, 4000), 0.007625089127965324, 1e-10);
  });

  test("the beta quantile inverts it", () => {
    close(betaQuantile(0.1586553, 200, 3800), 0.04655645601131637, 1e-12);
    close(betaQuantile(0.84, 20, 300), 0.0758571815613196, 1e-12);
  });

  test("arguments outside the domain are refused", () => {
    expect(() => upperGamma(-1, 1)).toThrow("got a = -1");
    expect(() => betaCdf(1.5, 1, 1)).toThrow("x = 1.5");
    expect(() => betaQuantile(2, 1, 1)).toThrow("got 2");
    expect(() => normalQuantile(0)).toThrow("got 0");
  });
});
