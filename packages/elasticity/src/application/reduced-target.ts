import { densityTarget, type Target } from "@credence/core";
import { constant, log, logicalAnd, random, stack, type Tensor, where } from "@credence/tensor";
import type { DisplacementModel } from "../oracle/displacement-model.ts";
import { logLikelihoodOf, type Misfit } from "../oracle/misfit.ts";
import { materialsOf, type NormalMaterial } from "./coordinates.ts";

/**
 * A posterior of lambda and mu for samplers: the likelihood of a reduced model with a flat prior over (lambda, mu), in the coordinates in which `about` is standard.
 *
 * @param about roughly the posterior: it changes how long chains need, and not what they find
 */
export function reducedTarget(misfit: Misfit, about: NormalMaterial): Target {
  const [low, high] = misfit.model.poisson.map((nu) => -Math.log(1 - 2 * nu)) as [number, number];
  return densityTarget({
    parameters: ["z[0]", "z[1]"],
    logDensity(z) {
      const { lambda, mu, t } = materialsOf(about, z.expandDims(0));
      const parts = {
        gram: constant(misfit.gram),
        centre: constant(misfit.centre),
        moment: constant(misfit.moment),
        chiSquare: constant(misfit.chiSquare, "f64"),
        logScale: constant(misfit.logScale, "f64"),
      };
      // d lambda d mu = mu^2 e^t d log E dt.
      const value = logLikelihoodOf(misfit.model, parts, lambda, mu).add(log(mu).mul(2)).add(t);
      return where(logicalAnd(t.greaterEqual(low), t.lessEqual(high)), value, -1e300).squeeze(0);
    },
    quantities: { names: ["lambda", "mu"], of: (z) => pairOf(about, z) },
    initial: (key, n) => random.normal(key, [n, 2], { dtype: "f64" }),
  });
}

/**
 * The posterior of a material with a normal prior, given readings with one sd that come as an argument, [S d]: for the calibration of a sampler over many data sets. Its
 * coordinates are those in which the prior is standard.
 */
export function targetOfReadings(model: DisplacementModel, noiseSd: number, prior: NormalMaterial): (readings: Tensor) => Target {
  const count = model.coefficients.shape[1]!;
  return (readings) =>
    densityTarget({
      parameters: ["z[0]", "z[1]"],
      logDensity(z) {
        const { lambda, mu } = materialsOf(prior, z.expandDims(0));
        const predicted = model.features(lambda, mu).matmul(constant(model.coefficients)).reshape([count]);
        const misfit = readings
          .reshape([count])
          .sub(predicted)
          .square()
          .sum()
          .div(noiseSd ** 2);
        return misfit.add(z.square().sum()).mul(-0.5);
      },
      quantities: { names: ["lambda", "mu"], of: (z) => pairOf(prior, z) },
      initial: (key, n) => random.normal(key, [n, 2], { dtype: "f64" }).mul(0.3),
    });
}

function pairOf(normal: NormalMaterial, z: Tensor): Tensor {
  const { lambda, mu } = materialsOf(normal, z.expandDims(0));
  return stack([lambda, mu], 1).squeeze(0);
}
