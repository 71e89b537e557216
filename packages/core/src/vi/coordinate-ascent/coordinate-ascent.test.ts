import { array, full, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { normalWishart } from "../../exact/conjugate/normal-wishart.ts";
import { linearRegression } from "../../exact/linear-regression.ts";
import { AscentError, coordinateAscent } from "./ascend.ts";
import { gaussianMixture } from "./gaussian-mixture.ts";
import { normalMeanField } from "./normal-mean-field.ts";
import { variationalLinear } from "./variational-linear.ts";
import { variationalLogistic } from "./variational-logistic.ts";

/** Numbers without pattern, in [-1, 1]. */
const wave = (n: number, phase = 0) => Array.from({ length: n }, (_, i) => Math.sin(12.9898 * (i + 1 + phase) ** 2));
const rising = (history: ArrayLike<number>) => {
  for (let i = 1; i < history.length; i++) expect(history[i]! - history[i - 1]!).toBeGreaterThan(-1e-9);
};
const [a, b] = [wave(60), wave(60, 100)];
const x = a.map((v, i) => [1, v, b[i]!]);
const y = a.map((v, i) => 0.5 + 2 * v + 0.3 * wave(60, 200)[i]!);
const labels = a.map((v, i) => Number(v + 0.8 * wave(60, 300)[i]! > 0));

describe("coordinate ascent", () => {
  const bowl = (sweep: (x: Tensor) => Tensor) => ({
    name: "bowl",
    terms: { first: "reconstruction", second: "regularisation" } as const,
    init: (data: Tensor) => data,
    sweep: (_: Tensor, q: Tensor) => sweep(q),
    elbo: (_: Tensor, q: Tensor) => ({ first: q.square().neg(), second: full([], -1, "f64") }),
  });
  const at = (v: number) => array(Float64Array.of(v), { shape: [] });

  test("stops where the ELBO no longer grows, with the terms of every sweep", async () => {
    const { q, ascent } = await coordinateAscent(
      bowl((v) => v.mul(0.5)),
      at(8),
    );
    expect((q as { item(): number }).item()).toBeCloseTo(0, 5);
    expect([...ascent.termHistory.first!.slice(0, 3)]).toEqual([-16, -4, -1]);
    expect([...ascent.history.slice(0, 3)]).toEqual([-17, -5, -2]);
    expect(ascent).toMatchObject({ converged: true, regularisation: 1, warnings: [] });
    expect(ascent.elbo).toBeCloseTo(-1, 11);
    expect(ascent.reconstruction - ascent.regularisation).toBe(ascent.elbo);
    expect(ascent.history.length).toBe(ascent.sweeps);
  });

  test("a sweep that lowers the ELBO is an error with the sweep and the term", async () => {
    const wrong = coordinateAscent(
      bowl((v) => v.mul(-1.1)),
      at(1),
    );
    await expect(wrong).rejects.toThrow(AscentError);
    await expect(wrong).rejects.toThrow("fell from -2.21");
    await expect(wrong).rejects.toThrow("in sweep 2, most in the term first");
  });

  test("an ELBO that is no number is an error, and too few sweeps a warning", async () => {
    await expect(
      coordinateAscent(
        bowl((v) => v.log()),
        at(-1),
      ),
    ).rejects.toThrow("the term first of the ELBO is NaN after sweep 1");
    const { ascent } = await coordinateAscent(
      bowl((v) => v.mul(0.9)),
      at(8),
      { sweepsMax: 5 },
    );
    expect(ascent).toMatchObject({ converged: false, sweeps: 5 });
    expect(ascent.warnings[0]).toContain("raise sweepsMax");
    await expect(
      coordinateAscent(
        bowl((v) => v),
        at(8),
        { sweepsMax: 1 },
      ),
    ).rejects.toThrow("sweepsMax must be an integer >= 2, got 1");
  });
});

describe("mean field of a normal", () => {
  test("a covariance without correlation is met exactly", async () => {
    const fit = await normalMeanField({
      covariance: [
        [4, 0],
        [0, 9],
      ],
      mean: [1, 2],
    });
    expect(fit.gap).toBeCloseTo(0, 12);
    expect([...fit.mean.data()]).toEqual([1, 2]);
    expect(fit.lostCorrelation.correlation).toBe(0);
  });

  test("a singular covariance is refused", async () => {
    await expect(
      normalMeanField({
        covariance: [
          [1, 1],
          [1, 1],
        ],
      }),
    ).rejects.toThrow("must be positive definite");
  });
});

describe("Gaussian mixture", () => {
  const rows = a.map((v, i) => [v + (i % 3 === 0 ? 4 : 0), b[i]! - 0.5 * v]);

  test("one component is the conjugate answer: the ELBO is the log evidence", async () => {
    const prior = {
      mean: [0.3, -0.2],
      beta: 0.7,
      scaleInverse: [
        [1.5, 0.2],
        [0.2, 0.8],
      ],
      degrees: 3.5,
    };
    const fit = await gaussianMixture({ x: rows, components: 1, prior });
    const exact = await normalWishart({ x: rows, prior });
    expect(fit.ascent.elbo).toBeCloseTo(exact.logEvidence, 10);
    expect([...fit.mean.data()]).toEqual([...exact.posterior.mean.data()].map((v) => expect.closeTo(v, 12)));
    const points = [
      [0.5, 0.5],
      [6, -1],
    ];
    const [ours, theirs] = [await fit.logPredictive(points), await exact.logPredictive(points)];
    expect([...ours.data()]).toEqual([...theirs.data()].map((v) => expect.closeTo(v, 11)));
  });

  test("finds two groups, ascends, and does not depend on units", async () => {
    const fit = await gaussianMixture({ x: rows, components: 2 });
    rising(fit.ascent.history);
    expect(Object.keys(fit.ascent.terms)).toHaveLength(7);
    expect([...fit.counts.data()].sort((p, q) => p - q)).toEqual([expect.closeTo(20, 0), expect.closeTo(40, 0)]);
    expect(fit.ascent.reconstruction - fit.ascent.regularisation).toBeCloseTo(fit.ascent.elbo, 10);
    const scaled = await gaussianMixture({ x: rows.map(([p, q]) => [1000 * p! + 5, 0.01 * q!]), components: 2 });
    // A change of units adds the log of its Jacobian, n log(1000 * 0.01).
    expect(scaled.ascent.elbo).toBeCloseTo(fit.ascent.elbo - 60 * Math.log(10), 6);
    expect(scaled.mean.data()[0]).toBeCloseTo(1000 * fit.mean.data()[0]! + 5, 4);
    const again = await fit.assign(rows);
    expect([...again.data().slice(0, 6)]).toEqual([...fit.responsibilities.data().slice(0, 6)].map((v) => expect.closeTo(v, 6)));
  });

  test("restarts keep the best of their ELBOs, and a start of one's own is taken", async () => {
    const fit = await gaussianMixture({ x: rows, components: 3, restarts: 3, seed: 1 });
    expect(fit.elboOfStarts).toHaveLength(4);
    expect(fit.ascent.elbo).toBe(Math.max(...fit.elboOfStarts));
    const given = await gaussianMixture({ x: rows, components: 2, start: rows.map((_, i) => (i % 3 === 0 ? [3, 0] : [0, 1])) });
    expect(given.mean.data()[0]).toBeGreaterThan(3);
  });

  test("bad input is refused by name", async () => {
    const flat = rows.map(([p]) => [p!, 7]);
    await expect(gaussianMixture({ x: flat, components: 2, names: ["height", "weight"] })).rejects.toThrow(
      "weight has the same value in every row",
    );
    await expect(gaussianMixture({ x: [[1, 2]], components: 1 })).rejects.toThrow("x needs at least 2 rows, got 1");
    await expect(gaussianMixture({ x: rows, components: 61 })).rejects.toThrow("components must be at most the number of rows, 60, got 61");
    await expect(gaussianMixture({ x: [...rows, [NaN, 1]], components: 2, names: ["p", "q"] })).rejects.toThrow(
      "got NaN in row 60, column p",
    );
    await expect(gaussianMixture({ x: rows, components: 2, start: rows.map(() => [0, 0]) })).rejects.toThrow(
      "positive sum in every row, see row 0",
    );
  });
});

describe("variational linear regression", () => {
  test("with the precision of the coefficients all but fixed, the ELBO is the log evidence", async () => {
    // gamma(1e8 / 4, 1e8) has mean 1/4 and relative sd 2e-4: its spread costs less than 1e-6 nats.
    const fit = await variationalLinear({ x, y, precision: { shape: 2.5e7, rate: 1e8 }, noise: { sd: 0.4 } });
    const exact = await linearRegression({ x, y, prior: { sd: 2 }, noise: { sd: 0.4 } });
    expect(Math.abs(fit.ascent.elbo - exact.logEvidence)).toBeLessThan(1e-5);
    expect([...fit.sd.data()]).toEqual([...exact.sd.data()].map((v) => expect.closeTo(v, 6)));
    const [ours, theirs] = [await fit.predict([[1, 0.5, 2]]), await exact.predict([[1, 0.5, 2]])];
    expect(ours.epistemic.item()).toBeCloseTo(theirs.epistemic.item(), 7);
    expect(ours.aleatoric.item()).toBeCloseTo(0.16, 14);
    const c = (await fit.covariance()).data();
    expect(Math.sqrt(c[4]!)).toBeCloseTo(fit.sd.data()[1]!, 12);
  });

  test("learns the noise, ascends, and relevance determination takes off what is not needed", async () => {
    const options = { x, y, precision: { shape: 1e-3, rate: 1e-3 }, noise: { shape: 1e-3, rate: 1e-3 } };
    const fit = await variationalLinear({ ...options, relevance: "each" });
    rising(fit.ascent.history);
    const shared = await variationalLinear(options);
    expect(fit.precision.rate).toHaveLength(3);
    expect(shared.precision.rate).toHaveLength(1);
    // The third column says nothing of y: its coefficient is drawn closer to 0 than with one precision for all.
    expect(Math.abs(fit.mean.data()[2]!)).toBeLessThan(Math.abs(shared.mean.data()[2]!));
    expect(fit.mean.data()[1]).toBeCloseTo(2, 0);
    const { shape, rate } = fit.noise as { shape: number; rate: number };
    // The noise is 0.3 times a number of variance 1/2.
    expect(Math.abs(rate / shape / 0.045 - 1)).toBeLessThan(5 * Math.sqrt(2 / 60));
    const draws = await fit.sample(5000, { seed: 1 });
    expect(draws.names).toEqual(["x[0]", "x[1]", "x[2]", "sigma"]);
    const values = draws.draws.data();
    let mean = 0;
    for (let s = 0; s < 5000; s++) mean += values[4 * s + 1]! / 5000;
    expect(Math.abs(mean - fit.mean.data()[1]!)).toBeLessThan((5 * fit.sd.data()[1]!) / Math.sqrt(5000));
  });

  test("one row, a y without variation and missing values", async () => {
    const options = { precision: { shape: 1, rate: 1 }, noise: { shape: 1, rate: 1 } };
    expect(Number.isFinite((await variationalLinear({ x: [[1, 2]], y: [1], ...options })).ascent.elbo)).toBe(true);
    expect((await variationalLinear({ x, y: y.map(() => 0), ...options })).mean.data()[1]).toBeCloseTo(0, 12);
    const missing = x.map((row, i) => (i === 4 ? [1, 0, NaN] : row));
    await expect(variationalLinear({ x: missing, y, names: ["one", "a", "b"], ...options })).rejects.toThrow("got NaN in row 4, column b");
    const doubled = await variationalLinear({ x: x.map((row) => [...row, row[1]!]), y, names: ["one", "a", "b", "copy"], ...options });
    expect(doubled.warnings[0]).toContain("columns a, copy are collinear");
  });
});

describe("variational logistic regression", () => {
  test.each([
    { sd: 2, gapMax: 1 },
    { sd: 0.05, gapMax: 1e-3 },
  ])("the bound ascends and lies below the log evidence on a grid, closer where the prior (sd $sd) says more", async ({ sd, gapMax }) => {
    const slope = x.map((row) => [row[1]!]);
    const fit = await variationalLogistic({ x: slope, y: labels, prior: { mean: 0.5, sd } });
    rising(fit.ascent.history);
    // Trapezoid rule over 10 sd of the prior: exact to rounding for a density this smooth.
    let evidence = 0;
    for (let i = -2000; i <= 2000; i++) {
      const w = 0.5 + (sd * i) / 200;
      let log = -0.5 * (i / 200) ** 2 - Math.log(Math.sqrt(2 * Math.PI) * 200);
      slope.forEach(([v], row) => {
        log -= Math.log1p(Math.exp((labels[row] ? -1 : 1) * v! * w));
      });
      evidence += Math.exp(log);
    }
    const gap = Math.log(evidence) - fit.ascent.elbo;
    expect(gap).toBeGreaterThan(0);
    expect(gap).toBeLessThan(gapMax);
  });

  test("predictions carry their doubt: the entropy of the label is noise and information", async () => {
    const fit = await variationalLogistic({ x, y: labels, prior: { sd: 2 } });
    const at = await fit.predict([
      [1, 0, 0],
      [1, 5, 0],
      [1, 0, 30],
    ]);
    const [p, entropy, noise, doubt] = [at.probability, at.entropy, at.aleatoric, at.epistemic].map((v) => v.data());
    for (const i of [0, 1, 2]) {
      expect(entropy![i]).toBeCloseTo(-p![i]! * Math.log(p![i]!) - (1 - p![i]!) * Math.log(1 - p![i]!), 12);
      expect(noise![i]! + doubt![i]!).toBeCloseTo(entropy![i]!, 12);
    }
    expect(doubt![2]).toBeGreaterThan(10 * doubt![0]!); // far from the data along a column that was hardly tested
    const sample = await fit.sample(4000, { seed: 2 });
    const w = sample.draws.data();
    let mean = 0;
    for (let s = 0; s < 4000; s++) mean += 1 / (1 + Math.exp(-w[3 * s]! - 5 * w[3 * s + 1]!)) / 4000;
    expect(Math.abs(mean - p![1]!)).toBeLessThan((5 * 0.5) / Math.sqrt(4000));
  });

  test("separated classes have finite coefficients and a warning; one class too", async () => {
    const separated = a.map((v) => Number(v > 0));
    const fit = await variationalLogistic({ x, y: separated, prior: { sd: 10 } });
    expect(Number.isFinite(fit.ascent.elbo)).toBe(true);
    expect(fit.warnings[0]).toContain("the classes are separated");
    const one = await variationalLogistic({ x, y: labels.map(() => 1), prior: { sd: 1 } });
    expect(one.warnings[0]).toContain("y is 1 in every row");
  });

  test("bad input is refused by name", async () => {
    await expect(variationalLogistic({ x, y: labels.map((v) => v + 1), prior: { sd: 1 } })).rejects.toThrow(
      "y must be 0 or 1, got 2 in row",
    );
    await expect(variationalLogistic({ x, y: [1], prior: { sd: 1 } })).rejects.toThrow("y must have 60 numbers, one for each row, got 1");
  });
});
