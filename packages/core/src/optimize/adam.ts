import { cast, full, isFinite, onesLike, sqrt, type Tensor, type Tree, tree, where, zeros, zerosLike } from "@credence/tensor";
import { clipFactor, globalNorm } from "./clip.ts";
import { constantRate, type Schedule } from "./schedule.ts";

export interface AdamOptions<P = unknown> {
  /** A number (the same at every step) or a schedule; 5e-4 if absent. */
  readonly learningRate?: number | Schedule;
  /** Decay of the running mean of the gradient; 0.9 if absent. */
  readonly beta1?: number;
  /** Decay of the running mean of its square; 0.999 if absent. */
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled weight decay (AdamW), a number or an f32 scalar; 0 if absent. */
  readonly weightDecay?: number | Tensor;
  /** 1 where the parameters decay and 0 where they do not, shaped as they are; all decay if absent. */
  readonly decayMask?: P;
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
export function adam<P extends Tree<Tensor>>(options: AdamOptions<P> = {}): Optimizer<P> {
  const { learningRate = 5e-4, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, decayMask, clipNorm } = options;
  for (const [name, value] of Object.entries({ beta1, beta2 })) {
    if (!(value >= 0 && value < 1)) throw new RangeError(`${name} must be in [0, 1), got ${value}`);
  }
  if (!(epsilon > 0)) throw new RangeError(`epsilon must be > 0, got ${epsilon}`);
  if (typeof weightDecay === "number" && !(weightDecay >= 0)) throw new RangeError(`weightDecay must be >= 0, got ${weightDecay}`);
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
      // Where the gradient is not finite, these numbers make the step an identity.
      const keep1 = where(usable, full([], beta1), 1);
      const keep2 = where(usable, full([], beta2), 1);
      const take = where(usable, stepSize, 0);
      const shrink = where(usable, rate.mul(weightDecay), 0);

      const like = (scalar: Tensor, leaf: Tensor) => (leaf.dtype === scalar.dtype ? scalar : cast(scalar, leaf.dtype));
      const clipped = tree.map(
        (g: Tensor) => where(usable, factor === undefined ? g : g.mul(like(factor, g)), 0),
        gradient as Tree<Tensor>,
      );
      const first = tree.map((m: Tensor, g: Tensor) => m.mul(like(keep1, m)).add(g.mul(1 - beta1)), state.first as Tree<Tensor>, clipped);
      const second = tree.map(
        (v: Tensor, g: Tensor) => v.mul(like(keep2, v)).add(g.square().mul(1 - beta2)),
        state.second as Tree<Tensor>,
        clipped,
      );
      const updated = tree.map(
        (p: Tensor, m: Tensor, v: Tensor, decays: Tensor) => {
          const kept = weightDecay === 0 ? p : p.sub(p.mul(decays).mul(like(shrink, p)));
          return kept.sub(m.mul(like(take, p)).div(v.sqrt().add(like(floor, p))));
        },
        params as Tree<Tensor>,
        first,
        second,
        decayMask ?? tree.map(onesLike, params as Tree<Tensor>),
      );
      return {
        params: updated as P,
        state: { first: first as P, second: second as P, count: where(usable, count, state.count) },
        info: { gradientNorm, learningRate: rate },
      };
    },
  };
}
