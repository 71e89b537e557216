import type { Shape, Tensor } from "@credence/tensor";

/**
 * A smooth invertible map. Traced. It acts on the last `eventRank` axes as one; the axes before them are a batch. A map of a surface, such as
 * the simplex, to fewer numbers has derivatives in the coordinates that a density on it is written in (see its comment).
 */
export interface Bijector {
  readonly name: string;
  readonly eventRank: number;
  /** Event shape of y from that of x, where they differ. */
  imageShape?(shape: Shape): Shape;
  /** y = f(x) */
  forward(x: Tensor): Tensor;
  /** x with f(x) = y */
  inverse(y: Tensor): Tensor;
  /** log |det df/dx| at x, without the event axes. */
  logDerivative(x: Tensor): Tensor;
  /** log |det dx/dy| at y, without the event axes; from y itself, so that it stays exact where x rounds to a bound. */
  inverseLogDerivative(y: Tensor): Tensor;
}

/** The inverse map. */
export const invert = (f: Bijector): Bijector => ({
  name: `inverse ${f.name}`,
  eventRank: f.eventRank,
  forward: f.inverse,
  inverse: f.forward,
  logDerivative: f.inverseLogDerivative,
  inverseLogDerivative: f.logDerivative,
});
