import { any, equal, expandDims, full, greater, index, logSumExp, random, reshape, stack, type Tensor, where } from "@credence/tensor";
import { type Argument, asFloat, type FloatType, floatType, hold, nonnegative } from "./argument.ts";
import { broadcastShapes } from "./broadcast.ts";
import type { Distribution, WithMoments } from "./distribution.ts";
import { moment } from "./moment.ts";
import type { Support } from "./support.ts";

/**
 * Density sum_k w_k p_k(x).
 * @param weights [K] or [..., K], >= 0; they are divided by their sum
 * @param components K distributions of one event shape
 */
export function mixture(weights: Argument, components: readonly Distribution[]): WithMoments {
  const held = hold("mixture", "weights", weights, nonnegative);
  const first = components[0];
  if (!first || held.shape.at(-1) !== components.length)
    throw new RangeError(
      `mixture: expected a weight for each of ${components.length} components, at least one, got weights of shape [${held.shape.join(", ")}]`,
    );
  for (const component of components) {
    if (component.eventShape.join() !== first.eventShape.join())
      throw new RangeError(
        `mixture: components must have one event shape, got [${first.eventShape.join(", ")}] and [${component.eventShape.join(", ")}]`,
      );
  }
  // Components of host values alone follow the others.
  const dtype: FloatType = components.some((component) => component.dtype === "f64") ? "f64" : "f32";
  if (held.dtype && held.dtype !== dtype)
    throw new TypeError(`mixture: weights are ${held.dtype} and components ${dtype}; cast() them to one`);
  const rows = held.values && held.values.length / components.length;
  for (let row = 0; row < (rows ?? 0); row++)
    if (!held.values!.subarray(row * components.length, (row + 1) * components.length).some((w) => w > 0))
      throw new RangeError("mixture: at least one weight must be > 0, got all 0");

  const { eventShape } = first;
  const batchShape = broadcastShapes("mixture", held.shape.slice(0, -1), ...components.map((component) => component.batchShape));
  const spread = (x: Tensor): Tensor => reshape(x, [...x.shape, ...eventShape.map(() => 1)]);
  const logWeights = (type: FloatType): Tensor => {
    const w = held.at(type);
    return where(greater(w, 0), where(greater(w, 0), w, 1).log(), -Infinity).sub(w.sum(-1, true).log());
  };
  /** sum_k w_k f_k over [..., eventShape] */
  const average = (values: readonly Tensor[]): Tensor => {
    const w = logWeights(dtype).exp();
    return values.map((value, k) => spread(index(w, k, -1)).mul(value)).reduce((total, term) => total.add(term));
  };
  const means = () => components.map((component) => moment(component, "mean"));

  return {
    name: "mixture",
    batchShape,
    eventShape,
    dtype,
    support: hull(components.map(({ support }) => support)),
    sample(key, sampleShape = [], type = dtype) {
      const keys = random.split(key, components.length + 1);
      const chosen = random.categorical(index(keys, components.length), logWeights(type), { shape: [...sampleShape, ...batchShape] });
      const missing = (component: Distribution) => batchShape.length - component.batchShape.length;
      return components
        .map((component, k): Tensor => component.sample(index(keys, k), [...sampleShape, ...batchShape.slice(0, missing(component))], type))
        .reduce((drawn, other, k) => where(equal(spread(chosen), k), other, drawn));
    },
    logProb(value) {
      const x = asFloat("mixture", value, dtype);
      const terms = stack(
        components.map((component) => component.logProb(x)),
        -1,
      ).add(logWeights(floatType(x)));
      // Where no component has mass, a sum over zeros stands in for one whose derivative would be NaN.
      const reached = any(greater(terms, -Infinity), -1);
      return where(reached, logSumExp(where(expandDims(reached, -1), terms, 0), -1), full([], -Infinity, x.dtype));
    },
    mean: () => average(means()),
    // Law of total variance: E[variance] + E[mean^2] - mean^2
    variance() {
      const centre = average(means());
      const spreadOf = components.map((component) => moment(component, "variance").add(moment(component, "mean").sub(centre).square()));
      return average(spreadOf);
    },
  };
}

/** The smallest of the kinds of support that holds all of `supports`: one of them if they are the same, else an interval, the positive numbers or all. */
function hull(supports: readonly Support[]): Support {
  const first = supports[0]!;
  if (supports.every((support) => support === first || JSON.stringify(support) === JSON.stringify(first))) return first;
  const ends = supports.map((support): [number, number] | undefined => {
    if (support.kind === "real") return [-Infinity, Infinity];
    if (support.kind === "positive") return [0, Infinity];
    if (support.kind === "interval" && typeof support.low === "number" && typeof support.high === "number")
      return [support.low, support.high];
    return undefined;
  });
  if (ends.some((end) => end === undefined))
    throw new TypeError(
      `mixture: components have supports of kinds ${supports.map(({ kind }) => kind).join(", ")}, which have no common one`,
    );
  const low = Math.min(...ends.map((end) => end![0]));
  const high = Math.max(...ends.map((end) => end![1]));
  if (Number.isFinite(low) && Number.isFinite(high)) return { kind: "interval", low, high };
  return low >= 0 ? { kind: "positive" } : { kind: "real" };
}
