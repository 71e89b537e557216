import { dirichlet, exponential, model, normal, ordered, truncatedNormal } from "@credence/core";
import { array, constant, index, logSumExp, scan, stack, type Tensor } from "@credence/tensor";
import { matrix, vector } from "../data.ts";
import type { Data } from "../folder.ts";

/**
 * Log-likelihood of a hidden Markov chain by the forward algorithm, hidden states summed out; both states have weight 1 at the start.
 * @param emission log densities [T, K]
 * @param transition probabilities [K, K], rows from
 */
function forward(emission: Tensor, transition: Tensor): Tensor {
  const steps = transition.log();
  const first = index(emission, 0);
  const [last] = scan(
    (gamma: Tensor, now: Tensor) => [logSumExp(gamma.expandDims(1).add(steps), 0).add(now), []] as const,
    first,
    emission.slice([1, 0], [emission.shape[0], emission.shape[1]]),
  );
  return logSumExp(last, 0);
}

/** y_t ~ N(mu_z, 1) of two hidden states, 0 < mu_1 < mu_2; rows of the transition matrix uniform, mu_1 ~ N(3, 1), mu_2 ~ N(10, 1). */
export function hmmExample(data: Data) {
  const y = array(vector(data, "y"), { dtype: "f64" });
  return model(
    { theta1: dirichlet([1, 1]), theta2: dirichlet([1, 1]), mu: ordered(truncatedNormal([3, 10], 1, { low: 0 })) },
    ({ theta1, theta2, mu }) => forward(normal(mu, 1).logProb(constant(y).expandDims(1)), stack([theta1, theta2])),
  );
}

/** Two exponential emissions u ~ Exp(phi_z), v ~ Exp(lambda_z), rates ordered; rows ~ Dirichlet(alpha_k), first rates ~ N(0, 1), second N(3, 1). */
export function hmmDrive0(data: Data) {
  const [u, v] = ["u", "v"].map((name) => array(vector(data, name), { dtype: "f64" })) as [
    ReturnType<typeof array>,
    ReturnType<typeof array>,
  ];
  const [alpha1, alpha2] = matrix(data, "alpha") as [number[], number[]];
  const rates = ordered(truncatedNormal([0, 3], 1, { low: 0 }));
  return model({ theta1: dirichlet(alpha1), theta2: dirichlet(alpha2), phi: rates, lambda: rates }, ({ theta1, theta2, phi, lambda }) => {
    const emission = exponential(phi)
      .logProb(constant(u).expandDims(1))
      .add(exponential(lambda).logProb(constant(v).expandDims(1)));
    return forward(emission, stack([theta1, theta2]));
  });
}
