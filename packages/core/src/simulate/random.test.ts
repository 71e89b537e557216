import { describe, expect, it } from "vitest";
import { philox } from "./philox.ts";
import { Random } from "./random.ts";

describe("philox", () => {
  // Known answers published with Random123.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)("gives the published words for counter %j", (counter, key, expected) => {
    const out = new Uint32Array(4);
    philox(counter, key, out);
    expect([...out]).toEqual(expected);
  });
});

/** Mean and variance of n draws. */
function moments(draw: () => number, n: number): [mean: number, variance: number] {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const x = draw();
    sum += x;
    squares += x * x;
  }
  return [sum / n, squares / n - (sum / n) ** 2];
}

describe("Random", () => {
  it("is a function of seed and stream", () => {
    const take = (seed: number, stream: number) => {
      const random = new Random(seed, stream);
      return Array.from({ length: 9 }, () => random.bits());
    };
    expect(take(3, 7)).toEqual(take(3, 7));
    expect(take(3, 7)).not.toEqual(take(3, 8));
    expect(take(3, 7)).not.toEqual(take(4, 7));
  });

  // The mean of n draws lies within 5 standard errors: a chance of 6e-7 each, with a fixed seed. The variance within 5 of its own, for
  // which the fourth moment of each law is below 9 variances squared.
  const n = 40_000;
  it.each([
    ["uniform", (r: Random) => r.uniform(-1, 3), 1, 16 / 12],
    ["normal", (r: Random) => r.normal(2, 3), 2, 9],
    ["integer", (r: Random) => r.integer(1, 6), 3.5, 35 / 12],
    ["exponential", (r: Random) => r.exponential(2), 0.5, 0.25],
    ["gamma of shape 0.5", (r: Random) => r.gamma(0.5, 2), 0.25, 0.125],
    ["gamma of shape 4", (r: Random) => r.gamma(4, 2), 2, 1],
    ["poisson of mean 0.3", (r: Random) => r.poisson(0.3), 0.3, 0.3],
    ["poisson of mean 4", (r: Random) => r.poisson(4), 4, 4],
    ["poisson of mean 12", (r: Random) => r.poisson(12), 12, 12],
    ["poisson of mean 1000", (r: Random) => r.poisson(1000), 1000, 1000],
  ] as const)("%s has the right mean and variance", (_name, draw, mean, variance) => {
    const random = new Random(20, 1);
    const [m, v] = moments(() => draw(random), n);
    expect(Math.abs(m - mean)).toBeLessThan(5 * Math.sqrt(variance / n));
    expect(Math.abs(v - variance)).toBeLessThan(5 * Math.sqrt(20 / n) * variance);
  });

  it("draws a Poisson of mean 12 with the right probabilities", () => {
    const random = new Random(5, 0);
    const counts = new Map<number, number>();
    for (let i = 0; i < n; i++) {
      const k = random.poisson(12);
      counts.set(k, (counts.get(k) ?? 0) + 1);
    }
    let probability = Math.exp(-12);
    for (let k = 0; k <= 30; k++) {
      const expected = n * probability;
      expect(Math.abs((counts.get(k) ?? 0) - expected)).toBeLessThan(5 * Math.sqrt(expected) + 5);
      probability *= 12 / (k + 1);
    }
  });

  it("refuses impossible arguments by name", () => {
    const random = new Random(1);
    expect(() => new Random(-1)).toThrow("seed must be an integer in [0, 2^53), got -1");
    expect(() => random.gamma(0)).toThrow("shape must be > 0, got 0");
    expect(() => random.poisson(Number.NaN)).toThrow("got NaN");
    expect(() => random.integer(3, 2)).toThrow("got 3 and 2");
  });
});
