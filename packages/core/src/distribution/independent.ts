import { type Shape, sum, type Tensor } from "@credence/tensor";
import { broadcastShapes } from "./broadcast.ts";
import type { Distribution, Standard } from "./distribution.ts";

const lastAxes = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i - rank);

/** The last `rank` batch axes as part of the event: log densities add up over them. */
export function independent<D extends Distribution>(distribution: D, rank: number): D {
  const { batchShape, eventShape, support, mean, variance } = distribution;
  if (!(Number.isInteger(rank) && rank >= 1 && rank <= batchShape.length))
    throw new RangeError(`independent: rank must be from 1 to the ${batchShape.length} batch axes of ${distribution.name}, got ${rank}`);
  const kept = batchShape.length - rank;
  const { logProbInside, standard } = distribution;
  const standardOf = ({ base, forward, inverse }: Standard): Standard => ({
    base: plate(base, ...batchShape.slice(kept)),
    forward,
    inverse,
  });
  return {
    ...(mean && { mean: () => mean() }),
    ...(variance && { variance: () => variance() }),
    name: `independent ${distribution.name}`,
    batchShape: batchShape.slice(0, kept),
    eventShape: [...batchShape.slice(kept), ...eventShape],
    dtype: distribution.dtype,
    support: { kind: "independent", rank, of: support },
    ...(distribution.improper && { improper: true }),
    ...(distribution.openScale !== undefined && { openScale: distribution.openScale }),
    sample: (key, sampleShape, dtype) => distribution.sample(key, sampleShape, dtype),
    logProb: (x): Tensor => sum(distribution.logProb(x), lastAxes(rank)),
    ...(logProbInside && { logProbInside: (x): Tensor => sum(logProbInside(x), lastAxes(rank)) }),
    ...(standard && { standard: () => standardOf(standard()) }),
  } as Distribution as D;
}

/**
 * Copies of `distribution`, one for each element of `shape`, as one event: `plate(normal(mu, tau), 8)` is a vector of 8.
 * A distribution that is a batch already gives the last axes of the shape.
 * @throws RangeError where its batch is none of them
 */
export function plate<D extends Distribution>(distribution: D, ...shape: readonly number[]): D {
  if (shape.length === 0) throw new RangeError(`plate: expected how many copies of ${distribution.name}, got nothing`);
  for (const extent of shape)
    if (!(Number.isInteger(extent) && extent >= 1)) throw new RangeError(`plate: extents must be integers >= 1, got [${shape.join(", ")}]`);
  const { batchShape } = distribution;
  const tail = batchShape.length > shape.length ? undefined : shape.slice(shape.length - batchShape.length);
  if (tail?.join() !== batchShape.join())
    throw new RangeError(
      `plate: ${distribution.name} is a batch of [${batchShape.join(", ")}], which is not what a plate of [${shape.join(", ")}] ends with`,
    );
  return independent(expanded(distribution, shape), shape.length);
}

/** The same distribution for each element of `shape`, whose last axes are its batch. */
function expanded<D extends Distribution>(distribution: D, shape: Shape): D {
  const { batchShape, eventShape, mean, variance, logProbInside, standard } = distribution;
  const lead = shape.slice(0, shape.length - batchShape.length);
  const spread = (logProb: Tensor): Tensor => logProb.broadcastTo(broadcastShapes("plate", logProb.shape, shape));
  return {
    ...distribution,
    batchShape: shape,
    sample: (key, sampleShape = [], dtype) => distribution.sample(key, [...sampleShape, ...lead], dtype),
    logProb: (x) => spread(distribution.logProb(x)),
    ...(logProbInside && { logProbInside: (x) => spread(logProbInside(x)) }),
    ...(mean && { mean: () => mean().broadcastTo([...shape, ...eventShape]) }),
    ...(variance && { variance: () => variance().broadcastTo([...shape, ...eventShape]) }),
    ...(standard && { standard }),
  } as Distribution as D;
}
