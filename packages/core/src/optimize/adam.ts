import { cast, isFinite, sqrt, type Tensor, type Tree, tree, where, zeros, zerosLike } from "@credence/tensor";
import { clipFactor, globalNorm } from "./clip.ts";
import { constantRate, type Schedule } from "./schedule.ts";

export interface AdamOptions {
  /** A number (the same at every step) or a schedule; 5e-4 if absent. */
  readonly learningRate?: number | Schedule;
  /** Decay of the running mean of the gradient; 0.9 if absent. */
  readonly beta1?: number;
  /** Decay of the running mean of its square; 0.999 if absent. */
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled weight decay (AdamW); 0 if absent. */
  readonly weightDecay?: number;
  /** The gradient of all parameters together is scaled down to this norm; no clipping if absent. */
  readonly clipNorm?: number;
}

/** Running moments, shaped as the parameters, and the number of steps taken (i32 scalar). */
export type AdamState<P> = { readonly first: P; readonly second: P; readonly count: Tensor };

export type AdamInfo = { readonly gradientNorm: Tensor; readonly learningRate: Tensor };

export interface Optimizer<P> {
  init(params: P): AdamState<P>;
  /** One step down `gradient`. A gradient that is not finite changes neither parameters nor moments. Traced. */
  step(state: AdamState<P>, params: P, gradient: P): { readonly params: P; readonly state: AdamState<P>; readonly info: AdamInfo };
}

/**
 * m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,  p <- p - rate (m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon) + decay p).
 * Kingma and Ba 2015; decoupled decay: Loshchilov and Hutter 2019.
 */
export function adam<P extends Tree<Tensor>>(options: AdamOptions = {}): Optimizer<P> {
  const { learningRate = 5e-4, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, clipNorm } = options;
  for (const [name, value] of Object.entries({ beta1, beta2 })) {
    if (!(value >= 0 && value < 1)) throw new RangeError(`${name} must be in [0, 1), got ${value}`);
  }
  if (!(epsilon > 0)) throw new RangeError(`epsilon must be > 0, got ${epsilon}`);
  if (!(weightDecay >= 0)) throw new RangeError(`weightDecay must be >= 0, got ${weightDecay}`);
  if (clipNorm !== undefined && !(clipNorm > 0)) throw new RangeError(`clipNorm must be > 0, got ${clipNorm}`);
  const schedule = typeof learningRate === "number" ? constantRate(learningRate) : learningRate;

  return {
    init: (params) => ({
      first: tree.map(zerosLike, params) as P,
      second: tree.map(zerosLike, params) as P,
      count: zeros([], "i32"),
    }),
    step(state, params, gradient) {
      const gradientNorm = globalNorm(gradient);
      const usable = isFinite(gradientNorm);
      const factor = clipNorm === undefined ? undefined : clipFactor(gradientNorm, clipNorm);
      const rate = schedule(state.count);
      const count = state.count.add(1);
      const steps = cast(count, rate.dtype);
      // Scalars first, so that a leaf costs one pass: rate and both bias corrections become two numbers.
      const correction2 = sqrt(steps.mul(Math.log(beta2)).expm1().neg());
      const stepSize = rate.mul(correction2).div(steps.mul(Math.log(beta1)).expm1().neg());
      const floor = correction2.mul(epsilon);
      const shrink = rate.mul(-weightDecay).add(1);

      const dtypeOf = (scalar: Tensor, leaf: Tensor) => (leaf.dtype === scalar.dtype ? scalar : cast(scalar, leaf.dtype));
      const clipped = (g: Tensor) => (factor === undefined ? g : g.mul(dtypeOf(factor, g)));
      const first = tree.map((m: Tensor, g: Tensor) => where(usable, m.mul(beta1).add(clipped(g).mul(1 - beta1)), m), state.first, gradient);
      const second = tree.map(
        (v: Tensor, g: Tensor) => where(usable, v.mul(beta2).add(clipped(g).square().mul(1 - beta2)), v),
        state.second,
        gradient,
      );
      const updated = tree.map(
        (p: Tensor, m: Tensor, v: Tensor) => {
          const kept = weightDecay === 0 ? p : p.mul(dtypeOf(shrink, p));
          return where(usable, kept.sub(m.mul(dtypeOf(stepSize, p)).div(v.sqrt().add(dtypeOf(floor, p)))), p);
        },
        params,
        first,
        second,
      );
      return {
        params: updated as P,
        state: { first: first as P, second: second as P, count: where(usable, count, state.count) },
        info: { gradientNorm, learningRate: rate },
      };
    },
  };
}
