import { array } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import type { Draws } from "../model/draws.ts";
import { Random } from "../simulate/random.ts";
import { divergences } from "./divergences.ts";
import { eBfmi } from "./e-bfmi.ts";
import { samplerWarnings } from "./sampler-warnings.ts";

/** Chains whose draw t of chain c is `at(c, t)`, one number a name. */
function chainsOf(
  names: readonly string[],
  [chains, length]: readonly [number, number],
  at: (chain: number, draw: number) => readonly number[],
  stats: Record<string, (chain: number, draw: number) => number> = {},
): Omit<Draws, "warnings"> {
  const places = Array.from({ length: chains * length }, (_, s) => [Math.floor(s / length), s % length] as const);
  const draws = array(Float64Array.from(places.flatMap(([c, t]) => [...at(c, t)])), { shape: [chains, length, names.length] });
  const flat = (f: (chain: number, draw: number) => number) =>
    array(
      Float64Array.from(places, ([c, t]) => f(c, t)),
      { shape: [chains, length] },
    );
  return {
    names,
    draws,
    unconstrained: draws,
    logDensity: flat(() => 0),
    stats: Object.fromEntries(Object.entries(stats).map(([name, f]) => [name, flat(f)])),
  };
}

const random = new Random(11);
const noise = Float64Array.from({ length: 100_000 }, () => random.normal());
/** Independent normal numbers, by chain, draw and quantity. */
const normal = (c: number, t: number, d = 0) => noise[(c * 20_011 + t * 7 + d) % noise.length]!;

describe("E-BFMI", () => {
  test("is 2 (1 - rho) for energies that follow an autoregression, by chain", () => {
    const length = 20_000;
    const chains = [0, 0.9].map((rho) => {
      let value = 0;
      return Array.from({ length }, () => {
        value = rho * value + Math.sqrt(1 - rho ** 2) * random.normal();
        return value - 400;
      });
    });
    using energy = array(Float64Array.from(chains.flat()), { shape: [2, length] });
    const [free, slow] = eBfmi(energy);
    // Relative standard error about sqrt((1 + rho^2) / (1 - rho^2) / n) = 0.02.
    expect(Math.abs(free! - 2)).toBeLessThan(0.1);
    expect(Math.abs(slow! - 0.2)).toBeLessThan(0.02);
  });

  test("refuses energies of another shape and ones that are not finite", () => {
    using flat = array(new Float64Array(8));
    expect(() => eBfmi(flat)).toThrow("expected energies of shape [chains, draws], got [8]");
    using bad = array(Float64Array.of(1, 2, 3, Infinity, 1, 2, 3, 4), { shape: [2, 4] });
    expect(() => eBfmi(bad)).toThrow("energies must be finite, got Infinity at draw 4 of chain 1");
  });
});

describe("divergences", () => {
  test("are counted by chain and placed along the quantity that they gather at", () => {
    const found = divergences(
      chainsOf(["mu", "log tau"], [2, 500], (c, t) => [normal(c, t), normal(c, t, 1)], {
        diverging: (c, t) => (c === 1 && normal(c, t, 1) < -1 ? 1 : 0),
      }),
    );
    const expected = Array.from({ length: 500 }, (_, t) => normal(1, t, 1)).filter((x) => x < -1);
    expect(found.byChain).toEqual([0, expected.length]);
    expect(found.total).toBe(1000);
    const [first, second] = found.places;
    expect(first!.name).toBe("log tau");
    expect(first!.divergent).toBeLessThan(-1);
    expect(first!.others).toBeGreaterThan(-0.2);
    // All of chain 1's draws below -1 and about 80 of chain 0's: few others are below a divergent one.
    expect(first!.shift).toBeLessThan(-0.8);
    expect(Math.abs(second!.z)).toBeLessThan(4);
  });

  test("are unknown where the sampler does not report them", () => {
    expect(() => divergences(chainsOf(["a"], [2, 10], (c, t) => [normal(c, t)], { energy: () => 0 }))).toThrow(
      'no statistic "diverging"; they have energy',
    );
  });
});

describe("warnings of samplers", () => {
  const names = ["mu", "tau"];
  const good = (c: number, t: number) => [normal(c, t), normal(c, t, 1)];
  const only = (draws: Omit<Draws, "warnings">, options = {}) => {
    const warnings = samplerWarnings(draws, options);
    expect(warnings, warnings.join("\n")).toHaveLength(1);
    return warnings[0]!;
  };

  test("good chains raise none", () => {
    expect(samplerWarnings(chainsOf(names, [4, 500], good, { diverging: () => 0, energy: (c, t) => normal(c, t, 2) }))).toEqual([]);
  });

  test("one chain", () => {
    expect(only(chainsOf(names, [1, 500], good))).toMatch(/There is one chain.*Run at least 4/);
  });

  test("chains at different places name the quantity and its R-hat", () => {
    const warnings = samplerWarnings(chainsOf(names, [4, 500], (c, t) => [normal(c, t), normal(c, t, 1) + (c === 2 ? 3 : 0)]));
    expect(warnings[0]).toMatch(/^Chains disagree: R-hat is above 1.01 for tau \(1\.\d+\)\. Run longer/);
    expect(warnings[1]).toMatch(/^Too few effective draws, below 400, for tau \(\d+\)/);
    expect(warnings).toHaveLength(2);
  });

  test("a thousand chains are judged by some of them, and the stuck one is still found", () => {
    const warnings = samplerWarnings(
      chainsOf(names, [1024, 200], (c, t) => (c === 801 ? [0.3, 0.1] : [normal(c, t) + (c < 512 ? 1 : 0), normal(c, t, 1)])),
    );
    expect(warnings[0]).toMatch(/^Chain 802 of 1024 never moved/);
    expect(warnings[1]).toMatch(/^Chains disagree: R-hat is above 1.01 for mu \(1\.\d+\)/);
    expect(warnings).toHaveLength(2);
  });

  test("divergences name where they are, and what to do", () => {
    const sentence = only(chainsOf(names, [4, 500], good, { diverging: (c, t) => (normal(c, t, 1) < -1.5 ? 1 : 0) }));
    expect(sentence).toMatch(/^\d+ of 2000 transitions diverged, mostly at low tau \(median -1\.\d+, elsewhere .*\): .*non-centred/);
  });

  test("a chain that diverges everywhere and one that never moves are named", () => {
    const warnings = samplerWarnings(
      chainsOf(names, [4, 500], (c, t) => (c === 3 ? [0.3, 0.1] : good(c, t)), { diverging: (c) => (c === 3 ? 1 : 0) }),
    );
    expect(warnings[0]).toMatch(/^Chain 4 of 4 never moved/);
    expect(warnings[1]).toMatch(/^500 of 2000 transitions diverged, all of those of chain 4: .*where the chain started/);
  });

  test("slow energies name the chain", () => {
    const sum = [0, 0, 0, 0];
    const walk = (c: number, t: number) => {
      sum[c]! += normal(c, t, 3);
      return c === 1 ? sum[c]! : normal(c, t, 2);
    };
    expect(only(chainsOf(names, [4, 500], good, { energy: walk }))).toMatch(
      /energy moves too slowly in chain 2 \(E-BFMI 0\.\d\d\), below 0\.3/,
    );
  });

  test("trajectories that reach the largest depth are counted", () => {
    const draws = chainsOf(names, [4, 500], good, { tree_depth: (c, t) => (c === 0 && t < 3 ? 10 : 4) });
    expect(samplerWarnings(draws)).toEqual([]);
    expect(only(draws, { treeDepthMax: 10 })).toMatch(/^3 of 2000 trajectories stopped at the largest depth, 10,/);
  });

  test("draws that are not finite are named, and a quantity that is constant by its nature is not", () => {
    const sentence = only(
      chainsOf(["mu", "big", "one"], [4, 500], (c, t) => [normal(c, t), c === 1 && t === 7 ? Infinity : normal(c, t, 1), 1]),
    );
    expect(sentence).toMatch(/^big: some draws are not finite/);
  });
});
