import { exp, rationalQuadratic, split, type Tensor, tanh } from "@credence/tensor";

/** A monotone map of one number whose parameters a network gives: the piece that coupling and autoregressive flows share. */
export interface ElementMap {
  /** Parameters per number. */
  readonly parameters: number;
  /** Parameters at which the map is the identity, or close to it. */
  readonly identity: readonly number[];
  /** What a network should multiply each parameter by that it gives; absent: nothing. */
  readonly scales?: readonly number[];
  /** x: [B, d], params: [B, d, parameters] -> z and log dz/dx, both [B, d]. */
  forward(x: Tensor, params: Tensor): readonly [Tensor, Tensor];
  /** z -> x. */
  inverse(z: Tensor, params: Tensor): Tensor;
}

/**
 * z = (x - shift) exp(-s), with s = bound tanh(raw / bound): one step can stretch by at most exp(bound), so that training cannot overflow.
 * Papamakarios, Pavlakou and Murray 2017.
 */
export function affineElement(bound: number): ElementMap {
  if (!(bound > 0)) throw new RangeError(`scaleBound must be > 0, got ${bound}`);
  const parts = (params: Tensor): [shift: Tensor, logScale: Tensor] => {
    const [shift, raw] = split(params, 2, -1) as [Tensor, Tensor];
    return [shift.squeeze(-1), tanh(raw.squeeze(-1).div(bound)).mul(bound)];
  };
  return {
    parameters: 2,
    identity: [0, 0],
    forward(x, params) {
      const [shift, logScale] = parts(params);
      const negative = logScale.neg();
      return [x.sub(shift).mul(exp(negative)), negative];
    },
    inverse(z, params) {
      const [shift, logScale] = parts(params);
      return z.mul(exp(logScale)).add(shift);
    },
  };
}

/** Derivatives at the inner knots are minDerivative + softplus(raw). */
const minDerivative = 1e-3;

/**
 * Monotone rational-quadratic spline of `bins` bins on [-bound, bound], the identity outside: 3 bins - 1 parameters
 * (widths, heights, inner derivatives). `logitScale` is the scale that a network gives the first two. Durkan, Bekasov, Murray and Papamakarios 2019, "Neural spline flows".
 */
export function splineElement(options: { readonly bins: number; readonly bound: number; readonly logitScale?: number }): ElementMap {
  const { bins, bound, logitScale } = options;
  if (!(Number.isInteger(bins) && bins >= 2)) throw new RangeError(`bins must be an integer >= 2, got ${bins}`);
  if (!(bound > 0)) throw new RangeError(`bound must be > 0, got ${bound}`);
  const spline = { bins, bound, minDerivative };
  // softplus(raw) + minDerivative = 1.
  const unitSlope = Math.log(Math.expm1(1 - minDerivative));
  return {
    parameters: 3 * bins - 1,
    identity: [...new Array<number>(2 * bins).fill(0), ...new Array<number>(bins - 1).fill(unitSlope)],
    ...(logitScale !== undefined && { scales: [...new Array<number>(2 * bins).fill(logitScale), ...new Array<number>(bins - 1).fill(1)] }),
    forward: (x, params) => rationalQuadratic(x, params, spline),
    inverse: (z, params) => rationalQuadratic(z, params, { ...spline, inverse: true })[0],
  };
}
