import { concat, eye, matmul, matrixTranspose, sqrt, type Tensor, type Tree, where } from "@credence/tensor";
import { climb } from "./climb.ts";
import { type Base, standardEntropy, type VariationalFamily } from "./family.ts";
import { inBase } from "./fit-problem.ts";
import { factorOf, placeFactor, standardFactor } from "./full-rank.ts";
import { matchedNoise } from "./matched-noise.ts";
import { meanFieldNormal } from "./mean-field.ts";
import { naturalGradient } from "./natural-gradient.ts";

/** A base near the optimum, and the ELBO on the way to it. */
export interface Approach {
  readonly base: Base;
  readonly trace: Tensor;
}

const draws = 256;
const natural = { steps: 30, tolerance: 1e-3 };
const factorised = { steps: 1000, tolerance: 1e-3 };
/** The logarithm of a scale that stands for one without end: products with infinity would lose the names of the other coordinates too. */
const logScaleMax = 60;
/** Numbers of noise up to which draws match the normal's moments here. */
const matchedMax = 1024;

/**
 * A base near the optimum of a family, from where L-BFGS has little left to do, in coordinates where all directions are alike: by the natural gradient, which does not
 * mind how the target is scaled. A dense base is sought from the best factorised normal too, which is hard to lead astray, and the better of both is taken. Traced.
 */
export function approach<P extends Tree<Tensor>>(
  family: VariationalFamily<P>,
  logDensity: (u: Tensor) => Tensor,
  base: Base,
  key: Tensor,
): Approach {
  const { dimension } = family;
  const noise = matchedNoise(key, dimension > matchedMax ? draws : Math.max(draws, 2 * dimension), dimension);
  if (family.base === "diagonal") return scaled(logDensity, base, noise);
  const narrow = scaled(
    logDensity,
    { mean: base.mean, factor: sqrt(matmul(base.factor, matrixTranspose(base.factor)).mul(eye(dimension, "f64")).sum(1)) },
    noise,
  );
  const meanField = meanFieldNormal(dimension);
  const found = climb(meanField, inBase(logDensity, narrow.base), meanField.init(key), noise, factorised);
  const { location, logScale } = meanField.place(found.params, narrow.base);
  const other: Base = { mean: location, factor: eye(dimension, "f64").mul(logScale.minimum(logScaleMax).exp()) };
  const given = inBase(logDensity, base)(noise).mean().add(standardEntropy(dimension));
  // Where the given base has no ELBO, or a lower one.
  const better = given.greaterEqual(found.value);
  const start: Base = { mean: where(better, base.mean, other.mean), factor: where(better, base.factor, other.factor) };
  const climbed = naturalGradient(inBase(logDensity, start), noise, "dense", natural);
  const at = placeFactor(placeFactor(standardFactor(dimension), { mean: climbed.mean, factor: climbed.factor }), start);
  return { base: { mean: at.location, factor: factorOf(at) }, trace: concat([narrow.trace, found.startValue, found.trace, climbed.trace]) };
}

/** The scales of a factorised normal. */
function scaled(logDensity: (u: Tensor) => Tensor, base: Base, noise: Tensor): Approach {
  const found = naturalGradient(inBase(logDensity, base), noise, "diagonal", natural);
  return { base: { mean: base.mean.add(base.factor.mul(found.mean)), factor: base.factor.mul(found.factor) }, trace: found.trace };
}
