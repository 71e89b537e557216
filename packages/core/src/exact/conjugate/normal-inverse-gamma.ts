import { concat, exp, lgamma, log, program, random, type Tensor } from "@credence/tensor";
import { logGamma } from "../../check/gamma-function.ts";
import type { Draws } from "../../model/draws.ts";
import { exactDraws } from "../exact-draws.ts";
import { type Column, columnOf, keyOf, requireCount, requirePositive, scalar } from "../table.ts";
import { meanAndScatter } from "./normal-normal.ts";
import { type ConjugatePosterior, moments } from "./pair.ts";

/** mu | sigma^2 ~ N(mean, sigma^2 / weight), sigma^2 ~ inverse gamma(shape, rate). */
export interface NormalInverseGammaParameters {
  readonly mean: number;
  /** Data that the prior mean is worth. */
  readonly weight: number;
  readonly shape: number;
  readonly rate: number;
}

/**
 * x ~ N(mu, sigma^2), both unknown: posterior normal-inverse-gamma; new data are Student t. `mean` and `variance` are those of mu. Murphy 2007, "Conjugate
 * Bayesian analysis of the Gaussian distribution".
 */
export function normalInverseGamma(data: {
  readonly prior: NormalInverseGammaParameters;
  readonly x: Column;
}): ConjugatePosterior<NormalInverseGammaParameters, []> {
  const owner = "normalInverseGamma";
  const { prior } = data;
  for (const name of ["weight", "shape", "rate"] as const) requirePositive(owner, `prior.${name}`, prior[name]);
  if (!Number.isFinite(prior.mean)) throw new RangeError(`${owner}: prior.mean must be finite, got ${prior.mean}`);
  const x = columnOf(owner, "x", data.x).data();
  const { mean: centre, scatter } = meanAndScatter(x);
  const n = x.length;
  const weight = prior.weight + n;
  const mean = (prior.weight * prior.mean + n * centre) / weight;
  const shape = prior.shape + n / 2;
  const rate = prior.rate + 0.5 * (scatter + (prior.weight * n * (centre - prior.mean) ** 2) / weight);
  const logEvidence =
    prior.shape * Math.log(prior.rate) -
    shape * Math.log(rate) +
    logGamma(shape) -
    logGamma(prior.shape) +
    0.5 * Math.log(prior.weight / weight) -
    0.5 * n * Math.log(2 * Math.PI);
  const noise = shape > 1 ? rate / (shape - 1) : Infinity;
  return {
    posterior: { mean, weight, shape, rate },
    logEvidence,
    mean,
    variance: noise / weight,
    predict: () => moments(mean, noise, noise / weight),
    logPredictive(value) {
      const twice = 2 * rate * (1 + 1 / weight);
      return (
        logGamma(shape + 0.5) - logGamma(shape) - 0.5 * Math.log(Math.PI * twice) - (shape + 0.5) * Math.log1p((value - mean) ** 2 / twice)
      );
    },
    sample: (count, { seed }) => drawn({ mean, weight, shape, rate }, count, seed),
  };
}

async function drawn({ mean, weight, shape, rate }: NormalInverseGammaParameters, count: number, seed: number): Promise<Draws> {
  requireCount("normalInverseGamma", "count", count);
  const draw = program((key: Tensor, m: Tensor, kappa: Tensor, a: Tensor, b: Tensor) => {
    const tau = random.gamma(random.fold(key, 0), a.broadcastTo([count]));
    const logSigma = log(b).sub(log(tau)).mul(0.5);
    const z = random.normal(random.fold(key, 1), [count], { dtype: "f64" });
    const mu = m.add(z.mul(exp(logSigma)).div(kappa.sqrt()));
    // log N(mu | m, sigma^2 / kappa) + log inverse gamma(sigma^2) + log(2 sigma^2)
    const logDensity = z
      .square()
      .mul(-0.5)
      .add(
        log(kappa)
          .sub(Math.log(2 * Math.PI))
          .mul(0.5),
      )
      .sub(logSigma)
      .add(a.mul(log(b)).sub(lgamma(a)))
      .sub(logSigma.mul(a.mul(2)))
      .sub(tau)
      .add(Math.LN2);
    const beside = (column: Tensor) => concat([mu.expandDims(1), column.expandDims(1)], 1).expandDims(0);
    return { draws: beside(exp(logSigma)), unconstrained: beside(logSigma), logDensity: logDensity.expandDims(0) };
  });
  const sampled = await draw.runAsync([keyOf("normalInverseGamma", seed), scalar(mean), scalar(weight), scalar(shape), scalar(rate)]);
  return exactDraws(["mu", "sigma"], sampled);
}
