import { logNormal, model, observed, plate, truncatedNormal } from "@credence/core";
import { index, stack, type Tensor } from "@credence/tensor";
import { rungeKutta } from "../../runge-kutta.ts";
import { matrix, vector } from "../data.ts";
import type { Data } from "../folder.ts";

/** Steps of a year. */
const steps = 10;

/**
 * Pelts of hares u and lynx v, du/dt = (theta_1 - theta_2 v) u, dv/dt = (-theta_3 + theta_4 u) v, each counted with log-normal error
 * (Carpenter 2018). Prior: theta_1, theta_3 ~ N(1, 0.5), theta_2, theta_4 ~ N(0.05, 0.05), all > 0; z_init ~ log-normal(log 10, 1),
 * sigma ~ log-normal(-1, 1).
 */
export function lotkaVolterra(data: Data) {
  const [y, yInit] = [matrix(data, "y"), vector(data, "y_init")];
  return model(
    {
      theta: truncatedNormal([1, 0.05, 1, 0.05], [0.5, 0.05, 0.5, 0.05], { low: 0 }),
      z_init: plate(logNormal(Math.log(10), 1), 2),
      sigma: plate(logNormal(-1, 1), 2),
    },
    ({ theta, z_init, sigma }) => {
      const [a, b, c, d] = [0, 1, 2, 3].map((i) => index(theta, i)) as [Tensor, Tensor, Tensor, Tensor];
      const path = rungeKutta(([u, v]) => [a.sub(b.mul(v!)).mul(u!), d.mul(u!).sub(c).mul(v!)], [index(z_init, 0), index(z_init, 1)], {
        times: y.length + 1,
        steps,
        step: 1 / steps,
      });
      const level = stack(path, 1).slice([1, 0], [y.length + 1, 2]);
      return { y_init: observed(logNormal(z_init.log(), sigma), yInit), y: observed(logNormal(level.log(), sigma), y) };
    },
  );
}
