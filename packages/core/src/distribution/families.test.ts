import { array, grad, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { normalCdf, upperGamma } from "../check/gamma-function.ts";
import { kolmogorovSmirnov } from "../check/uniformity.ts";
import {
  bernoulli,
  bernoulliLogit,
  binomialLogit,
  categorical,
  cauchy,
  chiSquare,
  type Distribution,
  flat,
  halfCauchy,
  halfNormal,
  halfStudentT,
  inverseGamma,
  laplace,
  logistic,
  logNormal,
  multivariateNormal,
  normal,
  orderedLogistic,
  plate,
  poissonLog,
  scaledInverseChiSquare,
  studentT,
  truncatedNormal,
  weibull,
} from "./index.ts";
import { againstTable, drawsOf, logProbs, moments, type Row } from "./test/table.ts";

/** Log densities, means and variances computed with SciPy 1.17.1. */
const table: readonly Row[] = [
  {
    name: "halfNormal(1.5)",
    make: (options) => halfNormal(1.5, options),
    x: [0, 0.7, 6],
    logProb: [-0.6312564607528918, -0.7401453496417807, -8.63125646075289],
    mean: 1.1968268412042982,
    variance: 0.817605512172942,
  },
  {
    name: "studentT(4.5, 1, 2)",
    make: (options) => studentT(4.5, 1, 2, options),
    x: [-40, 1, 2.5],
    logProb: [-14.172622120233603, -1.667207869850242, -1.9911112179052965],
    mean: 1,
    variance: 7.2,
  },
  {
    name: "halfStudentT(5, 10)",
    make: (options) => halfStudentT(5, 10, options),
    x: [0, 3, 80],
    logProb: [-2.578057501488825, -2.6315772558738177, -10.452063277978302],
    mean: 9.490167245562361,
    variance: 76.60339231792196,
  },
  {
    name: "inverseGamma(5, 2)",
    make: (options) => inverseGamma(5, 2, options),
    x: [0.05, 0.4, 9],
    logProb: [-21.73792428622427, 0.7854264636967107, -13.117887613787756],
    mean: 0.5,
    variance: 0.08333333333333333,
  },
  {
    name: "laplace(0.5, 2)",
    make: (options) => laplace(0.5, 2, options),
    x: [-9, 0.5, 3],
    logProb: [-6.136294361119891, -1.3862943611198906, -2.636294361119891],
    mean: 0.5,
    variance: 8,
  },
  {
    name: "logistic(0.5, 2)",
    make: (options) => logistic(0.5, 2, options),
    x: [-30, 0.5, 7],
    logProb: [-15.943147657033823, -2.0794415416798357, -4.019229923935511],
    mean: 0.5,
    variance: 13.159472534785811,
  },
  {
    name: "weibull(1.7, 3)",
    make: (options) => weibull(1.7, 3, options),
    x: [0.01, 2, 9],
    logProb: [-4.560693272520676, -1.3537415845958125, -6.271963275462042],
    mean: 2.676733507497972,
    variance: 2.626693445212684,
  },
  {
    name: "chiSquare(5)",
    make: (options) => chiSquare(5, options),
    x: [0.02, 4, 30],
    logProb: [-7.895585330015002, -1.9381092801929467, -11.915754749379548],
    mean: 5,
    variance: 10,
  },
  {
    name: "scaledInverseChiSquare(9, 1.5)",
    make: (options) => scaledInverseChiSquare(9, 1.5, options),
    x: [0.5, 2, 20],
    logProb: [-8.47389281929603, -0.9110118054554297, -9.01897981692268],
    mean: 2.892857142857143,
    variance: 3.3474489795918365,
  },
  {
    name: "truncatedNormal above",
    make: (options) => truncatedNormal(1, 2, { low: 0 }, options),
    x: [0, 1.5, 9],
    logProb: [-1.3681392984759615, -1.2743892984759615, -9.243139298475961],
    mean: 2.018320867674067,
    variance: 1.9447017427854685,
  },
  {
    name: "truncatedNormal between",
    make: (options) => truncatedNormal(1, 2, { low: -3, high: 0.5 }, options),
    x: [-3, -1, 0.5],
    logProb: [-2.6406615403272173, -1.1406615403272173, -0.6719115403272173],
    mean: -0.757669134746257,
    variance: 0.7910367047872215,
  },
  {
    name: "bernoulli(0.3)",
    make: (options) => bernoulli(0.3, options),
    x: [0, 1],
    logProb: [-0.35667494393873245, -1.2039728043259361],
    mean: 0.3,
    variance: 0.21,
  },
  {
    name: "bernoulliLogit(-1.2)",
    make: (options) => bernoulliLogit(-1.2, options),
    x: [0, 1],
    logProb: [-0.26328246733803123, -1.4632824673380311],
    mean: 0.23147521650098238,
    variance: 0.1778944406468057,
  },
  {
    name: "binomialLogit(20, -0.4)",
    make: (options) => binomialLogit(20, -0.4, options),
    x: [0, 6, 20],
    logProb: [-10.260305047999053, -2.0951609819943533, -18.260305047999054],
    mean: 8.02624679775096,
    variance: 4.805214914830584,
  },
  {
    name: "poissonLog(1.3)",
    make: (options) => poissonLog(1.3, options),
    x: [0, 3, 12],
    logProb: [-3.6692966676192444, -1.561056136847299, -8.056511163281128],
    mean: 3.6692966676192444,
    variance: 3.6692966676192444,
  },
  {
    name: "categorical",
    make: (options) => categorical([0.1, -1, 2, 0.5], options),
    x: [0, 1, 2, 3],
    logProb: [-2.2524059381034305, -3.3524059381034306, -0.35240593810343057, -1.8524059381034306],
    mean: 1.9115673826459108,
    variance: 0.6046228165549379,
  },
  {
    name: "orderedLogistic",
    make: (options) => orderedLogistic(0.3, [-1, 0.5, 2], options),
    x: [0, 1, 2, 3],
    logProb: [-1.5410084538329922, -1.091629782140038, -1.218407357693312, -1.8677860293862656],
    mean: 1.3904662508136154,
    variance: 0.9752629218711262,
  },
];

describe.each(table)("$name", (row) => againstTable(row));

describe("without moments", () => {
  test.each([
    { name: "cauchy", d: cauchy(-1, 2), x: [-50, -1, 3], logProb: [-8.236887887829317, -1.8378770664093453, -3.447314978843446] },
    { name: "halfCauchy", d: halfCauchy(2.5), x: [0, 1, 400], logProb: [-1.3678734371636099, -1.5162934422818832, -11.518260129368343] },
  ])("log densities of $name are SciPy's", ({ d, x, logProb }) => {
    expect([d.mean, d.variance]).toEqual([undefined, undefined]);
    logProbs(d, Float64Array.from(x)).forEach((value, i) => {
      expect(value).toBeCloseTo(logProb[i]!, 12);
    });
  });

  test("moments that are infinite or do not exist are said to be", () => {
    expect(moments(studentT([0.5, 1.5, 3], 0, 1, { dtype: "f64" }))).toMatchObject({ mean: [NaN, 0, 0], variance: [NaN, Infinity, 3] });
    expect(moments(inverseGamma([0.5, 1.5, 3], 1, { dtype: "f64" }))).toMatchObject({
      mean: [Infinity, 2, 0.5],
      variance: [Infinity, Infinity, 0.25],
    });
  });
});

describe("the truncated normal far in a tail", () => {
  // SciPy 1.17.1. 1 - Phi(6) = 1e-9: one minus a distribution function has 7 digits left there, and a quantile none beyond 8.
  test.each([
    {
      name: "above 6",
      d: truncatedNormal(0, 1, { low: 6 }, { dtype: "f64" }),
      x: [6, 6.1, 8],
      logProb: [1.817830416770036, 1.2128304167700392, -12.182169583229964],
      mean: 6.158482604544618,
    },
    {
      name: "from 5 to 7",
      d: truncatedNormal(0, 1, { low: 5, high: 7 }, { dtype: "f64" }),
      x: [5, 5.1, 7],
      logProb: [1.6460643254914782, 1.1410643254914792, -10.353935674508524],
      mean: 5.186495256276285,
    },
    {
      name: "below -6, mirrored",
      d: truncatedNormal(0, 1, { high: -6 }, { dtype: "f64" }),
      x: [-6, -6.1, -8],
      logProb: [1.817830416770036, 1.2128304167700392, -12.182169583229964],
      mean: -6.158482604544618,
    },
  ])("$name", ({ d, x, logProb, mean }) => {
    logProbs(d, Float64Array.from(x)).forEach((value, i) => {
      expect(value).toBeCloseTo(logProb[i]!, 10);
    });
    expect(moments(d).mean[0]).toBeCloseTo(mean, 10);
    const { values } = drawsOf(d, [20_000]);
    // sd 0.155 and 0.181; 4.5 standard errors.
    expect(Math.abs(values.reduce((a, b) => a + b) / 20_000 - mean)).toBeLessThan((4.5 * 0.181) / Math.sqrt(20_000));
    expect(values.every((value) => Math.abs(value) >= 5)).toBe(true);
  });

  test("its gradient to mean and sd is the central difference", () => {
    const density = (m: Tensor, s: Tensor) => truncatedNormal(m, s, { low: 0, high: 3 }).logProb(1.2);
    const at = (m: number, s: number) =>
      program((a: Tensor, b: Tensor) => density(a, b))(array(m, { dtype: "f64" }), array(s, { dtype: "f64" })).item();
    const slope = (which: 0 | 1) =>
      program((a: Tensor, b: Tensor): Tensor => grad(density, which)(a, b))(
        array(0.4, { dtype: "f64" }),
        array(1.3, { dtype: "f64" }),
      ).item();
    expect(slope(0)).toBeCloseTo((at(0.4 + 1e-5, 1.3) - at(0.4 - 1e-5, 1.3)) / 2e-5, 8);
    expect(slope(1)).toBeCloseTo((at(0.4, 1.3 + 1e-5) - at(0.4, 1.3 - 1e-5)) / 2e-5, 8);
  });
});

describe("draws follow the distribution function", () => {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  // One test in a thousand fails by chance at p < 0.001; seeds are fixed.
  test.each<{ name: string; d: Distribution; cdf: (x: number) => number }>([
    { name: "halfNormal", d: halfNormal(1.5, { dtype: "f64" }), cdf: (x) => 2 * normalCdf(x / 1.5) - 1 },
    { name: "cauchy", d: cauchy(-1, 2, { dtype: "f64" }), cdf: (x) => 0.5 + Math.atan((x + 1) / 2) / Math.PI },
    { name: "halfCauchy", d: halfCauchy(2.5, { dtype: "f64" }), cdf: (x) => (2 * Math.atan(x / 2.5)) / Math.PI },
    // df 2 has the closed form 1/2 + z / (2 sqrt(2 + z^2)).
    { name: "studentT", d: studentT(2, 1, 3, { dtype: "f64" }), cdf: (x) => 0.5 + (x - 1) / 3 / (2 * Math.hypot(Math.SQRT2, (x - 1) / 3)) },
    { name: "halfStudentT", d: halfStudentT(2, 3, { dtype: "f64" }), cdf: (x) => x / 3 / Math.hypot(Math.SQRT2, x / 3) },
    { name: "inverseGamma", d: inverseGamma(5, 2, { dtype: "f64" }), cdf: (x) => upperGamma(5, 2 / x) },
    {
      name: "laplace",
      d: laplace(0.5, 2, { dtype: "f64" }),
      cdf: (x) => (x < 0.5 ? 0.5 * Math.exp((x - 0.5) / 2) : 1 - 0.5 * Math.exp((0.5 - x) / 2)),
    },
    { name: "logistic", d: logistic(0.5, 2, { dtype: "f64" }), cdf: (x) => sigmoid((x - 0.5) / 2) },
    { name: "weibull", d: weibull(1.7, 3, { dtype: "f64" }), cdf: (x) => 1 - Math.exp(-((x / 3) ** 1.7)) },
    { name: "chiSquare", d: chiSquare(5, { dtype: "f64" }), cdf: (x) => 1 - upperGamma(2.5, x / 2) },
    { name: "scaledInverseChiSquare", d: scaledInverseChiSquare(9, 1.5, { dtype: "f64" }), cdf: (x) => upperGamma(4.5, (4.5 * 2.25) / x) },
    {
      name: "truncatedNormal",
      d: truncatedNormal(1, 2, { low: -3, high: 0.5 }, { dtype: "f64" }),
      cdf: (x) => (normalCdf((x - 1) / 2) - normalCdf(-2)) / (normalCdf(-0.25) - normalCdf(-2)),
    },
    {
      name: "truncatedNormal above",
      d: truncatedNormal(1, 2, { low: 2 }, { dtype: "f64" }),
      cdf: (x) => 1 - normalCdf((1 - x) / 2) / normalCdf(-0.5),
    },
  ])("$name: Kolmogorov-Smirnov on 20 000", ({ d, cdf }) => {
    expect(kolmogorovSmirnov(drawsOf(d, [20_000]).values, cdf).pValue).toBeGreaterThan(1e-3);
  });

  test.each([
    { name: "categorical", d: categorical([0.1, -1, 2, -Infinity], { dtype: "f64" }), cells: 4 },
    { name: "orderedLogistic", d: orderedLogistic(0.3, [-1, 0.5, 2], { dtype: "f64" }), cells: 4 },
    { name: "bernoulliLogit", d: bernoulliLogit(0.7, { dtype: "f64" }), cells: 2 },
    { name: "binomialLogit", d: binomialLogit(20, -0.4, { dtype: "f64" }), cells: 14 },
    { name: "poissonLog", d: poissonLog(1.3, { dtype: "f64" }), cells: 10 },
  ])("$name: counts of 20 000 draws against the probabilities", ({ d, cells }) => {
    const { values } = drawsOf(d, [20_000]);
    const probability = logProbs(
      d,
      Float64Array.from({ length: cells }, (_, i) => i),
    ).map(Math.exp);
    // z^2 of each cell, binomial sd; 4.5 sd in any of 14 cells happens once in 10 000.
    probability.forEach((p, i) => {
      const n = values.filter((value) => value === i).length;
      expect(Math.abs(n - 20_000 * p)).toBeLessThanOrEqual(4.5 * Math.sqrt(20_000 * p * (1 - p)));
    });
  });
});

describe("outside the support", () => {
  test.each([
    { name: "halfNormal", d: halfNormal(1), x: [-0.1] },
    { name: "halfCauchy", d: halfCauchy(1), x: [-0.1] },
    { name: "halfStudentT", d: halfStudentT(3, 1), x: [-0.1] },
    { name: "inverseGamma", d: inverseGamma(1, 1), x: [-0.1, 0] },
    { name: "weibull", d: weibull(2, 1), x: [-0.1, 0] },
    { name: "chiSquare", d: chiSquare(2), x: [-0.1, 0] },
    { name: "scaledInverseChiSquare", d: scaledInverseChiSquare(2, 1), x: [-0.1, 0] },
    { name: "truncatedNormal", d: truncatedNormal(0, 1, { low: 0, high: 1 }), x: [-0.1, 1.1] },
    { name: "truncatedNormal above", d: truncatedNormal(0, 1, { low: 0 }), x: [-0.1] },
    { name: "truncatedNormal below", d: truncatedNormal(0, 1, { high: 0 }), x: [0.1] },
    { name: "bernoulli", d: bernoulli(0.5), x: [-1, 0.5, 2] },
    { name: "bernoulli of probability 1", d: bernoulli(1), x: [0] },
    { name: "bernoulliLogit", d: bernoulliLogit(0), x: [-1, 0.5, 2] },
    { name: "binomialLogit", d: binomialLogit(3, 0), x: [-1, 0.5, 4] },
    { name: "poissonLog", d: poissonLog(0), x: [-1, 0.5] },
    { name: "categorical", d: categorical([0, 1]), x: [-1, 0.5, 2] },
    { name: "flat above", d: flat({ low: 1 }), x: [0, 1] },
    { name: "flat below", d: flat({ high: 1 }), x: [1, 2] },
    { name: "flat between", d: flat({ low: 0, high: 1 }), x: [-0.1, 1.1] },
  ])("$name has log density -Infinity and gradient 0", ({ d, x }) => {
    expect(logProbs(d, Float64Array.from(x))).toEqual(x.map(() => -Infinity));
    using slope = program((points: Tensor): Tensor => grad((value: Tensor) => d.logProb(value).sum())(points))(Float64Array.from(x));
    expect([...slope.data()].map(Math.abs)).toEqual(x.map(() => 0));
  });

  test("flat is 0 inside, and has no draws", () => {
    expect(logProbs(flat({ low: 1 }), Float64Array.of(1.5, 100))).toEqual([0, 0]);
    expect(() => drawsOf(flat(), [2])).toThrow("an improper density has no draws");
  });
});

describe("arguments", () => {
  test.each([
    [() => halfCauchy(0), "halfCauchy: scale must be > 0 and finite, got 0"],
    [() => studentT(-1, 0, 1), "studentT: df must be > 0 and finite, got -1"],
    [() => bernoulli(1.5), "bernoulli: p must be in [0, 1], got 1.5"],
    [() => categorical(0.5), "categorical: logits must be a vector [K], got a number"],
    [() => categorical([0, NaN]), "categorical: logits must be a number below Infinity, got NaN (element 1)"],
    [() => orderedLogistic(0, [1, 0.5]), "orderedLogistic: cutpoints must increase, got 0.5 after 1"],
    [() => truncatedNormal(0, 1, {}), "expected low, high or both, got neither"],
    [() => truncatedNormal(0, 1, { low: 1, high: 0 }), "truncatedNormal: low must be < high, got 1 and 0"],
    [() => flat({ low: 1, high: 1 }), "flat: low must be < high"],
    [() => plate(normal(0, 1)), "plate: expected how many copies of normal, got nothing"],
    [() => plate(normal(0, 1), 2.5), "plate: extents must be integers >= 1, got [2.5]"],
    [() => plate(normal([0, 1], 1), 3), "normal is a batch of [2], which is not what a plate of [3] ends with"],
  ])("%# is refused with a reason", (make, reason) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(reason);
  });

  test("typed arrays are arguments like lists", () => {
    expect(logProbs(normal(Float32Array.of(0, 1), Int32Array.of(1, 2)), Float64Array.of(0.5, 0.5))).toEqual(
      logProbs(normal([0, 1], [1, 2]), Float64Array.of(0.5, 0.5)),
    );
  });
});

describe("plates", () => {
  test("a plate is one event of independent copies, over a batch too", () => {
    const d = plate(normal([0, 5], 1, { dtype: "f64" }), 3, 2);
    expect([d.batchShape, d.eventShape]).toEqual([[], [3, 2]]);
    const { values, shape } = drawsOf(d, [4000]);
    expect(shape).toEqual([4000, 3, 2]);
    const columns = [0, 1].map((j) => values.filter((_, i) => i % 2 === j));
    // 12 000 draws of sd 1.
    columns.forEach((column, j) => {
      expect(Math.abs(column.reduce((a, b) => a + b) / column.length - 5 * j)).toBeLessThan(4.5 / Math.sqrt(12_000));
    });
    const expected = 6 * -0.5 * Math.log(2 * Math.PI) - 0.5 * 3 * 25;
    expect(logProbs(d, new Float64Array(12), [2, 3, 2])).toEqual([expect.closeTo(expected, 11), expect.closeTo(expected, 11)]);
    expect(moments(plate(normal(2, 3, { dtype: "f64" }), 2))).toMatchObject({ mean: [2, 2], variance: [9, 9], shape: [2] });
  });

  test("the density where x is known to be inside is the density", () => {
    for (const d of [plate(halfNormal(2), 3), plate(logNormal(0, 1), 3), plate(weibull(2, 1), 3)]) {
      const inside = program((x: Tensor) => d.logProbInside!(x))(Float64Array.of(0.5, 1, 2));
      expect(inside.item()).toBe(logProbs(d, Float64Array.of(0.5, 1, 2))[0]);
    }
  });

  test.each([
    { name: "normal", d: normal([1, -2], [2, 0.5]) },
    { name: "logNormal", d: logNormal([1, -2], [2, 0.5]) },
    { name: "cauchy", d: cauchy([1, -2], [2, 0.5]) },
    { name: "laplace", d: laplace([1, -2], [2, 0.5]) },
    { name: "logistic", d: logistic([1, -2], [2, 0.5]) },
    { name: "studentT", d: studentT([3, 5], [1, -2], [2, 0.5]) },
    { name: "halfNormal", d: halfNormal([2, 0.5]) },
    { name: "halfCauchy", d: halfCauchy([2, 0.5]) },
    {
      name: "multivariateNormal",
      d: multivariateNormal([1, -2], {
        covariance: [
          [2, 0.6],
          [0.6, 1],
        ],
      }),
    },
  ])("$name is the image of its standard form: log p(x) = log p(z) - log |dx/dz|", ({ d }) => {
    const z = Float64Array.of(0.3, 1.2);
    const out = program((at: Tensor) => {
      const { base, forward, inverse } = d.standard!();
      const x = forward(at);
      // |det dx/dz| of a triangular map, by its columns.
      const column = (i: number) =>
        grad((v: Tensor) => forward(v).index(i))(at)
          .index(i)
          .abs()
          .log();
      const p = d.logProb(x);
      const q = base.logProb(at);
      return { change: column(0).add(column(1)), p: p.rank ? p.sum() : p, q: q.rank ? q.sum() : q, back: inverse(x) };
    })(z);
    expect(out.p.item()).toBeCloseTo(out.q.item() - out.change.item(), 12);
    expect([...out.back.data()]).toEqual([expect.closeTo(0.3, 12), expect.closeTo(1.2, 12)]);
  });

  test("the same key gives the same draws, and f64 draws are asked for by their type", () => {
    const d = plate(halfCauchy(2), 3);
    const draw = (seed: number) => program(() => d.sample(random.key(seed), [2], "f64"))();
    expect(draw(1).dtype).toBe("f64");
    expect(draw(1).data()).toEqual(draw(1).data());
    expect(draw(1).data()).not.toEqual(draw(2).data());
  });
});
