import { beta, halfNormal, model, normal, ordered, plate } from "@credence/core";
import { array, constant, index, logSumExp, stack } from "@credence/tensor";
import { vector } from "../data.ts";
import type { Data } from "../folder.ts";

/** y ~ theta N(mu_1, sigma_1) + (1 - theta) N(mu_2, sigma_2) with mu_1 < mu_2; mu ~ N(0, 2), sigma ~ half-normal(2), theta ~ Beta(5, 5). */
export function lowDimGaussMix(data: Data) {
  const y = array(vector(data, "y"), { dtype: "f64" });
  return model({ mu: ordered(normal([0, 0], 2)), sigma: plate(halfNormal(2), 2), theta: beta(5, 5) }, ({ mu, sigma, theta }) => {
    const component = (k: number) => normal(index(mu, k), index(sigma, k)).logProb(constant(y));
    return { y: logSumExp(stack([component(0).add(theta.log()), component(1).add(theta.neg().log1p())]), 0) };
  });
}
