import { add, cast, clamp, concat, exp, index, log, mul, ones, random, sub, type Tensor, transpose } from "@credence/tensor";
import { rungeKutta } from "../../runge-kutta.ts";

/**
 * Predator and prey: X' = alpha X - beta X Y, Y' = delta X Y - gamma Y from (30, 1); theta = (alpha, beta, gamma, delta). x holds X at times 0,
 * 2.1, ..., 18.9 and then Y, each times exp N(0, 0.1^2).
 */
export function lotkaVolterra(key: Tensor, theta: Tensor): Tensor {
  const n = theta.shape[0]!;
  const rates = cast(theta, "f64");
  const [alpha, beta, gamma, delta] = [0, 1, 2, 3].map((i) => index(rates, i, 1)) as [Tensor, Tensor, Tensor, Tensor];
  const start = ones([n], "f64");
  const path = rungeKutta(
    ([prey, predators]) => {
      const meetings = mul(prey!, predators!);
      return [sub(mul(alpha, prey!), mul(beta, meetings)), sub(mul(delta, meetings), mul(gamma, predators!))];
    },
    [mul(start, 30), start],
    { times: 10, steps: 210, step: 0.01 },
  );
  const level = concat(
    path.map((numbers) => transpose(numbers)),
    1,
  );
  const logLevel = cast(log(clamp(level, 1e-10, 1e4)), "f32");
  return exp(add(logLevel, mul(random.normal(key, logLevel.shape), 0.1)));
}
