import { broadcastTo, random, type Tensor } from "@credence/tensor";

/** The noise of a network that drops units. */
export interface DropoutNoise {
  readonly key: Tensor;
  /** A mask for each `"row"`, as in training; or one for all of them, `"shared"`: then the network under one key is one function, a draw of the posterior. */
  readonly masks: "row" | "shared";
}

/**
 * x m / (1 - rate), each m 1 with probability 1 - rate, else 0: units dropped at random, the mean kept. x as it is without noise.
 * Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
 * @param x [rows, ...features]
 * @param layer number of the layer in its network: each has masks of its own
 */
export function dropout(x: Tensor, rate: number, noise: DropoutNoise | undefined, layer = 0): Tensor {
  requireRate(rate);
  if (noise === undefined || rate === 0) return x;
  const shape = noise.masks === "shared" ? x.shape.slice(1) : x.shape;
  const kept = random.bernoulli(random.fold(noise.key, layer), 1 - rate, { shape }).cast(x.dtype);
  return x.mul(broadcastTo(kept, x.shape)).mul(1 / (1 - rate));
}

/** Refuses a share that is not in [0, 1). */
export function requireRate(rate: number): void {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout must be in [0, 1), got ${rate}`);
}
