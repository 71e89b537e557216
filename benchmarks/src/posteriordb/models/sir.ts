import { halfCauchy, logNormal, model, observed, poisson } from "@credence/core";
import { rungeKutta } from "../../runge-kutta.ts";
import { vector } from "../data.ts";
import type { Data } from "../folder.ts";

/** Bacteria at which half of the contacts infect. */
const half = 1e6;
/** Steps between two counts: stable while no rate is above 7.9 a day, where chains may start. */
const steps = 20;

/**
 * Cholera by water: S' = -beta S B / (B + 1e6), I' = beta S B / (B + 1e6) - gamma I, B' = xi I - delta B. New infections are Poisson counts,
 * bacteria are measured with log-normal error 0.15; beta, gamma, xi, delta ~ half-Cauchy(2.5, 1, 25, 1).
 */
export function sir(data: Data) {
  const [times, start] = [vector(data, "t"), vector(data, "y0")];
  const interval = times[0]!;
  if (times.some((t, i) => Math.abs(t - (i + 1) * interval) > 1e-9)) throw new RangeError("t must be evenly spaced from 0");
  return model({ beta: halfCauchy(2.5), gamma: halfCauchy(1), xi: halfCauchy(25), delta: halfCauchy(1) }, ({ beta, gamma, xi, delta }) => {
    // Infections of an interval are a state of their own: as differences of S they would lose their digits, and their logarithm, where they are few.
    const [, , bacteria, infections] = rungeKutta(
      ([s, i, b]) => {
        const infected = beta.mul(s!).mul(b!).div(b!.add(half));
        return [infected.neg(), infected.sub(gamma.mul(i!)), xi.mul(i!).sub(delta.mul(b!)), infected];
      },
      [start[0]!, start[1]!, start[3]!, 0].map((value) => beta.mul(0).add(value)),
      { times: times.length + 1, steps, step: interval / steps, restart: ([s, i, b, c]) => [s!, i!, b!, c!.mul(0)] },
    );
    const n = times.length;
    return {
      stoi_hat: observed(poisson(infections!.slice([1], [n + 1])), vector(data, "stoi_hat")),
      B_hat: observed(logNormal(bacteria!.slice([1], [n + 1]).log(), 0.15), vector(data, "B_hat")),
    };
  });
}
