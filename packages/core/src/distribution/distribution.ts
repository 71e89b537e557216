import type { Shape, Tensor, TensorLike } from "@credence/tensor";
import type { FloatType } from "./argument.ts";
import type { Support } from "./support.ts";

/**
 * A probability distribution over arrays of `eventShape`, one for each element of `batchShape`.
 * `sample` and `logProb` are traced: call them inside a program. It may be made outside of one from host values, which are checked there.
 */
export interface Distribution {
  readonly name: string;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  /** Of the draws. */
  readonly dtype: FloatType;
  readonly support: Support;
  /**
   * Draws [...sampleShape, ...batchShape, ...eventShape], a function of the key.
   * @param dtype type of the draws where every argument is a host value, instead of `dtype` of the distribution
   */
  sample(key: Tensor, sampleShape?: Shape, dtype?: FloatType): Tensor;
  /**
   * Log density (log probability for counts) in nats, without the event axes of x. -Infinity outside the support, where its gradient is zero.
   * Arguments that were host values take the type of x.
   */
  logProb(x: TensorLike): Tensor;
  /** As `logProb` for x that is known to be in the support: without the test that finds out. Absent where there is no test. */
  logProbInside?(x: TensorLike): Tensor;
  /** The same distribution as an image of one without parameters, for families that are one. Traced. */
  standard?(): Standard;
  /** The argument that is the scale about a location, where it is a Tensor, so that it may come near to 0: `sd`. */
  readonly openScale?: string;
  /** It has no finite mass: a density up to a constant, without draws. */
  readonly improper?: boolean;
  /** [...batchShape, ...eventShape] */
  mean?(): Tensor;
  /** Element by element, [...batchShape, ...eventShape] */
  variance?(): Tensor;
}

/** x = forward(z) with z drawn from `base`, which has no parameters: `normal(mean, sd)` is mean + sd z. */
export interface Standard {
  readonly base: Distribution;
  forward(z: Tensor): Tensor;
  inverse(x: Tensor): Tensor;
}

/** A distribution that knows its mean and variance. */
export type WithMoments = Distribution & Required<Pick<Distribution, "mean" | "variance">>;

export interface DistributionOptions {
  /** Type of the draws where every argument is a host value; `f32` if absent. Arrays and Tensors among the arguments decide it otherwise. */
  readonly dtype?: FloatType;
}
