import { array, cast, type NdArray, nutsScalar, program, random, scan, type Tensor, where } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { monteCarloError } from "../check/monte-carlo-error.ts";
import { quantitiesOf, summarizeChains } from "../check/summarize-chains.ts";
import { kolmogorovSmirnov } from "../check/uniformity.ts";
import { beta, normal, uniform } from "../distribution/index.ts";
import { model } from "../model/index.ts";
import { Random } from "../simulate/random.ts";
import { gradientOf } from "./leapfrog.ts";
import { initNuts, type NutsState, nearEdge, stepNuts } from "./nuts.ts";
import { nuts } from "./run-nuts.ts";
import {
  covariance,
  eightSchools,
  errorsOf,
  expectEightSchools,
  hasReference,
  mean,
  plainTarget,
  tilted,
  twisted,
  twistedMoments,
} from "./test/targets.ts";

describe("NUTS", { timeout: 120_000 }, () => {
  test.each(["diagonal", "dense"] as const)(
    "a correlated normal with scales from 0.1 to 30 is met within 4 Monte Carlo errors, %s mass matrix",
    async (massMatrix) => {
      const result = await nuts(tilted, { seed: 1, warmup: 600, draws: 1000, massMatrix });
      expect(result.draws.shape).toEqual([4, 1000, 3]);
      summarizeChains(result).forEach((s, d) => {
        expect(Math.abs(s.mean - mean[d]!)).toBeLessThan(4 * s.mcseMean);
        expect(Math.abs(s.sd - Math.sqrt(covariance[d]![d]!))).toBeLessThan(4 * s.mcseSd);
      });
      expect(result.warnings).toEqual([]);
      const acceptance = result.stats["acceptance_rate"]!.data() as Float64Array;
      expect(acceptance.reduce((a, b) => a + b) / acceptance.length).toBeGreaterThan(0.7);
      // The log densities are those of the draws.
      using densities = program((u: Tensor) => tilted.logDensity(u))(array(result.unconstrained.data(), { shape: [4000, 3] }));
      expect([...result.logDensity.data().subarray(0, 50)]).toEqual(
        [...densities.data().subarray(0, 50)].map((v) => expect.closeTo(v, 10)),
      );
    },
  );

  test("long runs on a twisted density with two ridges give its moments to a hundredth of a standard deviation", async () => {
    const result = await nuts(twisted, { seed: 2, chains: 64, warmup: 500, draws: 3000 });
    const errors = errorsOf(result, twistedMoments());
    for (const error of errors) expect(error).toBeLessThan(4);
    const [x] = quantitiesOf(result.draws) as [Float64Array[]];
    expect(monteCarloError(x, "mean")).toBeLessThan(0.03); // of sd 1.5: the bounds above are as tight
  });

  test("every trajectory ends at the leaf at which a search through all of its subtrees says so", () => {
    const [chains, dimension, steps, depth] = [8, 3, 600, 5];
    const gradient = gradientOf((u) => u.square().sum(-1).mul(-0.5));
    const metric = array(new Float64Array(dimension).fill(1));
    const walk = program((position: Tensor, scales: Tensor) => {
      const tuning = {
        metric: scales,
        stepSize: position
          .sum(-1)
          .mul(0)
          .add(array([0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.9], { dtype: "f64" })),
        goal: 1e6,
        doublings: depth,
      };
      return scan(
        ({ state, i }: { state: NutsState; i: Tensor }) => {
          const [next, info] = stepNuts(gradient, random.fold(random.key(4), i), state, tuning);
          return [
            { state: next, i: i.add(1) },
            {
              before: nutsScalar(state.rows, "direction"),
              after: nutsScalar(next.rows, "direction"),
              leaf: nutsScalar(state.rows, "leaf"),
              near: nearEdge(state, dimension).momentum,
              made: info.momentum,
              done: info.done,
            },
          ] as const;
        },
        { state: initNuts(gradient, position, tuning), i: cast(0, "i32") },
        undefined,
        { length: steps },
      )[1];
    });
    const out = walk(array(new Float64Array(chains * dimension).fill(0.5), { shape: [chains, dimension] }), metric);
    const at = (x: NdArray, s: number, c: number) => [...x.data().subarray((s * chains + c) * dimension, (s * chains + c + 1) * dimension)];
    const number = (x: NdArray, s: number, c: number) => x.data()[s * chains + c]!;

    /** Stretches [from, to] that may not turn, of the subtree of leaves a ... b: end to end, and from each end to the first leaf of the other half. */
    const merge = (a: number, b: number): [number, number][] => {
      const half = a + (b - a + 1) / 2;
      return [
        [a, b],
        [a, half],
        [half - 1, b],
      ];
    };
    const within = (a: number, b: number): [number, number][] =>
      a === b ? [] : [...merge(a, b), ...within(a, a + (b - a - 1) / 2), ...within(a + (b - a + 1) / 2, b)];
    const lengths: number[] = [];
    for (let c = 0; c < chains; c++) {
      let path: number[][] = [];
      for (let s = 0; s < steps; s++) {
        if (number(out.before, s, c) === 0) continue; // the first step begins the first transition
        const leaf = number(out.leaf, s, c) + 1;
        const flipped = number(out.before, s, c) !== number(out.after, s, c);
        const made = at(out.made, s, c);
        if (leaf === 1) path = [at(out.near, s, c)];
        const doubling = 2 ** Math.floor(Math.log2(leaf));
        path.push(made);
        const turns = ([from, to]: [number, number]): boolean => {
          const sum = made.map((_, d) => path.slice(from, to + 1).reduce((total, p) => total + p[d]!, 0));
          const product = (p: number[]) => p.reduce((total, v, d) => total + v * sum[d]!, 0);
          return product(path[from]!) <= 0 || product(path[to]!) <= 0;
        };
        const last = leaf === 2 * doubling - 1;
        const ends =
          within(doubling, 2 * doubling - 1).some((stretch) => stretch[1] === leaf && turns(stretch)) ||
          (last && (merge(0, leaf).some(turns) || leaf === 2 ** depth - 1));
        expect([c, s, leaf, Boolean(number(out.done, s, c))]).toEqual([c, s, leaf, ends]);
        if (ends) lengths.push(leaf);
        // The next doubling counts its leaves from the edge that is then the far one.
        else if (last && flipped) path.reverse();
      }
    }
    expect(new Set(lengths).size).toBeGreaterThan(8); // trajectories of many lengths were seen
  });

  test("the seed decides every bit, whatever the number of threads", async () => {
    const options = { seed: 5, chains: 6, warmup: 15, draws: 10 };
    const [one, two, other] = await Promise.all([
      nuts(tilted, options),
      nuts(tilted, { ...options, threads: 2 }),
      nuts(tilted, { ...options, seed: 6 }),
    ]);
    expect(two.unconstrained.data()).toEqual(one.unconstrained.data());
    expect(two.stats["energy"]!.data()).toEqual(one.stats["energy"]!.data());
    expect(other.unconstrained.data()).not.toEqual(one.unconstrained.data());
  });

  test("ranks of true values among draws are uniform: 512 data sets of a conjugate normal model, one chain each", async () => {
    // theta ~ N(0, 1), y ~ N(theta, 0.5): each chain has data of its own, all chains are one run.
    const replicates = 512;
    const numbers = new Random(11);
    const theta = Float64Array.from({ length: replicates }, () => numbers.normal(0, 1));
    const y = array(theta.map((t) => numbers.normal(t, 0.5)));
    const target = plainTarget(1, (u) => {
      const t = u.squeeze(-1);
      return normal(0, 1).logProb(t).add(normal(t, 0.5).logProb(y));
    });
    const { draws } = await nuts(target, { seed: 12, chains: replicates, warmup: 150, draws: 99, thin: 3 });
    const [values] = quantitiesOf(draws) as [Float64Array[]];
    const ranks = values.map((chain, c) => (chain.filter((v) => v < theta[c]!).length + numbers.uniform()) / 100);
    expect(kolmogorovSmirnov(Float64Array.from(ranks), (p) => p).pValue).toBeGreaterThan(1e-3);
  });

  test("bounded parameters that crowd at their edges have the moments of the closed forms", async () => {
    // Beta(1/2, 5) has an infinite density at 0; a uniform prior with the likelihood e^(-200 x) leaves an exponential of mean 1/200; 1 - z alike at 1.
    const edges = model({ x: beta(0.5, 5), y: uniform(0, 1), z: uniform(0, 1) }, ({ y, z }) => y.mul(-200).sub(z.neg().add(1).mul(50)));
    const result = await nuts(edges, { seed: 7, chains: 16, warmup: 600, draws: 1500 });
    const [x, y, z] = summarizeChains(result);
    for (const [s, m, sd] of [
      [x!, 1 / 11, Math.sqrt(2.5 / (5.5 ** 2 * 6.5))],
      [y!, 1 / 200, 1 / 200],
      [z!, 1 - 1 / 50, 1 / 50],
    ] as const) {
      expect(Math.abs(s.mean - m)).toBeLessThan(4 * s.mcseMean);
      expect(Math.abs(s.sd - sd)).toBeLessThan(4 * s.mcseSd);
      expect(s.mcseMean).toBeLessThan(0.03 * sd);
    }
    const values = result.draws.data();
    expect(values.every((value) => value > 0 && value < 1)).toBe(true);
  });

  test("one chain, and a chain that is caught where every step diverges, are said in words", async () => {
    const single = await nuts(tilted, { seed: 8, chains: 1, warmup: 100, draws: 100 });
    expect(single.warnings[0]).toMatch(/^There is one chain/);
    // A point of density by itself, 10,000 nats above a normal that has no way to it: whatever the step, it is lost.
    const caught = plainTarget(1, (u) => where(u.equal(40), 1e4, u.square().mul(-0.5)).squeeze(-1));
    const result = await nuts(caught, { seed: 9, init: [[0], [1], [-1], [40]], warmup: 60, draws: 100, treeDepthMax: 4 });
    expect(result.warnings.join(" ")).toMatch(/Chain 4 of 4 never moved/);
    expect(result.warnings.join(" ")).toMatch(/Chains disagree: R-hat is above 1.01 for u\[0\]/);
    expect(result.warnings.some((sentence) => /diverged, all of those of chain 4/.test(sentence))).toBe(true);
  });

  test("starts are refused that have no density or slope, with the name of the coordinate; so are options that make no sense", async () => {
    const positive = plainTarget(2, (u) => u.log().sub(u).sum(-1));
    const ok = { seed: 1, chains: 2, warmup: 10, draws: 10 };
    await expect(
      nuts(positive, {
        ...ok,
        init: [
          [1, 1],
          [1, -2],
        ],
      }),
    ).rejects.toThrow(
      "the log density is NaN at the start of chain 2 (u[0] = 1, u[1] = -2); start inside the support, at points of finite log density",
    );
    await expect(
      nuts(
        plainTarget(1, (u) => u.mul(0).add(-Infinity).squeeze(-1)),
        ok,
      ),
    ).rejects.toThrow(/no point to start from for 2 of 2 chains in 100 draws: the log density is -Infinity .*outside the support/);
    await expect(
      nuts(
        plainTarget(1, (u) => u.sqrt().squeeze(-1)),
        { ...ok, init: [[0], [1]] },
      ),
    ).rejects.toThrow("the derivative of the log density to u[0] is Infinity at the start of chain 1");
    await expect(nuts(tilted, { ...ok, init: [[1, 2, 3]] })).rejects.toThrow(
      "init must have shape [2, 3] (chains, unconstrained coordinates), got [1, 3]",
    );
    await expect(nuts(tilted, { ...ok, chains: 0 })).rejects.toThrow("nuts: chains must be an integer >= 1, got 0");
    await expect(nuts(tilted, { ...ok, targetAcceptance: 1 })).rejects.toThrow("nuts: targetAcceptance must be in (0, 1), got 1");
    await expect(nuts(tilted, { ...ok, treeDepthMax: 0 })).rejects.toThrow("nuts: treeDepthMax must be an integer >= 1, got 0");
    // Half of the line has no density: draws of the start are repeated until they are on the other one.
    const { draws } = await nuts(
      plainTarget(1, (u) => u.log().sub(u).squeeze(-1)),
      ok,
    );
    expect(Math.min(...draws.data())).toBeGreaterThan(0);
  });

  test("no chain starts so low that rounding of the log density decides its steps", async () => {
    // Where u > 0.57 the log density is below -5e14: a chain from there would stay for ever.
    const cliff = plainTarget(1, (u) => u.square().mul(-0.5).sub(u.mul(60).exp()).squeeze(-1));
    const { draws } = await nuts(cliff, { seed: 1, chains: 16, warmup: 200, draws: 200 });
    for (const chain of quantitiesOf(draws)[0]!) expect(Math.max(...chain)).toBeLessThan(0.2);
    await expect(nuts(cliff, { seed: 1, chains: 1, init: [[1]] })).rejects.toThrow(
      "the log density is -1.14e+26 at the start of chain 1 (u[0] = 1), where its rounding alone decides whether a step is accepted",
    );
  });

  test("a signal stops it", async () => {
    const controller = new AbortController();
    const running = nuts(tilted, { seed: 1, draws: 1e6, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 30);
    await expect(running).rejects.toThrow("enough");
  });
});

describe.skipIf(!hasReference)("reference posteriors of posteriordb", { timeout: 120_000 }, () => {
  test("eight schools agree in every mean and sd", async () => {
    const result = await nuts(eightSchools, { seed: 3, draws: 2000, targetAcceptance: 0.95 });
    expect(result.warnings).toEqual([]);
    expectEightSchools(result);
  });
});
