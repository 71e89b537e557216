import { bernoulliLogit, halfCauchy, logNormal, model, normal, observed, plate } from "@credence/core";
import { expandDims } from "@credence/tensor";
import { matrix } from "../data.ts";
import type { Data } from "../folder.ts";

/**
 * Two-parameter item response: y_ij ~ Bernoulli(sigmoid(a_i (theta_j - b_i))), theta ~ N(0, sigma_theta), a ~ log-normal(0, sigma_a),
 * b ~ N(mu_b, sigma_b), scales ~ half-Cauchy(2), mu_b ~ N(0, 5).
 */
export function irt2pl(data: Data) {
  const y = matrix(data, "y");
  const [items, people] = [y.length, y[0]!.length];
  return model(
    {
      sigma_theta: halfCauchy(2),
      theta: ({ sigma_theta }) => plate(normal(0, sigma_theta), people),
      sigma_a: halfCauchy(2),
      a: ({ sigma_a }) => plate(logNormal(0, sigma_a), items),
      mu_b: normal(0, 5),
      sigma_b: halfCauchy(2),
      b: ({ mu_b, sigma_b }) => plate(normal(mu_b, sigma_b), items),
    },
    ({ theta, a, b }) => observed(bernoulliLogit(expandDims(a, 1).mul(theta.sub(expandDims(b, 1)))), y),
  );
}
