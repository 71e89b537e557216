import { array, cumsum, grad, index, matmul, type NdArray, program, random, stack, sum, type Tensor, take } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import {
  bernoulliLogit,
  beta,
  exponential,
  flat,
  gamma,
  gradientOfTarget,
  halfCauchy,
  halfNormal,
  lkjCholesky,
  type Model,
  mixture,
  model,
  multivariateNormal,
  normal,
  nuts,
  observed,
  plate,
  poisson,
  type Target,
  type Values,
} from "../index.ts";

const y = [28, 8, -3, 7, -1, 1, 18, 12];
const sigma = [15, 10, 16, 11, 9, 11, 10, 18];
const eightSchools = (noncentred: readonly "theta"[]) =>
  model(
    { mu: normal(0, 5), tau: halfCauchy(5), theta: ({ mu, tau }) => plate(normal(mu, tau), 8) },
    ({ theta }) => observed(normal(theta, sigma), y),
    { noncentred },
  );

const logNormalPdf = (x: number, mean: number, sd: number) => -0.5 * ((x - mean) / sd) ** 2 - Math.log(sd * Math.sqrt(2 * Math.PI));

/** The log density of eight schools at (mu, tau, theta), by hand, with the log derivative of tau = e^u. */
function byHand(mu: number, tau: number, theta: readonly number[]): number {
  const prior = logNormalPdf(mu, 0, 5) + Math.log(2 / (Math.PI * 5 * (1 + (tau / 5) ** 2))) + Math.log(tau);
  return theta.reduce((total, t, j) => total + logNormalPdf(t, mu, tau) + logNormalPdf(y[j]!, t, sigma[j]!), prior);
}

const points = (target: Target, n: number, seed = 1): NdArray => program(() => target.initial(random.key(seed), n))();
const rowsOf = (a: NdArray): number[][] => a.tolist() as number[][];

describe("eight schools", () => {
  const centred = eightSchools([]);
  const noncentred = eightSchools(["theta"]);

  test("quantities and coordinates are named", () => {
    expect([centred.dimension, centred.names.slice(0, 4)]).toEqual([10, ["mu", "tau", "theta[0]", "theta[1]"]]);
    expect(centred.coordinates.slice(0, 3)).toEqual(["mu", "log tau", "theta[0]"]);
    expect(noncentred.coordinates.slice(0, 3)).toEqual(["mu", "log tau", "theta_raw[0]"]);
    expect(centred.parameters).toMatchObject([
      { name: "mu", shape: [], derived: false },
      { name: "tau", shape: [], derived: false },
      { name: "theta", shape: [8], derived: false },
    ]);
    expect(centred.observations[0]!.terms[3]).toBe("y[3]");
  });

  test("the log density is the closed form to rounding, with the log derivative of tau", () => {
    const u = points(centred, 5);
    const density = program((x: Tensor) => centred.logDensity(x))(u).data();
    rowsOf(u).forEach(([mu, logTau, ...theta], i) => {
      // 18 terms of size up to 100: a few hundred ulp of 1.
      expect(density[i]!).toBeCloseTo(byHand(mu!, Math.exp(logTau!), theta), 11);
    });
  });

  test("the non-centred density is the centred one at the same theta and the log derivative of theta = mu + tau z", () => {
    const u = points(noncentred, 5);
    const both = program((x: Tensor) => ({ density: noncentred.logDensity(x), quantities: noncentred.constrain(x) }))(u);
    const at = program((q: Tensor) => {
      const v = centred.unconstrain(q);
      return { density: centred.logDensity(v), back: noncentred.unconstrain(q) };
    })(both.quantities);
    rowsOf(u).forEach(([mu, logTau, ...z], i) => {
      const theta = z.map((value) => mu! + Math.exp(logTau!) * value);
      expect(rowsOf(both.quantities)[i]).toEqual([mu, Math.exp(logTau!), ...theta].map((value) => expect.closeTo(value!, 12)));
      expect(both.density.data()[i]!).toBeCloseTo(at.density.data()[i]! + 8 * logTau!, 10);
    });
    at.back.data().forEach((value, i) => {
      expect(value).toBeCloseTo(u.data()[i]!, 12);
    });
  });

  test.each([
    ["centred", centred],
    ["non-centred", noncentred],
  ])("%s: the gradient is the central difference, and n rows are n single runs", (_, target) => {
    const u = points(target, 4, 7);
    const value = program((x: Tensor) => target.logDensity(x));
    const slope = program((x: Tensor): Tensor => grad((v: Tensor) => sum(target.logDensity(v)))(x));
    const [together, gradient] = [value(u).data(), rowsOf(slope(u))];
    rowsOf(u).forEach((row, i) => {
      const alone = array([row], { dtype: "f64" });
      expect(value(alone).data()[0]).toBe(together[i]);
      row.forEach((_, d) => {
        const moved = (h: number) => value(array([row.with(d, row[d]! + h)], { dtype: "f64" })).data()[0]!;
        // Truncation is h^2 f''' / 6, rounding 1e-14 / h.
        const difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        expect(Math.abs(gradient[i]![d]! - difference)).toBeLessThan(1e-6 * (1 + Math.abs(difference)));
      });
    });
  });

  test("pointwise terms add up to the log-likelihood, and the parts to the log density", () => {
    const u = points(centred, 3);
    const out = program((x: Tensor) => ({
      density: centred.logDensity(x),
      prior: centred.logPrior(x),
      likelihood: centred.logLikelihood(x),
      pointwise: centred.pointwise(x),
      parts: centred.terms(x),
    }))(u);
    expect(out.pointwise.shape).toEqual([3, 8]);
    rowsOf(u).forEach((row, i) => {
      rowsOf(out.pointwise)[i]!.forEach((term, j) => {
        expect(term).toBeCloseTo(logNormalPdf(y[j]!, row[2 + j]!, sigma[j]!), 12);
      });
      expect(out.density.data()[i]!).toBeCloseTo(out.prior.data()[i]! + out.likelihood.data()[i]!, 11);
      const parts = ["mu", "tau", "theta", "y"].map((name) => out.parts[name]!.data()[i]!);
      expect(out.density.data()[i]!).toBeCloseTo(
        parts.reduce((a, b) => a + b),
        11,
      );
    });
  });

  test.each([
    ["centred", centred],
    ["non-centred", noncentred],
  ])("%s: draws from the prior have its moments, and data drawn from them those of the marginal", (_, target: Model) => {
    const n = 20_000;
    const drawn = program(() => {
      const u = target.samplePrior(random.key(3), n);
      const values = target.values(u);
      return { mu: values["mu"]!, tau: values["tau"]!, theta: values["theta"]!, y: target.predict(random.key(4), u)["y"]! };
    })();
    expect([drawn.theta.shape, drawn.y.shape]).toEqual([
      [n, 8],
      [n, 8],
    ]);
    const mu = [...drawn.mu.data()];
    // Standard errors of a mean and of a variance of n normals of sd 5; 4.5 of them.
    expect(Math.abs(mu.reduce((a, b) => a + b) / n)).toBeLessThan((4.5 * 5) / Math.sqrt(n));
    expect(Math.abs(mu.reduce((a, b) => a + b * b, 0) / n - 25)).toBeLessThan(4.5 * 25 * Math.sqrt(2 / n));
    // Half the mass of a half-Cauchy is below its scale.
    const below = drawn.tau.data().filter((tau) => tau < 5).length / n;
    expect(Math.abs(below - 0.5)).toBeLessThan((4.5 * 0.5) / Math.sqrt(n));
    // (y - theta) / sigma are standard normal and independent of theta.
    const [theta, data] = [rowsOf(drawn.theta), rowsOf(drawn.y)];
    const z = data.flatMap((row, i) => row.map((value, j) => (value - theta[i]![j]!) / sigma[j]!));
    expect(Math.abs(z.reduce((a, b) => a + b) / z.length)).toBeLessThan(4.5 / Math.sqrt(z.length));
    expect(Math.abs(z.reduce((a, b) => a + b * b, 0) / z.length - 1)).toBeLessThan(4.5 * Math.sqrt(2 / z.length));
  });
});

describe("data", () => {
  const n = 60;
  const X = program(() => random.normal(random.key(1), [n, 3], { dtype: "f64" }))();
  const county = Int32Array.from({ length: n }, (_, i) => i % 4);
  const outcome = Float64Array.from({ length: n }, (_, i) => Number(i % 3 === 0));

  test("a regression over several chains is one product, and its gradient two", () => {
    const target = model({ beta: plate(normal(0, 1), 3) }, ({ beta }) => observed(bernoulliLogit(matmul(X, beta)), outcome));
    const plan = program((x: Tensor): Tensor => grad((v: Tensor) => sum(target.logDensity(v)))(x))
      .explain(points(target, 5))
      .split("# fused")[1]!;
    const products = plan.split("\n").filter((line) => line.startsWith("matmul"));
    expect(products.map((line) => line.split(" ")[1])).toEqual([`1x5x3x${n}`, `1x5x${n}x3`]);
    // No test of the support: the outcomes were seen to be 0 or 1.
    expect(plan).not.toContain("where");
  });

  test("rows given as data serve a likelihood of some of them, scaled to all", () => {
    const target = model(
      { alpha: plate(normal(0, 1), 4), beta: plate(normal(0, 1), 3) },
      ({ alpha, beta }, { X, county, outcome }) => ({
        outcome: observed(bernoulliLogit(take(alpha, county).add(matmul(X, beta))), outcome),
      }),
      { data: { X, county, outcome } },
    );
    expect([target.rows, target.observations[0]!.terms.length, target.observations[0]!.name]).toEqual([n, n, "outcome"]);
    const u = points(target, 2);
    const some = Int32Array.of(3, 17, 59, 4);
    const out = program((x: Tensor, rows: Tensor) => ({
      whole: target.logLikelihood(x),
      part: target.logLikelihood(x, rows),
      terms: target.pointwise(x),
    }))(u, array(some));
    const terms = rowsOf(out.terms);
    terms.forEach((row, i) => {
      expect(out.whole.data()[i]!).toBeCloseTo(
        row.reduce((a, b) => a + b),
        10,
      );
      expect(out.part.data()[i]!).toBeCloseTo((n / 4) * [...some].reduce((a, at) => a + row[at]!, 0), 10);
    });
  });

  test("a traced likelihood, terms by name and derived quantities stand beside distributions", () => {
    const rate = [0.5, 2, 1];
    const scalar = model({ lambda: gamma(2, 1) }, ({ lambda }) => sum(lambda.log().sub(lambda.mul(array(rate, { dtype: "f64" })))), {
      derived: ({ lambda }) => ({ mean: lambda.mul(0).add(1).div(lambda), twice: lambda.mul([[1, 2]].length + 1) }),
    });
    const named = model({ lambda: gamma(2, 1) }, ({ lambda }) => ({ t: observed(exponential(lambda), rate) }));
    expect(scalar.names).toEqual(["lambda", "mean", "twice"]);
    const u = array([[0.3]], { dtype: "f64" });
    const lambda = Math.exp(0.3);
    const out = program((x: Tensor) => ({ a: scalar.logDensity(x), b: named.logDensity(x), q: scalar.constrain(x) }))(u);
    const expected = Math.log(lambda) - lambda + 0.3 + 3 * Math.log(lambda) - lambda * 3.5;
    expect(out.a.item()).toBeCloseTo(expected, 12);
    expect(out.b.item()).toBeCloseTo(expected, 12);
    expect(rowsOf(out.q)[0]).toEqual([lambda, 1 / lambda, 2 * lambda].map((value) => expect.closeTo(value, 12)));
    expect(() => program((x: Tensor) => scalar.pointwise(x))(u)).toThrow("the log-likelihood is one number");
    expect(() => program((x: Tensor) => scalar.predict(random.key(1), x))(u)).toThrow("nothing can be predicted");
  });
});

describe("what does not fit is refused by name", () => {
  const one = { mu: normal(0, 1) };
  test.each<readonly [string, () => unknown, string]>([
    ["no parameter", () => model({}), "at least one parameter"],
    ["no prior", () => model({ mu: 3 as never }), "mu needs a prior"],
    ["no distribution", () => model({ mu: () => 3 as never }), "the function of mu must give a distribution, got number"],
    ["a later parameter", () => model({ a: ({ b }) => normal(b, 1), b: normal(0, 1) }), "there is no b here; declared before: nothing"],
    ["a count", () => model({ n: poisson(3) }), "n cannot be a parameter with the prior poisson"],
    ["a strange name", () => model({ "a b": normal(0, 1) }), 'a parameter is called "a b"'],
    ["a plate that disagrees", () => model({ a: plate(normal([0, 1, 2], 1), 8) }), "normal is a batch of [3]"],
    ["an improper prior alone", () => model({ sigma: flat({ low: 0 }) }), "the prior of sigma is improper and there is no likelihood"],
    ["no non-centred form", () => model({ a: gamma(1, 1) }, undefined, { noncentred: ["a"] }), "a has no non-centred form"],
    ["a vector likelihood", () => model(one, ({ mu }) => normal(mu, 1).logProb(array(y, { dtype: "f64" }))), "got an array [8]"],
    ["no likelihood at all", () => model(one, () => 3 as never), "got number"],
    ["a missing value", () => model(one, ({ mu }) => observed(normal(mu, 1), [1, NaN])), "the data y hold NaN at [1]"],
    [
      "a hole",
      () => model(one, ({ mu }) => observed(normal(mu, 1), [[1], [null as never]])),
      "the data y hold null at [1, 0]; every value",
    ],
    [
      "an improper prior that no data tell of",
      () => model({ ...one, b: flat() }, ({ mu }) => observed(normal(mu, 1), y)),
      "the prior of b is improper and the likelihood does not ask for b",
    ],
    ["no data", () => model(one, ({ mu }) => observed(normal(mu, 1), [])), "the data y are empty"],
    ["words", () => model(one, ({ mu }) => observed(normal(mu, 1), "1,2" as never)), "the data y must be a number"],
    [
      "a wrong length",
      () => model(one, ({ mu }) => observed(normal(mu, sigma), y.slice(1))),
      "the data y have shape [7], their distribution normal has [8]",
    ],
    [
      "data outside",
      () => model(one, () => ({ k: observed(poisson(3), [1, -1]) })),
      "k[1] is -1, which poisson cannot give: its support is the integers >= 0",
    ],
    ["a name twice", () => model(one, () => ({ mu: observed(normal(0, 1), y) })), "mu is both a parameter and a part of the likelihood"],
    ["a derived name twice", () => model(one, undefined, { derived: ({ mu }) => ({ mu }) }), "mu is both a parameter and derived"],
    [
      "rows that differ",
      () => model(one, ({ mu }) => observed(normal(mu, 1), y), { data: { a: [1, 2], b: [1] } }),
      "a has shape [2], b has [1]",
    ],
    ["data alone", () => model(one, undefined, { data: { a: [1] } }), "there are data and no likelihood"],
  ])("%s", (_, make, reason) => {
    expect(make).toThrow(reason);
  });

  test("an improper prior has no draws, and u has D columns", () => {
    const target = model({ sigma: flat({ low: 0 }) }, ({ sigma }) => observed(normal(0, sigma), y));
    expect(() => program(() => target.samplePrior(random.key(1), 2))()).toThrow("the prior of sigma is improper, so that it has no draws");
    expect(() => program((u: Tensor) => target.logDensity(u))(array([[1, 2]], { dtype: "f64" }))).toThrow(
      "expected u of shape [n, 1], got [1, 2]",
    );
  });

  test("a sampler names the part of a log density that is not finite", async () => {
    const target = model({ a: normal(0, 1), b: normal(0, 1) }, ({ a, b }) => ({
      y: observed(normal(a, 1), y),
      z: b.abs().add(1).neg().log(),
    }));
    await expect(nuts(target, { seed: 1 })).rejects.toThrow("(the part of z is NaN)");
  });

  test("a mixture of a certain outcome and a count stands for zeros of two kinds, and predicts them", () => {
    const k = [0, 0, 3, 0, 1, 2, 0, 0];
    const target = model({ p: beta(1, 1), lambda: gamma(2, 1) }, ({ p, lambda }) =>
      observed(mixture(stack([p, p.neg().add(1)]), [poisson(0), poisson(lambda)]), k),
    );
    const u = array([[0.4, 0.7]], { dtype: "f64" });
    const out = program((x: Tensor) => ({ terms: target.pointwise(x), data: target.predict(random.key(1), x)["y"]! }))(u);
    const [p, lambda] = [1 / (1 + Math.exp(-0.4)), Math.exp(0.7)];
    const factorial = [1, 1, 2, 6];
    k.forEach((count, i) => {
      const probability = (count === 0 ? p : 0) + ((1 - p) * Math.exp(-lambda) * lambda ** count) / factorial[count]!;
      expect(out.terms.data()[i]!).toBeCloseTo(Math.log(probability), 12);
    });
    expect(out.data.shape).toEqual([1, 8]);
  });

  test("correlated effects of groups, from scales and a correlation factor, are the same in both forms", () => {
    const groups = 5;
    const effects = (noncentred: readonly "effect"[]) =>
      model(
        {
          scale: plate(halfNormal(1), 2),
          factor: lkjCholesky(2, 2),
          effect: ({ scale, factor }) => plate(multivariateNormal([1, -1], { cholesky: scale.expandDims(1).mul(factor) }), groups),
        },
        undefined,
        { noncentred },
      );
    const [direct, raw] = [effects([]), effects(["effect"])];
    expect(raw.coordinates.slice(2, 5)).toEqual(["atanh factor_partial[0]", "effect_raw[0,0]", "effect_raw[0,1]"]);
    const out = program((u: Tensor) => {
      const quantities = raw.constrain(u);
      return { quantities, density: raw.logDensity(u), direct: direct.logDensity(direct.unconstrain(quantities)) };
    })(points(raw, 3));
    rowsOf(out.quantities).forEach(([s0, s1, , l11], i) => {
      // log det of the factor, for each group.
      const logDeterminant = groups * Math.log(s0! * s1! * l11!);
      expect(out.density.data()[i]!).toBeCloseTo(out.direct.data()[i]! + logDeterminant, 9);
    });
  });

  test("a prior may come with its unit, as in parameters()", () => {
    const target = model({ rate: { prior: gamma(2, 1), unit: "1/s" }, y: { prior: ({ rate }) => normal(rate, 1) } });
    expect(target.parameters.map(({ name, unit }) => [name, unit])).toEqual([
      ["rate", "1/s"],
      ["y", ""],
    ]);
  });

  test("scale families have a non-centred form too", () => {
    const target = model({ s: halfNormal(2), t: ({ s }) => halfCauchy(s) }, undefined, { noncentred: ["t"] });
    const out = program((u: Tensor) => ({ q: target.constrain(u), d: target.logDensity(u) }))(array([[0.2, -0.4]], { dtype: "f64" }));
    const [s, z] = [Math.exp(0.2), Math.exp(-0.4)];
    expect(rowsOf(out.q)[0]).toEqual([expect.closeTo(s, 13), expect.closeTo(s * z, 13)]);
    expect(out.d.item()).toBeCloseTo(Math.log(2) + logNormalPdf(s, 0, 2) + 0.2 + Math.log(2 / (Math.PI * (1 + z * z))) - 0.4, 12);
  });
});

describe("many rows of data", () => {
  const rows = 30_011; // no number of blocks divides it
  const wave = (step: number) => Float64Array.from({ length: rows }, (_, i) => Math.sin(step * i));
  const [x, z] = [wave(1.3), wave(0.7)];
  const group = Int32Array.from({ length: rows }, (_, i) => i % 7);
  const counts = Float64Array.from({ length: rows }, (_, i) => i % 3);
  const target = model(
    { beta: plate(normal(0, 1), 2), sigma: halfNormal(1), effect: ({ sigma }) => plate(normal(0, sigma), 7) },
    ({ beta, sigma, effect }, { x, z, group, counts }) => {
      const mean = index(beta, 0).mul(x).add(take(effect, group));
      return { z: observed(normal(mean, sigma), z), counts: observed(poisson(mean.add(index(beta, 1)).exp()), counts) };
    },
    { data: { x, z, group, counts }, noncentred: ["effect"] },
  );
  const u = points(target, 3);

  test("are taken block by block, with the log density and gradient of the whole to rounding, the same bits in any number of threads", () => {
    const byBlocks = (threads: number) => program((u: Tensor) => gradientOfTarget(target)(u), { threads });
    const plain = program((u: Tensor) => grad((v: Tensor) => sum(target.logDensity(v)))(u))(u);
    const [one, two, three] = [1, 2, 3].map((threads) => byBlocks(threads)(u));
    expect(byBlocks(1).explain(u)).toContain("each of");
    const density = program((u: Tensor) => target.logDensity(u))(u).data();
    // Sums of 60,000 terms of order 1 to 10 in two orders.
    one!.logDensity.data().forEach((value, i) => expect(Math.abs(value / density[i]! - 1)).toBeLessThan(1e-12));
    const largest = Math.max(...plain.data().map(Math.abs));
    one!.gradient.data().forEach((value, i) => expect(Math.abs(value - plain.data()[i]!)).toBeLessThan(1e-12 * largest));
    expect(two!.gradient.data()).toEqual(one!.gradient.data());
    expect(three!.gradient.data()).toEqual(one!.gradient.data());
  });

  test("whose terms depend on other rows are refused by a sampler", async () => {
    const smooth = model({ a: normal(0, 1) }, ({ a }, { x, z }) => observed(normal(a.mul(cumsum(x)), 1), z), { data: { x, z } });
    await expect(nuts(smooth, { seed: 1 })).rejects.toThrow("a term of the likelihood depends on other rows than its own");
  });

  test("are taken whole where the likelihood is one number, or fits no other number of rows", () => {
    for (const likelihood of [
      ({ a }: Values, { x }: Values) => normal(a!, 1).logProb(x!).sum(),
      ({ a }: Values, { x }: Values) => ({ y: normal(a!.mul(array(z)), 1).logProb(x!) }),
    ]) {
      const whole = model({ a: normal(0, 1) }, likelihood, { data: { x } });
      expect(program((u: Tensor) => gradientOfTarget(whole)(u)).explain(points(whole, 3))).not.toContain("each of");
    }
  });
});
