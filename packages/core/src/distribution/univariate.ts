import { broadcastTo, type Shape, type Tensor, type TensorLike, where } from "@credence/tensor";
import { asFloat, commonType, type FloatType, floatType, type Held } from "./argument.ts";
import { broadcastShapes } from "./broadcast.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
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
  mean(p: Values<P>): Tensor;
  variance(p: Values<P>): Tensor;
}

export function univariate<P extends Record<string, Held>>(spec: Univariate<P>, options: DistributionOptions = {}): WithMoments {
  const { name, support, inside } = spec;
  const held = Object.values(spec.arguments);
  const batchShape = broadcastShapes(name, ...held.map(({ shape }) => shape));
  const dtype = commonType(name, held, options.dtype);
  const at = (type: FloatType) =>
    Object.fromEntries(Object.entries(spec.arguments).map(([key, value]) => [key, value.at(type)])) as Values<P>;
  return {
    name,
    batchShape,
    eventShape: [],
    dtype,
    support,
    sample: (key, sampleShape = []) => spec.draw(key, [...sampleShape, ...batchShape], dtype, at(dtype)),
    logProb(value) {
      const x = asFloat(name, value, dtype);
      const p = at(floatType(x));
      const shape = broadcastShapes(name, x.shape, batchShape);
      if (!inside) return broadcastTo(spec.logDensity(x, p), shape);
      // The density is evaluated at a point of the support wherever x is none, so that the branch not taken has a finite derivative.
      const contained = inside.contains(x, p);
      return broadcastTo(where(contained, spec.logDensity(where(contained, x, inside.point(p)), p), -Infinity), shape);
    },
    mean: () => broadcastTo(spec.mean(at(dtype)), batchShape),
    variance: () => broadcastTo(spec.variance(at(dtype)), batchShape),
  };
}
