import { cast, type Tensor, type Tree, tree, zeros, zerosLike } from "@credence/tensor";

/** `mean` is biased towards zero; {@link MovingAverage.value} corrects it. */
export type AverageState<P> = { readonly mean: P; readonly count: Tensor };

export interface MovingAverage<P> {
  init(params: P): AverageState<P>;
  step(state: AverageState<P>, params: P): AverageState<P>;
  /** mean / (1 - decay^count): the weighted mean of the parameters seen. Meaningless before the first step. */
  value(state: AverageState<P>): P;
}

/**
 * Exponential moving average of weights: mean <- decay mean + (1 - decay) p.
 * Polyak and Juditsky 1992; bias correction as in Adam.
 */
export function movingAverage<P extends Tree<Tensor>>(options: { readonly decay: number }): MovingAverage<P> {
  const { decay } = options;
  if (!(decay > 0 && decay < 1)) throw new RangeError(`decay must be in (0, 1), got ${decay}`);
  return {
    init: (params) => ({ mean: tree.map(zerosLike, params) as P, count: zeros([], "i32") }),
    step: (state, params) => ({
      mean: tree.map((mean: Tensor, p: Tensor) => mean.mul(decay).add(p.mul(1 - decay)), state.mean, params) as P,
      count: state.count.add(1),
    }),
    value: (state) =>
      tree.map((mean: Tensor) => mean.div(cast(state.count, mean.dtype).mul(Math.log(decay)).expm1().neg()), state.mean) as P,
  };
}
