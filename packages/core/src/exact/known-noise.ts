import { log, program, type Tensor } from "@credence/tensor";
import { linearGaussian } from "./linear-gaussian.ts";
import type { CheckedRegression, LinearRegression } from "./linear-regression.ts";
import { cancelled, columnOf, scalar } from "./table.ts";

/** Regression with noise of known sd: a linear-Gaussian model, with noise added to what it predicts. */
export async function knownNoise(regression: CheckedRegression<{ readonly sd: number }>): Promise<LinearRegression> {
  const { x, y, names, prior, noise, warnings } = regression;
  const posterior = await linearGaussian({ operator: x, data: y, prior, noise, names, ...cancelled(regression.signal) });
  const noiseVariance = scalar(noise.sd ** 2);
  return {
    names,
    mean: posterior.mean,
    sd: posterior.sd,
    logEvidence: posterior.logEvidence,
    noise,
    warnings,
    covariance: posterior.covariance,
    async predict(other) {
      const { mean, variance } = await posterior.predict(other);
      return { mean, ...(await withNoise.runAsync([variance, noiseVariance])) };
    },
    async logPredictive(other, values) {
      const { mean, variance } = await posterior.predict(other);
      return logNormal.runAsync([columnOf("linearRegression", "y", values, mean.size), mean, variance, noiseVariance]);
    },
    sample: async (count, options) => ({ ...(await posterior.sample(count, options)), warnings }),
  };
}

const withNoise = program((epistemic: Tensor, noise: Tensor) => {
  const aleatoric = noise.broadcastTo(epistemic.shape);
  return { variance: epistemic.add(aleatoric), aleatoric, epistemic };
});

const logNormal = program((y: Tensor, mean: Tensor, epistemic: Tensor, noise: Tensor) => {
  const variance = epistemic.add(noise);
  return y
    .sub(mean)
    .square()
    .div(variance)
    .add(log(variance))
    .add(Math.log(2 * Math.PI))
    .mul(-0.5);
});
