import { concat, exp, lgamma, log, log1p, onesLike, program, random, type Tensor } from "@credence/tensor";
import { exactDraws } from "./exact-draws.ts";
import type { CheckedRegression, LinearRegression } from "./linear-regression.ts";
import { colour, factorOf, logSize, meanOf } from "./spread.ts";
import { cancelled, columnOf, keyOf, requireCount, scalar, tableOf } from "./table.ts";
import { covarianceOf, deviationDraws, logDensityOfDeviation, moments, predicted, whitened } from "./whitened.ts";

/**
 * Regression with w | sigma^2 ~ N(m, sigma^2 S), sigma^2 ~ inverse gamma(a, b). Posterior: sigma^2 ~ inverse gamma(a + n / 2, b + misfit / 2) with misfit
 * = (y - X m)^T (I + X S X^T)^-1 (y - X m), and w | sigma^2 normal with covariance sigma^2 (S^-1 + X^T X)^-1.
 * log p(y) = -n log(2 pi) / 2 - log det(I + X S X^T) / 2 + a log b - a' log b' + log Gamma(a') - log Gamma(a).
 */
export async function normalInverseGammaRegression(
  regression: CheckedRegression<{ readonly shape: number; readonly rate: number }>,
): Promise<LinearRegression> {
  const owner = "linearRegression";
  const { x, y, names, warnings } = regression;
  const [rows, columns] = x.shape as [number, number];
  const about = meanOf(owner, "prior", regression.prior.mean, columns);
  const factor = factorOf(owner, "prior", regression.prior, columns);
  const before = regression.noise;
  const { mean, relative, misfit, logEvidence, kept } = await solved.runAsync(
    [x, y, about, factor, scalar(before.shape), scalar(before.rate)],
    cancelled(regression.signal),
  );
  if (!Number.isFinite(logEvidence.item()))
    throw new RangeError(`${owner}: the posterior has no factor in double precision: the prior is beyond 1e15 noise sd wide; narrow it`);
  const noise = { shape: before.shape + rows / 2, rate: before.rate + misfit.item() / 2 };
  // E sigma^2; infinite for a shape of 1 or less, which one row with a prior shape below 1/2 leaves.
  const variance = noise.shape > 1 ? noise.rate / (noise.shape - 1) : Infinity;
  const [shape, rate, expected] = [scalar(noise.shape), scalar(noise.rate), scalar(variance)];
  const at = (other: Parameters<LinearRegression["predict"]>[0]) =>
    predicted.runAsync([tableOf(owner, "x", other, names), mean, kept.b, kept.lower, factor]);
  return {
    names,
    mean,
    sd: await spread.runAsync([relative, expected]),
    logEvidence: logEvidence.item(),
    noise,
    warnings,
    covariance: async () => scaled.runAsync([await covarianceOf.runAsync([kept.b, kept.lower, factor]), expected]),
    async predict(other) {
      const to = await at(other);
      return { mean: to.mean, ...(await split.runAsync([to.variance, expected])) };
    },
    async logPredictive(other, values) {
      const to = await at(other);
      return logStudent.runAsync([columnOf(owner, "y", values, to.mean.size), to.mean, to.variance, shape, rate]);
    },
    async sample(count, { seed }) {
      requireCount(owner, "count", count);
      const draw = program(
        (key: Tensor, k: { [K in keyof typeof kept]: Tensor }, m: Tensor, l: Tensor, a: Tensor, b: Tensor) => {
          const tau = random.gamma(random.fold(key, 2), a.broadcastTo([count]));
          const logSigma = log(b).sub(log(tau)).mul(0.5); // sigma^2 = b / tau
          const sigma = exp(logSigma);
          const d = deviationDraws(key, k.b, k.lower, count);
          const w = m.expandDims(1).add(colour(l, k.centre.add(d.mul(sigma)))).T;
          // log p(w | sigma) + log p(sigma^2) + log |d sigma^2 / d log sigma|, the last 2 sigma^2.
          const logDensity = logDensityOfDeviation(d, k.b, k.logDeterminant)
            .sub(logSize(l))
            .sub(logSigma.mul(columns))
            .add(a.mul(log(b)).sub(lgamma(a)))
            .sub(logSigma.mul(a.mul(2)))
            .sub(tau)
            .add(Math.LN2);
          const beside = (column: Tensor) => concat([w, column.expandDims(1)], 1).expandDims(0);
          return { draws: beside(sigma), unconstrained: beside(logSigma), logDensity: logDensity.expandDims(0) };
        },
        { name: "normal-inverse-gamma draws" },
      );
      return exactDraws([...names, "sigma"], await draw.runAsync([keyOf(owner, seed), kept, about, factor, shape, rate]), warnings);
    },
  };
}

/** The posterior in units of sigma, and the evidence. */
const solved = program(
  (operator: Tensor, data: Tensor, mean: Tensor, prior: Tensor, shape: Tensor, rate: Tensor) => {
    const model = { operator, data, mean, prior, noise: onesLike(data) };
    const white = whitened(model);
    const { lower, misfit, logDeterminant, mean: centre } = white.conditioned;
    const { mean: posterior, variance } = moments(model, white);
    const after = shape.add(data.size / 2);
    const logEvidence = logDeterminant
      .neg()
      .sub(0.5 * data.size * Math.log(2 * Math.PI))
      .add(shape.mul(log(rate)).sub(after.mul(log(rate.add(misfit.mul(0.5))))))
      .add(lgamma(after).sub(lgamma(shape)));
    return { mean: posterior, relative: variance, misfit, logEvidence, kept: { b: white.b, lower, logDeterminant, centre } };
  },
  { name: "normal-inverse-gamma regression" },
);

const spread = program((relative: Tensor, variance: Tensor) => relative.mul(variance).sqrt());
const scaled = program((relative: Tensor, variance: Tensor) => relative.mul(variance));

const split = program((relative: Tensor, variance: Tensor) => {
  const [aleatoric, epistemic] = [variance.broadcastTo(relative.shape), relative.mul(variance)];
  return { variance: epistemic.add(aleatoric), aleatoric, epistemic };
});

/** log of the Student t density of 2 a degrees of freedom, squared scale b (1 + relative) / a. */
const logStudent = program((y: Tensor, mean: Tensor, relative: Tensor, a: Tensor, b: Tensor) => {
  const twice = relative.add(1).mul(b).mul(2);
  const tail = log1p(y.sub(mean).square().div(twice)).mul(a.add(0.5));
  return lgamma(a.add(0.5))
    .sub(lgamma(a))
    .sub(log(twice.mul(Math.PI)).mul(0.5))
    .sub(tail);
});
