import { array, type NdArray, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { bernoulliGlm, bernoulliGlmPrecision } from "./bernoulli-glm.ts";
import { gaussianLinear, gaussianMixture } from "./gaussian.ts";
import { lotkaVolterra } from "./lotka-volterra.ts";
import { sir } from "./sir.ts";
import { slcp } from "./slcp.ts";
import { twoMoons } from "./two-moons.ts";

const rows = 20_000;

/** Simulations at one theta, row-major. */
function simulateAt(simulate: (key: Tensor, theta: Tensor) => Tensor, theta: readonly number[], n = rows): ArrayLike<number> {
  const repeated = array(
    Float32Array.from({ length: n * theta.length }, (_, i) => theta[i % theta.length]!),
    { shape: [n, theta.length] },
  );
  const run = program((values: Tensor) => simulate(random.key(11), values));
  return (run(repeated) as NdArray).data();
}

const columnOf = (x: ArrayLike<number>, columns: number, column: number): number[] =>
  Array.from({ length: x.length / columns }, (_, row) => x[row * columns + column]!);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
function variance(values: readonly number[]): number {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
}
/** Five standard errors of a mean over `rows` draws of standard deviation sd: passes by chance but once in a million. */
const fiveSigma = (sd: number): number => (5 * sd) / Math.sqrt(rows);

describe("two moons", () => {
  const theta = [0.3, -0.8];
  const x = simulateAt(twoMoons, theta);
  const u = columnOf(x, 2, 0).map((value) => value + Math.abs(theta[0]! + theta[1]!) * Math.SQRT1_2 - 0.25);
  const v = columnOf(x, 2, 1).map((value) => value - (theta[1]! - theta[0]!) * Math.SQRT1_2);
  const radius = u.map((value, i) => Math.hypot(value, v[i]!));

  test("the crescent has mean radius 0.1 and width 0.01", () => {
    expect(Math.abs(mean(radius) - 0.1)).toBeLessThan(fiveSigma(0.01));
    // The variance of a sample variance of normals is 2 sigma^4 / n.
    expect(Math.abs(variance(radius) / 1e-4 - 1)).toBeLessThan(fiveSigma(Math.SQRT2));
  });

  test("its angles cover the right half circle evenly", () => {
    const angles = u.map((value, i) => Math.atan2(v[i]!, value));
    expect(Math.max(...angles.map(Math.abs))).toBeLessThan(Math.PI / 2 + 1e-3);
    expect(Math.abs(variance(angles) / (Math.PI ** 2 / 12) - 1)).toBeLessThan(fiveSigma(1));
  });

  test("theta and its mirror image give the same crescent", () => {
    const mirrored = simulateAt(twoMoons, [0.8, -0.3]);
    for (let i = 0; i < 100; i++) expect(mirrored[i]).toBeCloseTo(x[i]!, 5);
  });
});

test("slcp draws have the mean, standard deviations and correlation that theta states", () => {
  const [m1, m2, root1, root2, angle] = [0.7, -2.9, -1.2, 0.8, -0.6] as const;
  const x = simulateAt(slcp, [m1, m2, root1, root2, angle]);
  const [sd1, sd2] = [root1 ** 2, root2 ** 2];
  for (const draw of [0, 1, 2, 3]) {
    const first = columnOf(x, 8, 2 * draw).map((value) => (value - m1) / sd1);
    const second = columnOf(x, 8, 2 * draw + 1).map((value) => (value - m2) / sd2);
    expect(Math.abs(mean(first))).toBeLessThan(fiveSigma(1));
    expect(Math.abs(mean(second))).toBeLessThan(fiveSigma(1));
    expect(Math.abs(variance(first) - 1)).toBeLessThan(fiveSigma(Math.SQRT2));
    expect(Math.abs(variance(second) - 1)).toBeLessThan(fiveSigma(Math.SQRT2));
    expect(Math.abs(mean(first.map((value, i) => value * second[i]!)) - Math.tanh(angle))).toBeLessThan(fiveSigma(Math.SQRT2));
  }
});

test("the linear task adds noise of variance 0.1 to each component", () => {
  const x = simulateAt(gaussianLinear, [0.5, -2]);
  expect(Math.abs(mean(columnOf(x, 2, 1)) + 2)).toBeLessThan(fiveSigma(Math.sqrt(0.1)));
  expect(Math.abs(variance(columnOf(x, 2, 0)) / 0.1 - 1)).toBeLessThan(fiveSigma(Math.SQRT2));
});

test("the mixture is wide in half the rows, in both components at once", () => {
  const x = simulateAt(gaussianMixture, [4, -7]);
  const first = columnOf(x, 2, 0).map((value) => value - 4);
  const second = columnOf(x, 2, 1).map((value) => value + 7);
  // E d^2 = (1 + 0.01) / 2, and E d1^2 d2^2 = (1 + 1e-4) / 2, which separate components would make 0.255.
  expect(Math.abs(mean(first.map((d) => d * d)) - 0.505)).toBeLessThan(fiveSigma(1.2));
  expect(Math.abs(mean(first.map((d, i) => (d * second[i]!) ** 2)) - 0.5)).toBeLessThan(fiveSigma(2.1));
});

describe("Bernoulli generalised linear model", () => {
  const times = 100;
  const stimulus = Array.from({ length: times }, (_, t) => Math.sin(t * t));
  const design = Array.from({ length: times }, (_, t) => [1, ...Array.from({ length: 9 }, (_, lag) => stimulus[t - lag] ?? 0)]);

  test("the statistics have the expectation X^T sigmoid(X theta)", () => {
    const theta = [0.4, 1, -0.5, 0.8, 0, 0.3, -1, 0.2, 0.6, -0.2];
    const x = simulateAt(bernoulliGlm(array(design)), theta);
    const rate = design.map((row) => 1 / (1 + Math.exp(-row.reduce((sum, value, j) => sum + value * theta[j]!, 0))));
    for (let j = 0; j < 10; j++) {
      const expected = design.reduce((sum, row, t) => sum + row[j]! * rate[t]!, 0);
      const sd = Math.sqrt(design.reduce((sum, row, t) => sum + row[j]! ** 2 * rate[t]! * (1 - rate[t]!), 0));
      expect(Math.abs(mean(columnOf(x, 10, j)) - expected)).toBeLessThan(fiveSigma(sd));
    }
  });

  test("the precision is that of second differences, and the offset's is 1/2", () => {
    const precision = bernoulliGlmPrecision();
    expect(precision[0]).toEqual([0.5, ...new Array<number>(9).fill(0)]);
    // F^T F at lag 8, the last: column 8 of F is (0, ..., 0, 1 + sqrt(8 / 9)).
    expect(precision[9]![9]).toBeCloseTo((1 + Math.sqrt(8 / 9)) ** 2, 12);
    // Column 0 of F is (1, -2, 1, 0, ...).
    expect(precision[1]![1]).toBeCloseTo(6, 12);
    for (const [i, row] of precision.entries()) for (const [j, value] of row.entries()) expect(value).toBeCloseTo(precision[j]![i]!, 12);
  });
});

describe("epidemic", () => {
  test("starts at nothing and grows as exp((beta - gamma) t) while it is small", () => {
    const n = 4000;
    const [beta, gamma] = [0.5, 0.2];
    const x = simulateAt(sir, [beta, gamma], n);
    expect(Math.max(...columnOf(x, 10, 0))).toBeLessThanOrEqual(1);
    // Expected count of 1,000 people on day 34: 1000 exp(0.3 * 34) / 1e6 = 26.9, less what the loss of susceptible people takes (4 %).
    const expected = 1e-3 * Math.exp((beta - gamma) * 34);
    const counted = mean(columnOf(x, 10, 2));
    expect(counted).toBeLessThan(expected);
    expect(counted).toBeGreaterThan(0.88 * expected);
  });

  test("counts are whole numbers from 0 to 1,000", () => {
    for (const count of Array.from(simulateAt(sir, [0.9, 0.1], 100))) {
      expect(Number.isInteger(count)).toBe(true);
      expect(count).toBeGreaterThanOrEqual(0);
      expect(count).toBeLessThanOrEqual(1000);
    }
  });
});

test("predator and prey keep delta X - gamma log X + beta Y - alpha log Y, but for the noise", () => {
  const [alpha, beta, gamma, delta] = [0.7, 0.05, 0.8, 0.04] as const;
  const x = simulateAt(lotkaVolterra, [alpha, beta, gamma, delta], 2000);
  const level = Array.from({ length: 20 }, (_, column) => Math.exp(mean(columnOf(x, 20, column).map(Math.log))));
  const invariant = (prey: number, predators: number): number =>
    delta * prey - gamma * Math.log(prey) + beta * predators - alpha * Math.log(predators);
  for (let k = 0; k < 10; k++) {
    // The invariant's slope in the logarithms is at most 2 for each.
    expect(Math.abs(invariant(level[k]!, level[10 + k]!) - invariant(30, 1))).toBeLessThan(4 * fiveSigma(0.1) * Math.sqrt(rows / 2000));
  }
  expect(Math.abs(variance(columnOf(x, 20, 3).map(Math.log)) / 0.01 - 1)).toBeLessThan(5 * Math.sqrt(2 / 2000));
});
