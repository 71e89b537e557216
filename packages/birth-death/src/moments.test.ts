import { describe, expect, test } from "vitest";
import type { Rates } from "./model.ts";
import { covariance, mean, stationary, variance } from "./moments.ts";

/**
 * P(N(t) = n | N(0) = i) by uniformisation of the generator truncated at `size` states: an independent route to the law.
 * P = Σ_k Poisson(k; Λt) (I + Q/Λ)^k.
 */
function distribution(initialCount: number, years: number, rates: Rates, size: number): Float64Array {
  const { birthRate, deathRate, immigrationRate } = rates;
  const up = (n: number): number => (n + 1 < size ? birthRate * n + immigrationRate : 0);
  const down = (n: number): number => deathRate * n;
  const uniformRate = (birthRate + deathRate) * size + immigrationRate;
  let power = new Float64Array(size);
  power[initialCount] = 1;
  const sum = new Float64Array(size);
  const mass = uniformRate * years;
  let logWeight = -mass;
  for (let k = 0; k < mass + 12 * Math.sqrt(mass) + 40; k++) {
    const weight = Math.exp(logWeight);
    const next = new Float64Array(size);
    for (let n = 0; n < size; n++) {
      const p = power[n]!;
      sum[n]! += weight * p;
      next[n]! += p * (1 - (up(n) + down(n)) / uniformRate);
      if (n + 1 < size) next[n + 1]! += (p * up(n)) / uniformRate;
      if (n > 0) next[n - 1]! += (p * down(n)) / uniformRate;
    }
    power = next;
    logWeight += Math.log(mass / (k + 1));
  }
  return sum;
}

const cases: readonly Rates[] = [
  { birthRate: 0.2, deathRate: 0.5, immigrationRate: 1.5 },
  { birthRate: 0.3, deathRate: 0.3, immigrationRate: 0.7 },
  { birthRate: 0, deathRate: 0.4, immigrationRate: 2 },
  { birthRate: 0.4, deathRate: 0.1, immigrationRate: 0 },
];

describe.each(cases)("with %o", (rates) => {
  const probability = distribution(6, 2.5, rates, 160);
  const moment = (f: (n: number) => number): number => probability.reduce((sum, p, n) => sum + p * f(n), 0);

  test("mean and variance are those of the generator's exponential", () => {
    const expected = moment((n) => n);
    // Truncation at 160 and the Poisson tail leave less than 1e-9 of these moments.
    expect(mean(6, 2.5, rates)).toBeCloseTo(expected, 8);
    expect(variance(6, 2.5, rates)).toBeCloseTo(
      moment((n) => (n - expected) ** 2),
      7,
    );
  });
});

test("mean and variance are continuous where births balance deaths", () => {
  const balanced = { birthRate: 0.3, deathRate: 0.3, immigrationRate: 1 };
  const nearly = { ...balanced, deathRate: 0.3 - 1e-9 };
  expect(mean(10, 7, nearly)).toBeCloseTo(mean(10, 7, balanced), 6);
  expect(variance(10, 7, nearly)).toBeCloseTo(variance(10, 7, balanced), 5);
});

test("covariance decays or grows with the lag and is symmetric", () => {
  const rates = { birthRate: 0.2, deathRate: 0.5, immigrationRate: 1 };
  expect(covariance(4, 2, 2, rates)).toBe(variance(4, 2, rates));
  expect(covariance(4, 2, 5, rates)).toBeCloseTo(Math.exp(-0.9) * variance(4, 2, rates), 12);
  expect(covariance(4, 5, 2, rates)).toBe(covariance(4, 2, 5, rates));
});

describe("the stationary law", () => {
  test.each([
    { birthRate: 0.2, deathRate: 0.5, immigrationRate: 1.5 },
    { birthRate: 0, deathRate: 0.4, immigrationRate: 2 },
  ])("of %o sums to one, has the stated mean and Fano factor, and is where the process goes", (rates) => {
    const law = stationary(rates);
    const p = Float64Array.from({ length: 200 }, (_, n) => Math.exp(law.logProbability(n)));
    const first = p.reduce((sum, value, n) => sum + value * n, 0);
    const second = p.reduce((sum, value, n) => sum + value * n * n, 0);
    expect(p.reduce((sum, value) => sum + value)).toBeCloseTo(1, 12);
    expect(first).toBeCloseTo(law.mean, 10);
    expect((second - first ** 2) / first).toBeCloseTo(law.fano, 9);
    const late = distribution(3, 60, rates, 60);
    // e^{-60 · 0.3} = 1.5e-8 of the start is left.
    for (let n = 0; n < 12; n++) expect(late[n]).toBeCloseTo(p[n]!, 6);
  });

  test("forgets at the rate by which deaths outpace births", () => {
    expect(stationary({ birthRate: 0.2, deathRate: 0.5, immigrationRate: 1 }).autocorrelation(-2)).toBeCloseTo(Math.exp(-0.6), 14);
  });

  test("without immigration is extinction", () => {
    const law = stationary({ birthRate: 0.2, deathRate: 0.5, immigrationRate: 0 });
    expect([law.logProbability(0), law.logProbability(1)]).toEqual([0, -Infinity]);
  });

  test("is refused where births keep up with deaths", () => {
    expect(() => stationary({ birthRate: 0.5, deathRate: 0.5, immigrationRate: 1 })).toThrow(
      "a stationary law needs birthRate < deathRate, got 0.5 and 0.5",
    );
  });
});
