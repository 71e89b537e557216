import { sum, type Tensor } from "@credence/tensor";
import type { Distribution, WithMoments } from "./distribution.ts";
import { moment } from "./moment.ts";

const lastAxes = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i - rank);

/** The last `rank` batch axes as part of the event: log densities add up over them. */
export function independent(distribution: Distribution, rank: number): WithMoments {
  const { batchShape, eventShape, support } = distribution;
  if (!(Number.isInteger(rank) && rank >= 1 && rank <= batchShape.length))
    throw new RangeError(`independent: rank must be from 1 to the ${batchShape.length} batch axes of ${distribution.name}, got ${rank}`);
  const kept = batchShape.length - rank;
  return {
    name: `independent ${distribution.name}`,
    batchShape: batchShape.slice(0, kept),
    eventShape: [...batchShape.slice(kept), ...eventShape],
    dtype: distribution.dtype,
    support: { kind: "independent", rank, of: support },
    sample: (key, sampleShape) => distribution.sample(key, sampleShape),
    logProb: (x): Tensor => sum(distribution.logProb(x), lastAxes(rank)),
    mean: () => moment(distribution, "mean"),
    variance: () => moment(distribution, "variance"),
  };
}
