import { random } from "@credence/tensor";
import { type Argument, asFloat, commonType, finite, floatType, hold } from "./argument.ts";
import { broadcastShapes } from "./broadcast.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { plate } from "./independent.ts";
import { logSqrtTwoPi, normal } from "./normal.ts";
import { factored, type Spread } from "./spread.ts";

/**
 * Normal over vectors [D].
 * @param mean [D] or [..., D]
 * @param spread one of `covariance`, `cholesky` (lower L with L L^T the covariance) or `precision` (inverse covariance), [D, D] or [..., D, D]; host values are
 *   checked for symmetry and positive definiteness, a Tensor that is not positive definite gives NaN
 */
export function multivariateNormal(mean: Argument, spread: Spread, options: DistributionOptions = {}): WithMoments {
  const centre = hold("multivariateNormal", "mean", mean, finite);
  const size = centre.shape.at(-1);
  if (size === undefined) throw new RangeError("multivariateNormal: mean must be a vector [D], got a number");
  const factor = factored(spread, size);
  const dtype = commonType("multivariateNormal", [centre, factor], options.dtype);
  const batchShape = broadcastShapes("multivariateNormal", centre.shape.slice(0, -1), factor.batchShape);
  return {
    name: "multivariateNormal",
    batchShape,
    eventShape: [size],
    dtype,
    support: { kind: "realVector", size },
    sample: (key, sampleShape = [], type = dtype) =>
      factor
        .at(type)
        .colour(random.normal(key, [...sampleShape, ...batchShape, size], { dtype: type }))
        .add(centre.at(type)),
    // x = mean + L z
    standard: () => ({
      base: plate(normal(0, 1), size),
      forward: (z) =>
        factor
          .at(floatType(z))
          .colour(z)
          .add(centre.at(floatType(z))),
      inverse: (x) => factor.at(floatType(x)).whiten(x.sub(centre.at(floatType(x)))),
    }),
    // -|L^-1 (x - mean)|^2 / 2 - log det L - D log sqrt(2 pi)
    logProb(value) {
      const x = asFloat("multivariateNormal", value, dtype);
      if (x.shape.at(-1) !== size)
        throw new RangeError(`multivariateNormal: the last axis must hold ${size} numbers, got shape [${x.shape.join(", ")}]`);
      const scale = factor.at(floatType(x));
      const z = scale.whiten(x.sub(centre.at(floatType(x))));
      return z
        .square()
        .sum(-1)
        .mul(-0.5)
        .sub(scale.logDeterminant())
        .sub(size * logSqrtTwoPi);
    },
    mean: () => centre.at(dtype).broadcastTo([...batchShape, size]),
    variance: () =>
      factor
        .at(dtype)
        .variance()
        .broadcastTo([...batchShape, size]),
  };
}
