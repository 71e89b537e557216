import { describe, expect, test } from "vitest";
import { splitVariance } from "../../predictive/split-variance.ts";
import { linearRegression } from "../linear-regression.ts";
import { fitGaussianProcess } from "./fit-gaussian-process.ts";
import { gaussianProcess } from "./gaussian-process.ts";
import { type Kernel, productOfKernels, sumOfKernels } from "./kernel.ts";
import { linearKernel, matern12, matern32, matern52, periodic, squaredExponential } from "./stationary.ts";

const x = [
  [0, 0.2],
  [0.5, -0.4],
  [1.1, 0.9],
  [1.7, 0.1],
  [2.6, -1.2],
  [3.1, 0.6],
  [4, -0.3],
];
const y = [0.1, 0.6, 1, 0.7, -0.2, -0.5, -1.1];
const places = [
  [0.8, 0],
  [5, 1],
];
const options = { amplitude: 1.3, lengthScale: [0.9, 1.7] };
const cycle = { amplitude: 1.3, period: 2.5, lengthScale: 0.8 };

// Log evidence, means and variances of the function from NumPy and SciPy's multivariate normal.
const cases: readonly [Kernel, number, readonly number[], readonly number[]][] = [
  [squaredExponential(options), -7.547606577603261, [0.8442481115246898, -0.4330070798826187], [0.07648889671343984, 1.3902982576186522]],
  [matern12(options), -8.654533733399761, [0.6630698564762949, -0.28541435936824355], [0.7721908556736771, 1.5760772175195077]],
  [matern32(options), -8.215035875234456, [0.8069683018113243, -0.34426284032669974], [0.3034230527551427, 1.5161156309643518]],
  [matern52(options), -8.022008902255665, [0.8366748255467175, -0.3656443042410296], [0.18907652448010537, 1.4876183012039532]],
  [periodic(cycle), -9.617282814290629, [0.05982323350675489, -0.15065283998899553], [1.4567909502241483, 1.0282492596910937]],
  [
    sumOfKernels(squaredExponential(options), periodic(cycle)),
    -10.800969835863938,
    [0.5987629417623643, -0.3198956314045866],
    [1.7684148797247525, 2.9019353415087847],
  ],
  [
    productOfKernels(squaredExponential(options), periodic(cycle)),
    -10.730520867612753,
    [0.23970287393281395, -0.008547823242365077],
    [2.6021946147024533, 2.855554823304928],
  ],
];

describe("Gaussian process regression", () => {
  test.each(cases)("evidence and predictions with kernel $name agree with SciPy", async (kernel, logEvidence, mean, variance) => {
    const process = await gaussianProcess({ x, y, kernel, noise: 0.2 });
    expect(process.logEvidence).toBeCloseTo(logEvidence, 11);
    const at = await process.predict(places);
    expect([...at.mean.data()]).toEqual(mean.map((v) => expect.closeTo(v, 11)));
    expect([...at.epistemic.data()]).toEqual(variance.map((v) => expect.closeTo(v, 11)));
    expect([...at.aleatoric.data()]).toEqual([expect.closeTo(0.04, 14), expect.closeTo(0.04, 14)]);
    expect([...at.variance.data()]).toEqual(variance.map((v) => expect.closeTo(v + 0.04, 11)));
    // The slope, from the engine, beside central differences of the evidence in each logarithm.
    const step = 1e-5;
    for (const [i, { name }] of kernel.parameters.entries()) {
      const moved = async (by: number) => {
        const parameters = kernel.parameters.map((p, j) => ({ ...p, value: j === i ? p.value * Math.exp(by) : p.value }));
        return (await gaussianProcess({ x, y, kernel: { ...kernel, parameters }, noise: 0.2 })).logEvidence;
      };
      const difference = ((await moved(step)) - (await moved(-step))) / (2 * step);
      expect(process.logEvidenceSlope[name], name).toBeCloseTo(difference, 7); // error of the difference: step^2 and 1e-15 / step
    }
  });

  test("a linear kernel is Bayesian linear regression", async () => {
    const process = await gaussianProcess({ x, y, kernel: linearKernel({ sd: 1.5 }), noise: 0.4 });
    const regression = await linearRegression({ x, y, prior: { sd: 1.5 }, noise: { sd: 0.4 } });
    expect(process.logEvidence).toBeCloseTo(regression.logEvidence, 11);
    const [ours, theirs] = [await process.predict(places), await regression.predict(places)];
    for (const part of ["mean", "variance", "aleatoric", "epistemic"] as const)
      expect([...ours[part].data()]).toEqual([...theirs[part].data()].map((v) => expect.closeTo(v, 11)));
  });

  test("draws of the function have its mean and covariance, and give back the parts of the predictive variance", async () => {
    const process = await gaussianProcess({ x, y, kernel: matern52(options), noise: 0.2, mean: 0.3 });
    const count = 40_000;
    const sample = await process.sample(places, count, { seed: 2 });
    expect(sample.names).toEqual(["f[0]", "f[1]"]);
    const f = sample.draws.data();
    const { mean, covariance } = await process.functionAt(places);
    const [m, c] = [mean.data(), covariance.data()];
    const centred = Array.from({ length: count }, (_, s) => [f[2 * s]! - m[0]!, f[2 * s + 1]! - m[1]!] as const);
    const cross = centred.reduce((sum, [p, q]) => sum + p * q, 0) / count;
    expect(Math.abs(cross - c[1]!)).toBeLessThan(5 * Math.sqrt((c[0]! * c[3]! + c[1]! ** 2) / count));
    const parts = await splitVariance({ means: Array.from({ length: count }, (_, s) => [f[2 * s]!, f[2 * s + 1]!]), variances: 0.04 });
    const exact = await process.predict(places);
    for (const i of [0, 1]) {
      // Five standard errors of a variance of normal draws, sqrt(2 / S) of it.
      expect(Math.abs(parts.epistemic.data()[i]! / exact.epistemic.data()[i]! - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
      expect(parts.aleatoric.data()[i]).toBeCloseTo(exact.aleatoric.data()[i]!, 12);
      expect(exact.epistemic.data()[i]).toBeCloseTo(c[3 * i]!, 12);
    }
  });

  test("leaving a row out is fitting without it", async () => {
    const kernel = squaredExponential(options);
    const left = await (await gaussianProcess({ x, y, kernel, noise: 0.2 })).leaveOneOut();
    const without = await gaussianProcess({ x: x.toSpliced(2, 1), y: y.toSpliced(2, 1), kernel, noise: 0.2 });
    const at = await without.predict([x[2]!]);
    const [mean, variance] = [at.mean.item(), at.variance.item()];
    expect(left.mean.data()[2]).toBeCloseTo(mean, 11);
    expect(left.variance.data()[2]).toBeCloseTo(variance, 11);
    expect(left.logDensity.data()[2]).toBeCloseTo(-0.5 * (Math.log(2 * Math.PI * variance) + (y[2]! - mean) ** 2 / variance), 11);
  });

  test("a signal ends the run", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(gaussianProcess({ x, y, kernel: squaredExponential(), noise: 0.2, signal })).rejects.toThrow("enough");
    await expect(fitGaussianProcess({ x, y, kernel: squaredExponential(), noise: 0.2, signal })).rejects.toThrow("enough");
  });

  test("one row", async () => {
    const process = await gaussianProcess({ x: [[1]], y: [2], kernel: squaredExponential({ amplitude: 2 }), noise: 1 });
    expect(process.logEvidence).toBeCloseTo(-0.5 * Math.log(2 * Math.PI * 5) - 0.4, 13);
    expect((await process.predict([[1]])).mean.item()).toBeCloseTo(1.6, 13);
  });

  test("bad input is refused by name", async () => {
    const good = { x, y, names: ["east", "north"], kernel: squaredExponential(), noise: 0.2 };
    await expect(gaussianProcess({ ...good, x: x.with(1, [NaN, 0]) })).rejects.toThrow("got NaN in row 1, column east");
    await expect(gaussianProcess({ ...good, kernel: squaredExponential({ lengthScale: [1] }) })).rejects.toThrow(
      "the kernel has length scales for 1 columns, x has 2 (east, north)",
    );
    await expect(gaussianProcess({ ...good, noise: 0 })).rejects.toThrow("noise must be > 0 and finite, got 0");
    const same = { ...good, x: x.with(1, x[0]!), noise: 1e-9 };
    await expect(gaussianProcess(same)).rejects.toThrow("singular in double precision: noise 1.00e-9");
    expect(() => squaredExponential({ lengthScale: 0 })).toThrow("squaredExponential: lengthScale must be > 0");
    expect(() => sumOfKernels()).toThrow("expected at least one kernel");
  });
});

describe("kernel parameters by the evidence", () => {
  const line = Array.from({ length: 20 }, (_, i) => (5 * i) / 19);
  const wave = line.map((v, i) => Math.sin(1.3 * v) + 0.1 * Math.sin(12.9898 * (i + 1) ** 2));

  test("the maximum is SciPy's, and its slope is 0", async () => {
    const fit = await fitGaussianProcess({ x: line.map((v) => [v]), y: wave, kernel: squaredExponential(), noise: 0.5 });
    expect(fit.logEvidence).toBeCloseTo(7.215077768304427, 8);
    expect(fit.parameters["squaredExponential.amplitude"]).toBeCloseTo(0.9155001, 4); // SciPy's BFGS stops at a gradient of 1e-8 of its own
    expect(fit.parameters["squaredExponential.lengthScale"]).toBeCloseTo(1.33278236, 4);
    expect(fit.parameters.noise).toBeCloseTo(0.08047731, 4);
    for (const slope of Object.values(fit.logEvidenceSlope)) expect(Math.abs(slope)).toBeLessThan(1e-5);
    expect(fit.starts).toHaveLength(5);
    expect(Math.max(...fit.starts.map((s) => s.logEvidence))).toBeCloseTo(fit.logEvidence, 10);
    expect(fit.warnings).toEqual([]);
  });

  test("a column that does not matter gets a length scale beyond the data, and one without variation is named", async () => {
    const rows = line.map((v, i) => [v, Math.sin(78.233 * (i + 1) ** 2), 7]);
    const fit = await fitGaussianProcess({
      x: rows,
      y: wave,
      names: ["time", "idle", "same"],
      kernel: squaredExponential({ lengthScale: [1, 1, 1] }),
      noise: 0.2,
    });
    expect(fit.parameters["squaredExponential.lengthScale[1]"]!).toBeGreaterThan(5 * fit.parameters["squaredExponential.lengthScale[0]"]!);
    expect(fit.warnings[0]).toBe("column same has the same value in every row: the data say nothing of its length scale");
  });

  test("y without variation is refused: its evidence has no maximum", async () => {
    const fit = fitGaussianProcess({ x: line.map((v) => [v]), y: line.map(() => 0), kernel: squaredExponential(), noise: 0.5 });
    await expect(fit).rejects.toThrow("y is the same number in every row");
  });
});
