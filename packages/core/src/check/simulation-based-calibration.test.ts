import { array, grad, program, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { normal } from "../distribution/index.ts";
import { type Data, type Draws, model, observed, type Target } from "../model/index.ts";
import { Random } from "../simulate/random.ts";
import type { CalibrationDraws } from "./calibration-draws.ts";
import { chainSampler, eachSampler, productSampler } from "./method-samplers.ts";
import { sbc } from "./sbc.ts";
import { sbcVerdict } from "./sbc-verdict.ts";
import { simulateFrom, simulationBasedCalibration } from "./simulation-based-calibration.ts";

/**
 * theta ~ N(0, 1), x ~ N(theta, 1), posterior N(x / 2, 1 / 2), stretched about its mean and moved by `shift` sds; draws follow an
 * autoregression.
 */
function conjugate({ stretch = 1, shift = 0, rho = 0, seed = 1, replicates = 300 } = {}): CalibrationDraws {
  const random = new Random(seed);
  const drawCount = 99;
  const truth = new Float64Array(replicates);
  const drawn = new Float64Array(replicates * drawCount);
  const sd = Math.SQRT1_2;
  for (let r = 0; r < replicates; r++) {
    truth[r] = random.normal();
    const centre = random.normal(truth[r]) / 2 + shift * sd;
    let z = random.normal();
    for (let l = 0; l < drawCount; l++) {
      z = rho * z + Math.sqrt(1 - rho ** 2) * random.normal();
      drawn[r * drawCount + l] = centre + stretch * sd * z;
    }
  }
  return { names: ["theta"], replicates, drawCount, truth, draws: drawn };
}

const verdictOf = (calibration: CalibrationDraws) => sbcVerdict(sbc(calibration), calibration);

describe("verdict of simulation-based calibration", () => {
  test("the exact posterior is calibrated for each of 30 seeds but the one in a hundred that the level allows", () => {
    const passed = Array.from({ length: 30 }, (_, seed) => verdictOf(conjugate({ seed: seed + 1 })).calibrated).filter(Boolean).length;
    // Three or more alarms of 30 at 1 %: probability 0.3 %.
    expect(passed).toBeGreaterThanOrEqual(28);
  });

  test("what is wrong is named, and how much", () => {
    const narrow = verdictOf(conjugate({ stretch: 0.5 }));
    expect(narrow.calibrated).toBe(false);
    expect(narrow.parameters[0]!.verdict).toBe("overconfident");
    // Ratio of sds 2; the median of 300 |z| is known to 1.25 sd / sqrt(300) or 10 %, three of them.
    expect(Math.abs(narrow.parameters[0]!.spread / 2 - 1)).toBeLessThan(0.3);
    expect(narrow.remarks[0]).toMatch(
      /^theta is overconfident: \d\d % of truths lie in the outer tenth .* too small by a factor of about [12]\.\d\./,
    );

    const wide = verdictOf(conjugate({ stretch: 2 }));
    expect(wide.parameters[0]!.verdict).toBe("underconfident");
    expect(wide.remarks[0]).toMatch(/too large by a factor of about [12]\.\d/);

    const moved = verdictOf(conjugate({ shift: 0.6 }));
    expect(moved.parameters[0]!.verdict).toBe("biased");
    expect(moved.remarks[0]).toMatch(/^theta is biased/);
  });

  test("draws that are not independent are told", () => {
    expect(Math.abs(verdictOf(conjugate()).autocorrelation)).toBeLessThan(0.03);
    const { autocorrelation, remarks } = verdictOf(conjugate({ rho: 0.9 }));
    // The bias of an estimated mean is -(1 + rho) / (1 - rho) / L = -0.19 here, of which 0.01 is put back.
    expect(autocorrelation).toBeGreaterThan(0.6);
    expect(remarks.at(-1)).toMatch(/not independent .*thin them more/);
  });
});

/** a, b ~ N(0, 1), y ~ N(a + b, 0.3^2): the posterior of (a, b) is normal with correlation -0.92. */
const posteriorOf = (y: Data | Tensor) => model({ a: normal(0, 1), b: normal(0, 1) }, ({ a, b }) => observed(normal(a.add(b), 0.3), y));
const simulate = simulateFrom(posteriorOf([0]));
const names = ["a", "b"];

/** Mean and precision of n rows whose log density is quadratic: -H and -H^-1 g, from gradients at 0 and at unit vectors. */
function quadratic(target: Target, n: number) {
  const d = target.dimension;
  const gradient = program((u: Tensor) => grad((v: Tensor) => target.logDensity(v).sum())(u));
  const at = (place: number) =>
    gradient(
      array(
        Float64Array.from({ length: n * d }, (_, i) => (i % d === place ? 1 : 0)),
        { shape: [n, d] },
      ),
    ).data();
  const zero = at(-1);
  const columns = Array.from({ length: d }, (_, e) => at(e));
  return (r: number) => ({
    gradient: Array.from({ length: d }, (_, e) => zero[r * d + e]!),
    precision: columns.map((column) => Array.from({ length: d }, (_, e) => zero[r * d + e]! - column[r * d + e]!)),
  });
}

/** Exact draws [count] of one pair, and those of its best factorised normal: the same mean, variances 1 / precision. */
function pairs(
  { gradient: [g, h], precision }: ReturnType<ReturnType<typeof quadratic>>,
  factorised: boolean,
  random: Random,
  count: number,
): number[] {
  const [[p, q], [, s]] = precision as [[number, number], [number, number]];
  const determinant = p * s - q * q;
  const mean = [(s * g! - q * h!) / determinant, (p * h! - q * g!) / determinant] as const;
  return Array.from({ length: count }, () => {
    const [z, w] = [random.normal(), random.normal()];
    if (factorised) return [mean[0] + z / Math.sqrt(p), mean[1] + w / Math.sqrt(s)];
    const sd = Math.sqrt(s / determinant);
    return [mean[0] + sd * z, mean[1] - (q / s) * sd * z + w / Math.sqrt(s)];
  }).flat();
}

const asDraws = (values: number[], shape: readonly number[], width: number): Draws => {
  const draws = array(Float64Array.from(values), { shape: [...shape, width] });
  return {
    names: Array.from({ length: width }, (_, i) => `${i}`),
    draws,
    unconstrained: draws,
    logDensity: draws,
    stats: {},
    warnings: [],
  };
};

/** Each chain's own posterior, 200 draws of it. */
const chains = chainSampler(posteriorOf, async (target, { chains, seed }) => {
  const random = new Random(seed);
  const at = quadratic(target, chains);
  return asDraws(Array.from({ length: chains }, (_, r) => pairs(at(r), false, random, 200)).flat(), [chains, 200], 2);
});

const factorised = productSampler(posteriorOf, async (target, { draws, copies, seed }) => {
  const random = new Random(seed);
  const { gradient, precision } = quadratic(target, 1)(0);
  const blocks = Array.from({ length: copies }, (_, r) => {
    const own = <T>(list: readonly T[]) => list.slice(2 * r, 2 * r + 2);
    return pairs({ gradient: own(gradient), precision: own(precision).map(own) }, true, random, draws);
  });
  return asDraws(
    Array.from({ length: draws }, (_, s) => blocks.flatMap((block) => block.slice(2 * s, 2 * s + 2))).flat(),
    [1, draws],
    2 * copies,
  );
});

const each = eachSampler(async (y, { seed }) => {
  const target = posteriorOf(y);
  return asDraws(pairs(quadratic(target, 1)(0), false, new Random(seed), 300), [3, 100], 2);
});

describe("calibration of any method", () => {
  test("exact draws are calibrated: chains side by side, and one data set after the other", async () => {
    for (const [sampler, replicates] of [
      [chains, 200],
      [each, 40],
    ] as const) {
      const { verdict, coverage, calibration } = await simulationBasedCalibration({ names, simulate, sampler, replicates, seed: 5 });
      expect(verdict.remarks).toEqual([`Calibrated: the ranks of all 2 parameters are uniform in ${replicates} replicates.`]);
      expect(calibration.draws.length).toBe(replicates * 99 * 2);
      for (const curve of coverage.parameters) expect(Math.abs(curve.coverage[0]! - 0.5)).toBeLessThan(4 * curve.standardError[0]!);
    }
  });

  test("the best factorised normal is overconfident by the closed form, and is flagged", async () => {
    const { verdict } = await simulationBasedCalibration({ names, simulate, sampler: factorised, replicates: 200, seed: 6 });
    expect(verdict.calibrated).toBe(false);
    // Marginal variance (1 + s) / (2 + s), factorised s / (1 + s), s = 0.09: sds differ by a factor of 2.53. The median of |z| is known to
    // 10 %.
    for (const { verdict: found, spread } of verdict.parameters) {
      expect(found).toBe("overconfident");
      expect(Math.abs(spread / 2.53 - 1)).toBeLessThan(0.3);
    }
  });

  test("a sampler that gives too few draws or other chains, too few replicates, and a model without data are refused", async () => {
    const short = chainSampler(posteriorOf, async (_, { chains }) => asDraws(new Array(chains * 10 * 2).fill(0), [chains, 10], 2));
    await expect(simulationBasedCalibration({ names, simulate, sampler: short, replicates: 20, seed: 1 })).rejects.toThrow(
      "kept 10 draws for each data set; expected at least 99",
    );
    const pooled = chainSampler(posteriorOf, async () => asDraws(new Array(400).fill(0), [1, 200], 2));
    await expect(simulationBasedCalibration({ names, simulate, sampler: pooled, replicates: 20, seed: 1 })).rejects.toThrow(
      "ran 1 chains; expected 20",
    );
    await expect(simulationBasedCalibration({ names, simulate, sampler: each, replicates: 3, seed: 1 })).rejects.toThrow(
      "an integer >= 20, got 3",
    );
    await expect(
      simulationBasedCalibration({
        names: ["a"],
        simulate: simulateFrom(model({ a: normal(0, 1) })),
        sampler: each,
        replicates: 20,
        seed: 1,
      }),
    ).rejects.toThrow("nothing can be predicted");
  });
});
