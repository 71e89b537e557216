import { flat, model, normal, observed, plate } from "@credence/core";
import { array, constant, take } from "@credence/tensor";
import { indices, number, vector } from "../data.ts";
import type { Data } from "../folder.ts";

/**
 * Weights of rats: y ~ N(alpha_r + beta_r (x - 22 days), sigma_y), alpha_r ~ N(mu_alpha, sigma_alpha), beta_r ~ N(mu_beta, sigma_beta),
 * mu ~ N(0, 100), standard deviations flat (Gelfand et al. 1990).
 */
export function rats(data: Data) {
  const [n, centre] = [number(data, "N"), number(data, "xbar")];
  const rat = array(indices(data, "rat"));
  const age = array(
    vector(data, "x").map((x) => x - centre),
    { dtype: "f64" },
  );
  const positive = flat({ low: 0 });
  return model(
    {
      mu_alpha: normal(0, 100),
      mu_beta: normal(0, 100),
      sigma_y: positive,
      sigma_alpha: positive,
      sigma_beta: positive,
      alpha: ({ mu_alpha, sigma_alpha }) => plate(normal(mu_alpha, sigma_alpha), n),
      beta: ({ mu_beta, sigma_beta }) => plate(normal(mu_beta, sigma_beta), n),
    },
    ({ alpha, beta, sigma_y }) => observed(normal(take(alpha, rat).add(take(beta, rat).mul(constant(age))), sigma_y), vector(data, "y")),
  );
}
