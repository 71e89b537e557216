import { halfCauchy, model, normal, observed, plate } from "@credence/core";
import { vector } from "../data.ts";
import type { Data } from "../folder.ts";

/** y_j ~ N(theta_j, sigma_j), theta_j ~ N(mu, tau), mu ~ N(0, 5), tau ~ half-Cauchy(5) (Rubin 1981; Gelman et al. 2013, section 5.5). */
export const eightSchools = (form: "noncentred" | "undecided") => (data: Data) => {
  const [y, sigma] = [vector(data, "y"), vector(data, "sigma")];
  return model(
    { mu: normal(0, 5), tau: halfCauchy(5), theta: ({ mu, tau }) => plate(normal(mu, tau), y.length) },
    ({ theta }) => observed(normal(theta, sigma), y),
    form === "noncentred" ? { noncentred: ["theta"] } : {},
  );
};
