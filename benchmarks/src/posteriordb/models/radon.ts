import { halfNormal, model, normal, observed, plate } from "@credence/core";
import { array, constant, index, take } from "@credence/tensor";
import { indices, number, vector } from "../data.ts";
import type { Data } from "../folder.ts";

const scales = { mu_alpha: normal(0, 10), sigma_alpha: halfNormal(1), sigma_y: halfNormal(1) };

/** log radon ~ N(alpha_county + beta floor, sigma_y), alpha_j = mu_alpha + sigma_alpha z_j (Gelman and Hill 2007, chapter 12). */
export function variableIntercept(data: Data) {
  const county = array(indices(data, "county_idx"));
  const floor = array(vector(data, "floor_measure"), { dtype: "f64" });
  return model(
    { ...scales, beta: normal(0, 10), alpha: ({ mu_alpha, sigma_alpha }) => plate(normal(mu_alpha, sigma_alpha), number(data, "J")) },
    ({ alpha, beta, sigma_y }) => observed(normal(take(alpha, county).add(constant(floor).mul(beta)), sigma_y), vector(data, "log_radon")),
    { noncentred: ["alpha"] },
  );
}

/** As `variableIntercept`, with beta_1 times the log of the county's uranium; beta_2 is the floor's. */
export function hierarchicalIntercept(data: Data) {
  const county = array(indices(data, "county_idx"));
  const [uranium, floor] = ["log_uppm", "floor_measure"].map((name) => array(vector(data, name), { dtype: "f64" }));
  return model(
    {
      ...scales,
      beta: plate(normal(0, 10), 2),
      alpha: ({ mu_alpha, sigma_alpha }) => plate(normal(mu_alpha, sigma_alpha), number(data, "J")),
    },
    ({ alpha, beta, sigma_y }) => {
      const slopes = constant(uranium!)
        .mul(index(beta, 0))
        .add(constant(floor!).mul(index(beta, 1)));
      return observed(normal(take(alpha, county).add(slopes), sigma_y), vector(data, "log_radon"));
    },
    { noncentred: ["alpha"] },
  );
}
