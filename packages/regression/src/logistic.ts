import { bernoulliLogit, type Data, type Model, model, normal, observed, plate } from "@credence/core";
import { matmul, type NdArray, type Tensor } from "@credence/tensor";
import { labelsOf, prepare, type RegressionData, type RegressionModel, requireSpread } from "./regression-model.ts";
import { separationWarning } from "./separation.ts";

export interface LogisticPrior {
  /** Standard deviation of each coefficient of a standardised feature, logits; 1 unless given. */
  readonly coefficientSd?: number;
  /** Standard deviation of the intercept, logits; 2.5 unless given. */
  readonly interceptSd?: number;
}

export interface LogisticModel extends RegressionModel<"alpha" | "beta"> {
  /** Standard deviations of the priors of alpha and of each beta. */
  readonly prior: Required<LogisticPrior>;
}

/**
 * Logistic regression: y_i ~ Bernoulli(1 / (1 + exp(-(alpha + x_i beta)))), with normal priors of mean 0. Quantities: alpha, beta[D], logits per
 * standard deviation of the feature. `warnings` says where the features tell the classes apart without an error.
 */
export async function logisticModel(data: RegressionData, prior: LogisticPrior = {}): Promise<LogisticModel> {
  const coefficientSd = requireSpread("coefficientSd", prior.coefficientSd ?? 1);
  const interceptSd = requireSpread("interceptSd", prior.interceptSd ?? 2.5);
  const { features, x, outcome, warnings } = await prepare("binary", data);
  const separated = await separationWarning(features, outcome);
  const built = logisticOf(x, { interceptSd, coefficientSd }, outcome);
  return {
    features,
    x,
    outcome,
    model: built,
    labels: labelsOf(built.names, features),
    warnings: [...warnings, ...(separated === undefined ? [] : [separated])],
    prior: { interceptSd, coefficientSd },
  };
}

/** The model alone, of features x [rows, D] and an outcome that may be traced. */
export const logisticOf = (x: NdArray, prior: Required<LogisticPrior>, outcome: Data | Tensor): Model<"alpha" | "beta"> =>
  model({ alpha: normal(0, prior.interceptSd), beta: plate(normal(0, prior.coefficientSd), x.shape[1]!) }, ({ alpha, beta }) => ({
    y: observed(bernoulliLogit(matmul(x, beta).add(alpha)), outcome),
  }));
