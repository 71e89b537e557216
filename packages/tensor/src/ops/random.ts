import { array } from "../array.ts";
import { type DType, isFloat } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { Tensor, type TensorLike } from "../tensor.ts";
import { asTensor, constant } from "./creation.ts";
import { add, cast, less, log, log1p, mul, neg, operands } from "./elementwise.ts";
import { argmax } from "./reduce.ts";
import { defineRowOp, rowOperation } from "./rows.ts";
import { broadcastTo, concat, expandDims, reshape } from "./shape.ts";

/** Random numbers are a function of (key, element): Philox4x32-10 (Salmon et al. 2011). The same on every device and number of threads. */
const checkKey =
  (name: string) =>
  ([k]: readonly { dtype: DType; shape: Shape }[]) => {
    if (k!.dtype !== "u32" || k!.shape.at(-1) !== 2)
      throw new DTypeError(`${name}: expected a key u32[2] from random.key or random.split, got ${k!.dtype}${showShape(k!.shape)}`);
  };
for (const [name, doc] of [
  ["randomBits", "32 random bits"],
  ["randomUniform", "uniform on [0, 1)"],
  ["randomNormal", "standard normal (Box-Muller)"],
  // Not flat: a draw moves with its shape, and a derivative of 0 would be wrong.
  ["randomGamma", "gamma of given shape, rate 1 (Marsaglia and Tsang 2000); its derivative to the shape is not provided"],
  ["randomPoisson", "Poisson of given rate (inversion; Hormann's transformed rejection above 10)"],
  ["randomBinomial", "binomial (inversion; Hormann's BTRS for large n p)"],
  ["randomFold", "a new key from a key and a number"],
  ["permutation", "a random order of 0 ... n - 1 (Fisher and Yates)"],
] as const)
  defineRowOp(name, doc, checkKey(name), name === "randomGamma" ? {} : { flat: true });

/** Draws of one native sampler, `parameters` broadcast to `shape`. */
function draw(name: string, k: TensorLike, shape: Shape, dtype: DType, parameters: readonly Tensor[] = []): Tensor {
  if (name !== "randomBits" && !isFloat(dtype)) throw new DTypeError(`${name}: draws are f32 or f64, got ${dtype}; cast() them`);
  const keyTensor = asTensor(k);
  const columns = parameters.map((p) => expandDims(broadcastTo(p, shape), -1));
  const [out] = rowOperation(name, [keyTensor, ...columns], {
    rows: shape,
    shared: [true, ...columns.map(() => false)],
    outputs: [{ length: 1, dtype }],
    integers: [sizeOf(shape)],
  });
  return reshape(out!, shape);
}

/** A key from a seed: an integer from 0 to 2^53, or a scalar i32 or u32 of the program. */
export function key(seed: number | Tensor): Tensor {
  if (seed instanceof Tensor) return concat([reshape(cast(seed, "u32"), [1]), constant(array(new Uint32Array(1)))]);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`random.key: the seed must be an integer from 0 to 2^53, got ${seed}`);
  return constant(array(Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32))));
}

/** A new key for `data`: an integer >= 0, or an i32/u32 array, which gives keys [..., 2]. */
export function fold(k: TensorLike, data: number | Tensor): Tensor {
  const parent = asTensor(k);
  if (typeof data === "number") {
    if (!Number.isInteger(data) || data < 0 || data >= 2 ** 32)
      throw new RangeError(`random.fold: expected an integer from 0 to 2^32 - 1, got ${data}`);
    return fold(parent, reshape(constant(array(Uint32Array.of(data))), []));
  }
  const d = cast(data, "u32");
  const shared = parent.rank === 1;
  if (!shared && !sameShape(parent.shape.slice(0, -1), d.shape))
    throw new ShapeError(`random.fold: keys ${showShape(parent.shape)} and data ${showShape(d.shape)} do not fit`);
  return rowOperation("randomFold", [parent, expandDims(d, -1)], {
    rows: d.shape,
    shared: [shared, false],
    outputs: [{ length: 2, dtype: "u32" }],
  })[0]!;
}

/** `n` independent keys, [n, 2]; take one with `index(keys, i)`. */
export const split = (k: TensorLike, n: number): Tensor => fold(k, constant(array(Uint32Array.from({ length: n }, (_, i) => i))));

/** 32 random bits each, u32[shape]. */
export const bits = (k: TensorLike, shape: Shape = []): Tensor => draw("randomBits", k, shape, "u32");

/** Uniform on [low, high), f32 (a grid of 2^-24) or f64 (2^-53). */
export function uniform(k: TensorLike, shape: Shape = [], options: { dtype?: DType; low?: number; high?: number } = {}): Tensor {
  const { dtype = "f32", low = 0, high = 1 } = options;
  const u = draw("randomUniform", k, shape, dtype);
  return low === 0 && high === 1 ? u : add(mul(u, high - low), low);
}
/** Standard normal (Box and Muller 1958), f32 or f64. */
export const normal = (k: TensorLike, shape: Shape = [], options: { dtype?: DType } = {}): Tensor =>
  draw("randomNormal", k, shape, options.dtype ?? "f32");
/** Exponential of rate 1. */
export const exponential = (k: TensorLike, shape: Shape = [], options: { dtype?: DType } = {}): Tensor =>
  neg(log1p(neg(uniform(k, shape, options))));

type SampleOptions = { shape?: Shape; dtype?: DType };
function parametric(name: string, k: TensorLike, values: readonly TensorLike[], options: SampleOptions): Tensor {
  const parameters = operands(name, values, options.dtype);
  const dtype = parameters[0]!.dtype;
  return draw(name, k, options.shape ?? parameters[0]!.shape, dtype, parameters);
}
/**
 * Gamma of shape parameter `shape`, rate 1 (Marsaglia and Tsang 2000); the draws have its extents unless `options.shape` says more.
 * NaN unless shape >= 0. There is no derivative to the shape: asking for one is an error.
 */
export const gamma = (k: TensorLike, shape: TensorLike, options: SampleOptions = {}): Tensor =>
  parametric("randomGamma", k, [shape], options);
/** Poisson of given rate (Hoermann 1993), as whole numbers of the type of the rate. NaN unless 0 <= rate < infinity. Flat: derivatives are 0. */
export const poisson = (k: TensorLike, rate: TensorLike, options: SampleOptions = {}): Tensor =>
  parametric("randomPoisson", k, [rate], options);
/** Number of successes in `n` trials of probability `p` (Hoermann 1993). NaN unless n is whole and 0 <= p <= 1. Flat: derivatives are 0. */
export const binomial = (k: TensorLike, n: TensorLike, p: TensorLike, options: SampleOptions = {}): Tensor =>
  parametric("randomBinomial", k, [n, p], options);
/** true with probability `p`. */
export function bernoulli(k: TensorLike, p: TensorLike, options: SampleOptions = {}): Tensor {
  const probability = asTensor(p, options.dtype);
  return less(uniform(k, options.shape ?? probability.shape, { dtype: probability.dtype }), probability);
}
/** Index drawn with probability softmax(`logits`) along the last axis (Gumbel maximum). */
export function categorical(k: TensorLike, logits: TensorLike, options: { shape?: Shape } = {}): Tensor {
  const l = asTensor(logits);
  const shape = [...(options.shape ?? l.shape.slice(0, -1)), l.shape.at(-1)!];
  return argmax(add(l, neg(log(exponential(k, shape, { dtype: l.dtype })))), -1);
}
/** A random order of 0 ... n - 1, i32[n]. */
export const permutation = (k: TensorLike, n: number): Tensor =>
  rowOperation("permutation", [asTensor(k)], { rows: [], outputs: [{ length: n, dtype: "i32" }], integers: [1] })[0]!;
