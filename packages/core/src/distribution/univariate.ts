import { broadcastTo, type Shape, type Tensor, type TensorLike, where } from "@credence/tensor";
import { asFloat, commonType, type FloatType, floatType, type Held } from "./argument.ts";
import { broadcastShapes } from "./broadcast.ts";
import type { Distribution, DistributionOptions, Standard, WithMoments } from "./distribution.ts";
import type { Support } from "./support.ts";

type Values<P> = { readonly [K in keyof P]: Tensor };

/** A distribution of one number: what is left to write is its mathematics, on Tensors that broadcast. */
export interface Univariate<P extends Record<string, Held>> {
  readonly name: string;
  readonly arguments: P;
  readonly support: Support;
  /** Log density at points of the support. */
  logDensity(x: Tensor, p: Values<P>): Tensor;
  /** Whether x is in the support, and a point that is; absent where every number is. */
  readonly inside?: { contains(x: Tensor, p: Values<P>): Tensor; point(p: Values<P>): TensorLike };
  draw(key: Tensor, shape: Shape, dtype: FloatType, p: Values<P>): Tensor;
  /** The standard member of the family, and the way from it. */
  readonly standard?: {
    base(): Distribution;
    /** The argument that is the scale, of a family with a location. */
    readonly scale?: keyof P & string;
    forward(z: Tensor, p: Values<P>): Tensor;
    inverse(x: Tensor, p: Values<P>): Tensor;
  };
}

export interface UnivariateWithMoments<P extends Record<string, Held>> extends Univariate<P> {
  mean(p: Values<P>): Tensor;
  variance(p: Values<P>): Tensor;
}

/** As `univariateOf`, with mean and variance. */
export function univariate<P extends Record<string, Held>>(spec: UnivariateWithMoments<P>, options: DistributionOptions = {}): WithMoments {
  const distribution = univariateOf(spec, options);
  const { dtype, batchShape } = distribution;
  return {
    ...distribution,
    mean: () => broadcastTo(spec.mean(valuesAt(spec, dtype)), batchShape),
    variance: () => broadcastTo(spec.variance(valuesAt(spec, dtype)), batchShape),
  };
}

const valuesAt = <P extends Record<string, Held>>(spec: Univariate<P>, type: FloatType): Values<P> =>
  Object.fromEntries(Object.entries(spec.arguments).map(([key, value]) => [key, value.at(type)])) as Values<P>;

/** The distribution that `spec` describes. */
export function univariateOf<P extends Record<string, Held>>(spec: Univariate<P>, options: DistributionOptions = {}): Distribution {
  const { name, support, inside, standard } = spec;
  const held = Object.values(spec.arguments);
  const batchShape = broadcastShapes(name, ...held.map(({ shape }) => shape));
  const dtype = commonType(name, held, options.dtype);
  const at = (type: FloatType) => valuesAt(spec, type);
  const density = (value: TensorLike): Tensor => {
    const x = asFloat(name, value, dtype);
    return broadcastTo(spec.logDensity(x, at(floatType(x))), broadcastShapes(name, x.shape, batchShape));
  };
  const standardOf = (family: NonNullable<typeof standard>): Standard => ({
    base: family.base(),
    forward: (z) => family.forward(z, at(floatType(z))),
    inverse: (x) => family.inverse(x, at(floatType(x))),
  });
  return {
    name,
    batchShape,
    eventShape: [],
    dtype,
    support,
    sample: (key, sampleShape = [], type = dtype) => spec.draw(key, [...sampleShape, ...batchShape], type, at(type)),
    logProb(value) {
      if (!inside) return density(value);
      const x = asFloat(name, value, dtype);
      const p = at(floatType(x));
      const shape = broadcastShapes(name, x.shape, batchShape);
      // The density is evaluated at a point of the support wherever x is none, so that the branch not taken has a finite derivative.
      const contained = inside.contains(x, p);
      return broadcastTo(where(contained, spec.logDensity(where(contained, x, inside.point(p)), p), -Infinity), shape);
    },
    ...(inside && { logProbInside: density }),
    ...(standard && { standard: () => standardOf(standard) }),
    ...(standard?.scale && !spec.arguments[standard.scale]!.values && { openScale: standard.scale }),
  };
}
