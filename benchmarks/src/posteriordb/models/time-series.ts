import { flat, halfCauchy, model, normal, observed, plate } from "@credence/core";
import { array, concat, constant, linearRecurrence, matmul } from "@credence/tensor";
import { number, vector } from "../data.ts";
import type { Data } from "../folder.ts";

const f64 = (values: readonly number[] | readonly (readonly number[])[]) => array(values as number[], { dtype: "f64" });

/** y_t ~ N(alpha + sum_k beta_k y_(t-k), sigma) for t > K; alpha, beta ~ N(0, 10), sigma ~ half-Cauchy(2.5). */
export function arK(data: Data) {
  const [y, order] = [vector(data, "y"), number(data, "K")];
  const later = y.slice(order);
  const lags = f64(later.map((_, t) => Array.from({ length: order }, (_, k) => y[t + order - 1 - k]!)));
  return model({ alpha: normal(0, 10), beta: plate(normal(0, 10), order), sigma: halfCauchy(2.5) }, ({ alpha, beta, sigma }) =>
    observed(normal(alpha.add(matmul(lags, beta)), sigma), later),
  );
}

/**
 * Innovations e_t = y_t - mu - phi y_(t-1) - theta e_(t-1) ~ N(0, sigma), e_1 = y_1 - mu - phi mu; mu ~ N(0, 10), phi, theta ~ N(0, 2),
 * sigma ~ half-Cauchy(2.5).
 */
export function arma11(data: Data) {
  const y = vector(data, "y");
  const [now, before] = [f64(y), f64(y.slice(0, -1))];
  return model({ mu: normal(0, 10), phi: normal(0, 2), theta: normal(0, 2), sigma: halfCauchy(2.5) }, ({ mu, phi, theta, sigma }) => {
    const previous = concat([mu.reshape([1]), constant(before)]);
    const innovation = linearRecurrence(theta.neg(), constant(now).sub(mu).sub(phi.mul(previous)));
    return { y: normal(0, sigma).logProb(innovation) };
  });
}

/** Variances s_t^2 = alpha0 + alpha1 (y_(t-1) - mu)^2 + beta1 s_(t-1)^2 from s_1 = sigma1; y_t ~ N(mu, s_t); flat where alpha1 + beta1 < 1. */
export function garch11(data: Data) {
  const [y, sigma1] = [vector(data, "y"), number(data, "sigma1")];
  const before = f64(y.slice(0, -1));
  return model(
    {
      mu: flat(),
      alpha0: flat({ low: 0 }),
      alpha1: flat({ low: 0, high: 1 }),
      beta1: ({ alpha1 }) => flat({ low: 0, high: alpha1.neg().add(1) }),
    },
    ({ mu, alpha0, alpha1, beta1 }) => {
      const shock = alpha0.add(alpha1.mul(constant(before).sub(mu).square()));
      const variance = linearRecurrence(beta1, concat([constant(f64([sigma1 ** 2])), shock]));
      return observed(normal(mu, variance.sqrt()), y);
    },
  );
}
