import { halfCauchy, logNormal, model, observed } from "@credence/core";
import { reciprocal, type Tensor, zerosLike } from "@credence/tensor";
import { rungeKutta } from "../../runge-kutta.ts";
import { number, vector } from "../data.ts";
import type { Data } from "../folder.ts";

/** A concentration in the middle of the data. */
const middle = 5;
/** Steps between two measurements. */
const steps = 10;

/**
 * A drug in one compartment, absorbed at first order and eliminated after Michaelis and Menten: dC/dt = (D k_a / V) e^(-k_a t) - (V_m / V) C / (K_m + C),
 * C(0) = 0, measured with log-normal error; k_a, K_m, V_m, sigma ~ half-Cauchy(1). The absorption rate is a state of its own, A' = -k_a A.
 *
 * The data tell the rate of elimination at their concentrations, v = V_m c / (K_m + c), and little of K_m: v is the parameter instead of V_m,
 * whose prior makes v ~ half-Cauchy(c / (K_m + c)) for given K_m. In V_m the posterior is a ridge that bends from K_m << c to K_m >> c, and chains diverge.
 */
export function oneCompMmElimAbs(data: Data) {
  const [times, dose, volume] = [vector(data, "times"), number(data, "D"), number(data, "V")];
  const interval = times[0]! - number(data, "t0");
  if (times.some((t, i) => Math.abs(t - times[0]! - i * interval) > 1e-9)) throw new RangeError("times must be evenly spaced");
  const rate = halfCauchy(1);
  const ratio = (constant: Tensor): Tensor => reciprocal(constant.add(middle)).mul(middle);
  const limit = ({ K_m, v }: { readonly K_m: Tensor; readonly v: Tensor }): Tensor => v.div(ratio(K_m));
  const likelihood = ({ k_a, K_m, v, sigma }: { readonly [name in "k_a" | "K_m" | "v" | "sigma"]: Tensor }) => {
    const V_m = limit({ K_m, v });
    const absorbed = k_a.mul(dose / volume);
    const [concentration] = rungeKutta(
      ([c, a]) => [a!.sub(V_m.mul(c!).div(K_m.add(c!)).div(volume)), a!.mul(k_a).neg()],
      [zerosLike(k_a), absorbed],
      { times: times.length + 1, steps, step: interval / steps },
    );
    const measured = concentration!.slice([1], [times.length + 1]);
    return observed(logNormal(measured.log(), sigma), vector(data, "C_hat"));
  };
  return model({ k_a: rate, K_m: rate, v: ({ K_m }) => halfCauchy(ratio(K_m)), sigma: rate }, likelihood, {
    derived: (values) => ({ V_m: limit(values) }),
  });
}
