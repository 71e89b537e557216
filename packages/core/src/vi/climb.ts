import { any, iota, logicalAnd, type Tensor, type Tree, where, whileLoop, zeros } from "@credence/tensor";
import { type LbfgsState, lbfgs, lbfgsStatus } from "../optimize/lbfgs.ts";
import { meanGradient } from "../optimize/mean-gradient.ts";
import { packing } from "../optimize/pack.ts";
import type { VariationalFamily } from "./family.ts";

export interface ClimbOptions {
  /** Steps at most. */
  readonly steps: number;
  /** The fit is done when no component of the gradient exceeds this. */
  readonly tolerance: number;
}

/** Where L-BFGS ended. Traced. */
export interface Climbed<P> {
  readonly params: P;
  /** The ELBO there. */
  readonly value: Tensor;
  /** At the start, [1], and after each step, NaN where none was taken, [steps]. */
  readonly startValue: Tensor;
  readonly trace: Tensor;
  readonly gradientMax: Tensor;
  /** Whether it ended since the gradient vanished, or since steps gained nothing. */
  readonly converged: Tensor;
}

/**
 * Nats that a step gains, in a running mean, below which a family with a flat valley stops: loadings of a low-rank normal can turn among themselves, and L-BFGS
 * would follow them for a thousand steps that no Monte Carlo error of an ELBO could show.
 */
const idleGain = 1e-7;

/**
 * The highest ELBO over `noise`, by L-BFGS from `initial`: with the draws fixed, the ELBO is an ordinary function of the parameters.
 * @param logDensity [n, D] -> [n]
 * @param family one whose entropy has a closed form
 */
export function climb<P extends Tree<Tensor>>(
  family: VariationalFamily<P>,
  logDensity: (v: Tensor) => Tensor,
  initial: P,
  noise: Tensor,
  { steps, tolerance }: ClimbOptions,
): Climbed<P> {
  const flat = family.noise > family.dimension;
  const layout = packing(initial);
  const loss = meanGradient((vector: Tensor, rows: Tensor) => {
    const params = layout.unpack(vector);
    return logDensity(family.transform(params, rows)).mean().add(family.entropy!(params)).neg();
  });
  const method = lbfgs(
    (x) => {
      const [value, gradient] = loss(x.squeeze(0), noise);
      return [value.expandDims(0), gradient.expandDims(0)];
    },
    { gradientTolerance: tolerance },
  );
  const first = method.init(layout.pack(initial).expandDims(0));
  type Walk = { readonly state: LbfgsState; readonly trace: Tensor; readonly number: Tensor; readonly gain: Tensor };
  const { state, trace, gain } = whileLoop(
    ({ state, gain }: Walk) => logicalAnd(any(state.status.equal(lbfgsStatus.running)), gain.greater(idleGain)),
    ({ state, trace, number, gain }: Walk): Walk => {
      const next = method.step(state);
      return {
        state: next,
        trace: where(iota([steps]).equal(number), next.value.neg(), trace),
        number: number.add(1),
        gain: flat ? gain.mul(0.9).add(state.value.sub(next.value).mul(0.1).squeeze(0)) : gain,
      };
    },
    { state: first, trace: zeros([steps], "f64").add(Number.NaN), number: zeros([], "i32"), gain: zeros([], "f64").add(1) },
    { maxIterations: steps },
  );
  const gradientMax = state.gradient.abs().max();
  return {
    params: layout.unpack(state.position.squeeze(0)),
    value: state.value.neg().squeeze(0),
    startValue: first.value.neg(),
    trace,
    gradientMax,
    converged: gradientMax
      .lessEqual(100 * tolerance + 1e-7)
      .cast("f64")
      .maximum(gain.lessEqual(idleGain).cast("f64")),
  };
}
