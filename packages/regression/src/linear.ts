import { inverseGamma, type LinearRegression, linearRegression, model, normal, observed, plate } from "@credence/core";
import { concat, type NdArray, ones, program, sqrt, type Tensor } from "@credence/tensor";
import { momentsOf } from "./features.ts";
import { labelsOf, prepare, type RegressionData, type RegressionModel, requireSpread } from "./regression-model.ts";

export interface LinearPrior {
  /** Standard deviation of each coefficient of a standardised feature, and of the intercept about the mean outcome, in units of sigma; 10 unless given. */
  readonly relativeSd?: number;
}

export interface LinearModel extends RegressionModel<"alpha" | "beta" | "variance"> {
  /** The posterior in closed form: the same model, the same priors. Coefficients in the order of `labels`, then `sigma`. */
  exact(): Promise<LinearRegression>;
}

/**
 * Linear regression with noise of unknown size:
 *
 *     y_i ~ N(alpha + x_i beta, sigma²),  alpha - mean(y), beta_d ~ N(0, (s sigma)²),  sigma² ~ inverse gamma(1, var y)
 *
 * Quantities: alpha, beta[D], variance, sigma, in units of the outcome per standard deviation of the feature. The prior is conjugate, so that
 * `exact` answers in closed form (Gelman et al. 2013, chapter 14) what `model` is sampled or fitted for.
 */
export async function linearModel(data: RegressionData, prior: LinearPrior = {}): Promise<LinearModel> {
  const relativeSd = requireSpread("relativeSd", prior.relativeSd ?? 10);
  const { features, x, outcome, warnings, linearPredictor } = await prepare("real", data);
  const { mean, sd } = momentsOf(outcome);
  const width = features.names.length;
  const scale = (variance: Tensor): Tensor => sqrt(variance).mul(relativeSd);
  const built = model(
    {
      variance: inverseGamma(1, sd ** 2),
      alpha: ({ variance }) => normal(mean, scale(variance)),
      beta: ({ variance }) => plate(normal(0, scale(variance)), width),
    },
    ({ alpha, beta, variance }) => ({ y: observed(normal(linearPredictor({ alpha, beta }), sqrt(variance)), outcome) }),
    { derived: ({ variance }) => ({ sigma: sqrt(variance) }) },
  );
  const labels = labelsOf(built.names, features);
  return {
    features,
    x,
    outcome,
    model: built,
    labels,
    warnings,
    exact: () =>
      linearRegression({
        x: withOnes(x),
        y: outcome,
        names: ["intercept", ...features.names],
        prior: { mean: [mean, ...features.names.map(() => 0)], sd: relativeSd },
        noise: { shape: 1, rate: sd ** 2 },
      }),
  };
}

/** A first column of ones: [rows, 1 + D]. */
export const withOnes = program((x: Tensor): Tensor => concat([ones([x.shape[0]!, 1], "f64"), x], 1), { name: "column of ones" }) as (
  x: NdArray,
) => NdArray;
