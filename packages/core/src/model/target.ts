import type { Tensor } from "@credence/tensor";
import type { Forms } from "./forms.ts";

/**
 * What a sampler, a variational fit or an optimiser works on: a log density over vectors u of any real numbers, and the way from u to the
 * quantities that people ask about. Its functions are traced, in f64, on n rows at once.
 */
export interface Target {
  /** D, the numbers of u. */
  readonly dimension: number;
  /** Names of the D coordinates of u, for messages and step sizes: `log tau`, `theta_raw[3]`. */
  readonly coordinates: readonly string[];
  /** Names of the K quantities that `constrain` gives: `tau`, `theta[3]`. */
  readonly names: readonly string[];
  /** log p(theta(u), data) + log |det dtheta/du| in nats, up to a constant, [n, D] -> [n]. -Infinity where there is no mass. */
  logDensity(u: Tensor): Tensor;
  /**
   * Log density and its gradient [n, D] at once, of a target that knows a cheaper way than to differentiate `logDensity`. Use `gradientOf`, which
   * does the one or the other.
   */
  gradient?(u: Tensor): { readonly logDensity: Tensor; readonly gradient: Tensor };
  /** The quantities at u, [n, D] -> [n, K]. */
  constrain(u: Tensor): Tensor;
  /** Log density of each part by name, [n] each, for messages: priors by their parameter, parts of the likelihood by their data. */
  terms?(u: Tensor): Readonly<Record<string, Tensor>>;
  /** Every row is of the same density and is worked out by itself: samplers may take the rows of many chains in parts. Absent: not known. */
  readonly rowsAlike?: boolean;
  /** What is known before any draw not to be trusted, in plain sentences; every method hands it on. */
  readonly warnings?: readonly string[];
  /** Other coordinates that samplers may walk in. They choose, and give their draws in those of this target. */
  readonly forms?: Forms;
  /** n points to start from, spread wider than the target, [n, D]; a function of the key. */
  initial(key: Tensor, n: number): Tensor;
}
