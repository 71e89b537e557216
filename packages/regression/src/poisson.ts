import { type Data, type Model, model, normal, observed, plate, poissonLog } from "@credence/core";
import { matmul, type NdArray, type Tensor } from "@credence/tensor";
import { momentsOf } from "./features.ts";
import { labelsOf, prepare, type RegressionData, type RegressionModel, requireSpread } from "./regression-model.ts";

export interface PoissonPrior {
  /** Standard deviation of each coefficient of a standardised feature, on the log scale; 1 unless given. */
  readonly coefficientSd?: number;
}

export interface PoissonModel extends RegressionModel<"alpha" | "beta"> {
  readonly prior: { readonly logMean: number; readonly coefficientSd: number };
}

/**
 * Poisson regression: y_i ~ Poisson(exp(alpha + x_i beta)), alpha ~ N(log mean(y), 1), beta_d ~ N(0, s²). Quantities: alpha, beta[D]; exp(beta) is the
 * factor by which counts grow per standard deviation of the feature.
 */
export async function poissonModel(data: RegressionData, prior: PoissonPrior = {}): Promise<PoissonModel> {
  const coefficientSd = requireSpread("coefficientSd", prior.coefficientSd ?? 1);
  const { features, x, outcome, warnings } = await prepare("count", data);
  const { mean } = momentsOf(outcome);
  if (mean === 0) throw new RangeError("outcome: it is 0 in every row: counts without one event tell only that the rate is small");
  const scale = { logMean: Math.log(mean), coefficientSd };
  const built = poissonOf(x, scale, outcome);
  return { features, x, outcome, model: built, labels: labelsOf(built.names, features), warnings, prior: scale };
}

/** The model alone, of features x [rows, D] and an outcome that may be traced. */
export const poissonOf = (x: NdArray, prior: PoissonModel["prior"], outcome: Data | Tensor): Model<"alpha" | "beta"> =>
  model({ alpha: normal(prior.logMean, 1), beta: plate(normal(0, prior.coefficientSd), x.shape[1]!) }, ({ alpha, beta }) => ({
    y: observed(poissonLog(matmul(x, beta).add(alpha)), outcome),
  }));
