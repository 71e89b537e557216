import { sum, type Tensor, valueAndGrad } from "@credence/tensor";
import type { Target } from "./target.ts";

/** Log density [n] and its gradient [n, D] at u [n, D]. */
export type Gradient = (position: Tensor) => { readonly logDensity: Tensor; readonly gradient: Tensor };

/** The gradient of a traced log density, rows by rows: that of its sum, since no row depends on another. */
export function gradientOf(logDensity: (position: Tensor) => Tensor): Gradient {
  const both = valueAndGrad(
    (u: Tensor): [Tensor, Tensor] => {
      const rows = logDensity(u);
      return [sum(rows), rows];
    },
    { hasAux: true },
  );
  return (position) => {
    const [[, rows], gradient] = both(position) as unknown as [[Tensor, Tensor], Tensor];
    return { logDensity: rows, gradient };
  };
}

/** The gradient of a target, in the cheapest way that it knows. */
export const gradientOfTarget = (target: Target): Gradient =>
  target.gradient ? (u) => target.gradient!(u) : gradientOf((u) => target.logDensity(u));
