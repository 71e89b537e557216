import { gamma, halfNormal, model, normal, observed, plate, studentT } from "@credence/core";
import { momentsOf } from "./features.ts";
import { labelsOf, prepare, type RegressionData, type RegressionModel, requireSpread } from "./regression-model.ts";

export interface RobustPrior {
  /** Standard deviation of each coefficient of a standardised feature in standard deviations of the outcome; 2.5 unless given. */
  readonly relativeSd?: number;
}

/**
 * Linear regression that outliers do not pull: Student-t noise whose tail is inferred.
 *
 *     y_i ~ t_nu(alpha + x_i beta, sigma),  alpha ~ N(mean y, (10 s_y)²),  beta_d ~ N(0, (s s_y)²),  sigma ~ half-N(s_y),  nu ~ gamma(2, 0.1)
 *
 * The prior of nu is that of Juárez and Steel (Journal of Business and Economic Statistics 28, 2010): from outliers at every turn (2) to none (40).
 * Quantities: alpha, beta[D], sigma, nu. sigma is the scale of the bulk, smaller than the standard deviation where nu is small.
 */
export async function robustModel(
  data: RegressionData,
  prior: RobustPrior = {},
): Promise<RegressionModel<"alpha" | "beta" | "sigma" | "nu">> {
  const relativeSd = requireSpread("relativeSd", prior.relativeSd ?? 2.5);
  const { features, x, outcome, warnings, linearPredictor } = await prepare("real", data);
  const { mean, sd } = momentsOf(outcome);
  const built = model(
    {
      alpha: normal(mean, 10 * sd),
      beta: plate(normal(0, relativeSd * sd), features.names.length),
      sigma: halfNormal(sd),
      nu: gamma(2, 0.1),
    },
    ({ alpha, beta, sigma, nu }) => ({ y: observed(studentT(nu, linearPredictor({ alpha, beta }), sigma), outcome) }),
  );
  return { features, x, outcome, model: built, labels: labelsOf(built.names, features), warnings };
}
