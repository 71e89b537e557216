import { abstractly, array, constant, type NdArray, type Tensor, vmap } from "@credence/tensor";
import type { Draws, Target } from "../model/index.ts";
import type { PosteriorSampler } from "./calibration-draws.ts";

/**
 * The posterior given one data set [...], traced: `(x) => model(priors, ({ mu }) => observed(normal(mu, 1), x))`. Only its log density may
 * depend on the data: its quantities and starting points are those of the first data set for all.
 */
export type TargetOf = (x: Tensor) => Target;

interface Running {
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * A sampler of Markov chains as a method to calibrate: all data sets at once, one chain each, in one program.
 * @param run runs that many chains of the target it is given, one for each data set:
 *   `(target, options) => nuts(target, { ...options, draws: 990 })`. Every (draws / count)-th draw is kept: ask for so many that these are independent
 */
export function chainSampler(
  targetOf: TargetOf,
  run: (target: Target, options: Running & { readonly chains: number }) => Promise<Draws>,
): PosteriorSampler {
  const many = async (x: NdArray, count: number, options: Running): Promise<NdArray> => {
    const chains = x.shape[0]!;
    return thinned(await run(chainTarget(targetOf, x), { ...running(options), chains }), chains, count);
  };
  return { sampleMany: many, sample: (x, count, options) => one(many, x, count, options) };
}

/**
 * A fit of a density as a method to calibrate: all data sets at once, as one target over the product of their spaces, u of data set r in
 * places r D to (r + 1) D. Where the family holds the products of its members, as the mean-field and the full-rank normals do, its best
 * member is the product of the best ones (dependence between data sets would only add to KL): R fits in one program.
 * @param run fits the target and gives `draws` independent draws, as one chain
 */
export function productSampler(
  targetOf: TargetOf,
  run: (target: Target, options: Running & { readonly draws: number; readonly copies: number }) => Promise<Draws>,
): PosteriorSampler {
  const many = async (x: NdArray, count: number, options: Running): Promise<NdArray> => {
    const copies = x.shape[0]!;
    const fitted = await run(productTarget(targetOf, x), { ...running(options), draws: count, copies });
    const width = fitted.names.length / copies;
    if (fitted.draws.size !== count * copies * width)
      throw new RangeError(`productSampler: expected ${count} draws, got shape [${fitted.draws.shape.join(", ")}]`);
    const values = fitted.draws.data();
    const sorted = new Float64Array(values.length);
    for (let s = 0; s < count; s++)
      for (let r = 0; r < copies; r++)
        for (let d = 0; d < width; d++) sorted[(r * count + s) * width + d] = values[(s * copies + r) * width + d]!;
    return array(sorted, { shape: [copies, count, width] });
  };
  return { sampleMany: many, sample: (x, count, options) => one(many, x, count, options) };
}

/**
 * Any method, one data set after the other.
 * @param run its draws, of one or more chains; `count` of them are kept, evenly spaced over all
 */
export function eachSampler(run: (x: NdArray, options: Running & { readonly draws: number }) => Promise<Draws>): PosteriorSampler {
  return {
    async sample(x, count, options) {
      const drawn = await run(x, { ...running(options), draws: count });
      const width = drawn.names.length;
      const total = drawn.draws.size / width;
      using flat = array(drawn.draws.data(), { shape: [1, total, width] });
      using kept = await thinned({ ...drawn, draws: flat }, 1, count);
      return array(kept.data(), { shape: [count, width] });
    },
  };
}

const running = ({ seed, signal }: Running): Running => (signal ? { seed, signal } : { seed });

/** The rows of a batch of one. */
async function one(
  many: (x: NdArray, count: number, options: Running) => Promise<NdArray>,
  x: NdArray,
  count: number,
  options: Running,
): Promise<NdArray> {
  using alone = array(x.data(), { shape: [1, ...x.shape] });
  using drawn = await many(alone, count, options);
  return array(drawn.data(), { shape: drawn.shape.slice(1) });
}

/** `count` draws of each chain, evenly spaced and the last one among them, [chains, count, K]. */
function thinned({ draws, names }: Draws, chains: number, count: number): NdArray {
  const [got, length, width] = draws.shape as [number, number, number];
  if (got !== chains) throw new RangeError(`the sampler ran ${got} chains; expected ${chains}, one for each data set`);
  if (length < count) throw new RangeError(`the sampler kept ${length} draws for each data set; expected at least ${count}`);
  const step = Math.floor(length / count);
  const values = draws.data();
  const kept = new Float64Array(chains * count * width);
  for (let c = 0; c < chains; c++)
    for (let i = 0; i < count; i++) {
      const from = (c * length + length - 1 - (count - 1 - i) * step) * names.length;
      kept.set(values.subarray(from, from + width), (c * count + i) * width);
    }
  return array(kept, { shape: [chains, count, width] });
}

/** What does not depend on the data. */
function frameOf(targetOf: TargetOf, x: NdArray): Pick<Target, "dimension" | "coordinates" | "names"> {
  return abstractly([{ shape: x.shape.slice(1), dtype: x.dtype }], (data) => {
    const { dimension, coordinates, names } = targetOf(data);
    return { dimension, coordinates, names };
  });
}

const single = (u: Tensor): Tensor => u.expandDims(0);

/** Chain r walks in the posterior given row r of x [R, ...]. */
function chainTarget(targetOf: TargetOf, x: NdArray): Target {
  const rows = (u: Tensor): Tensor => {
    if (u.shape[0] !== x.shape[0])
      throw new RangeError(
        `this target has one row for each of ${x.shape[0]} data sets, got ${u.shape[0]} rows; the sampler must keep its chains together`,
      );
    return constant(x);
  };
  const first = (): Target => targetOf(constant(x).slice([0], [1]).squeeze(0));
  return {
    ...frameOf(targetOf, x),
    logDensity: (u) => vmap((one: Tensor, data: Tensor) => targetOf(data).logDensity(single(one)).squeeze(0))(u, rows(u)),
    constrain: (u) => first().constrain(u),
    initial: (key, n) => first().initial(key, n),
  };
}

/** The product of the posteriors given each row of x [R, ...]. */
function productTarget(targetOf: TargetOf, x: NdArray): Target {
  const { dimension, coordinates, names } = frameOf(targetOf, x);
  const copies = x.shape[0]!;
  const numbered = (list: readonly string[]) =>
    Array.from({ length: copies }, (_, r) => list.map((name) => `${name} of data set ${r + 1}`)).flat();
  const apart = (u: Tensor): Tensor => u.reshape([u.shape[0]!, copies, dimension]).transpose([1, 0, 2]);
  return {
    dimension: copies * dimension,
    coordinates: numbered(coordinates),
    names: numbered(names),
    logDensity: (u) => vmap((part: Tensor, data: Tensor) => targetOf(data).logDensity(part))(apart(u), constant(x)).sum(0),
    constrain: (u) =>
      vmap((part: Tensor, data: Tensor) => targetOf(data).constrain(part))(apart(u), constant(x))
        .transpose([1, 0, 2])
        .reshape([u.shape[0]!, copies * names.length]),
    initial: (key, n) =>
      targetOf(constant(x).slice([0], [1]).squeeze(0))
        .initial(key, n * copies)
        .reshape([n, copies * dimension]),
  };
}
