import { cast, clamp, index, mul, neg, ones, random, sub, type Tensor, transpose } from "@credence/tensor";
import { rungeKutta } from "../../runge-kutta.ts";

const population = 1e6;
const tested = 1000;

/**
 * An epidemic: S' = -beta S I / N, I' = beta S I / N - gamma I, from one case among a million; theta = (beta, gamma) per day. On days 0, 17,
 * ..., 153 the infected among 1,000 people are counted: x_k ~ Binomial(1000, I / N).
 */
export function sir(key: Tensor, theta: Tensor): Tensor {
  const rates = cast(theta, "f64");
  const [beta, gamma] = [index(rates, 0, 1), index(rates, 1, 1)];
  // Fractions of the population. Doubles: the first case is 1e-6 of it.
  const infected = mul(ones([theta.shape[0]!], "f64"), 1 / population);
  const [, path] = rungeKutta(
    ([s, i]) => {
      const infections = mul(mul(beta, s!), i!);
      return [neg(infections), sub(infections, mul(gamma, i!))];
    },
    [sub(1, infected), infected],
    { times: 10, steps: 85, step: 0.2 },
  );
  return random.binomial(key, tested, clamp(cast(transpose(path!), "f32"), 0, 1));
}
