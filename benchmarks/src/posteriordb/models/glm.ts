import { binomialLogit, gamma, model, normal, observed, plate, poissonLog, uniform } from "@credence/core";
import { array, constant, reciprocal } from "@credence/tensor";
import { vector } from "../data.ts";
import type { Data } from "../folder.ts";

/** Counts of falcons: C ~ Poisson(exp(alpha + beta_1 x + beta_2 x^2 + beta_3 x^3)), uniform on boxes (Kery and Schaub 2011, section 3.3). */
export function glmPoisson(data: Data) {
  const year = array(vector(data, "year"), { dtype: "f64" });
  const slope = uniform(-10, 10);
  return model({ alpha: uniform(-20, 20), beta1: slope, beta2: slope, beta3: slope }, ({ alpha, beta1, beta2, beta3 }) => {
    const x = constant(year);
    return observed(poissonLog(alpha.add(x.mul(beta1.add(x.mul(beta2.add(x.mul(beta3))))))), vector(data, "C"));
  });
}

/**
 * Seeds that germinate: n_i ~ Binomial(N_i, sigmoid(alpha0 + alpha1 x1 + alpha2 x2 + alpha12 x1 x2 + b_i)), b_i ~ N(0, tau^-1/2),
 * alpha ~ N(0, 1000), tau ~ Gamma(0.001, rate 0.001) (Crowder 1978).
 */
export function seeds(data: Data) {
  const [x1, x2] = ["x1", "x2"].map((name) => array(vector(data, name), { dtype: "f64" }));
  const trials = vector(data, "N");
  const wide = normal(0, 1000);
  return model(
    {
      alpha0: wide,
      alpha1: wide,
      alpha12: wide,
      alpha2: wide,
      tau: gamma(1e-3, 1e-3),
      b: ({ tau }) => plate(normal(0, reciprocal(tau.sqrt())), trials.length),
    },
    ({ alpha0, alpha1, alpha12, alpha2, b }) => {
      const [first, second] = [constant(x1!), constant(x2!)];
      const logit = alpha0
        .add(alpha1.mul(first))
        .add(alpha2.mul(second))
        .add(alpha12.mul(first.mul(second)))
        .add(b);
      return observed(binomialLogit(trials, logit), vector(data, "n"));
    },
    { derived: ({ tau }) => ({ sigma: reciprocal(tau.sqrt()) }) },
  );
}
