import { concat, constant, random, stack, type Tensor, tanh } from "@credence/tensor";
import { lameAt } from "../field/elastic-field.ts";
import type { Setting } from "../material.ts";
import type { Plane } from "./hard-supports.ts";

/** What a network field is made of. */
export interface NetworkShape {
  readonly dimension: 2 | 3;
  /** Widths of the hidden layers, tanh. */
  readonly hidden: readonly number[];
  /** For each component the planes on which it is zero whatever the weights are. */
  readonly planes: readonly (readonly Plane[])[];
}

const widthsOf = ({ dimension, hidden }: NetworkShape): number[] => [dimension, ...hidden, dimension];

/** Numbers in all weights and biases. */
export const weightCount = (shape: NetworkShape): number => {
  const widths = widthsOf(shape);
  return widths.slice(1).reduce((sum, out, i) => sum + (widths[i]! + 1) * out, 0);
};

/** Weights of variance 2 / (inputs + outputs) (Glorot and Bengio 2010), biases in (-1, 1) in the first layer and 0 elsewhere, in one vector. Traced, f64. */
export function initialWeights(shape: NetworkShape, key: Tensor): Tensor {
  const widths = widthsOf(shape);
  return concat(
    widths.slice(1).flatMap((out, i) => {
      const weight = random.normal(random.fold(key, 2 * i), [widths[i]! * out], { dtype: "f64" }).mul(Math.sqrt(2 / (widths[i]! + out)));
      const bias = random.uniform(random.fold(key, 2 * i + 1), [out], { dtype: "f64", low: -1, high: 1 });
      return [weight, i === 0 ? bias : bias.mul(0)];
    }),
    0,
  );
}

/** Units of the last hidden layer at places [n, d]; [n, K]. */
export function hiddenUnits(shape: NetworkShape, weights: Tensor, places: Tensor): Tensor {
  const widths = widthsOf(shape);
  let [h, at] = [places, 0];
  for (let i = 0; i < widths.length - 2; i++) {
    const [from, to] = [widths[i]!, widths[i + 1]!];
    const weight = weights.slice([at], [at + from * to]).reshape([from, to]);
    const bias = weights.slice([at + from * to], [at + (from + 1) * to]);
    h = tanh(h.matmul(weight).add(bias));
    at += (from + 1) * to;
  }
  return h;
}

/** Distances to the planes that hold a component, one after the other multiplied, [n, 1]. */
const factorOf = (planes: readonly Plane[], places: Tensor): Tensor =>
  planes.reduce(
    (product, { normal, offset }) =>
      product.mul(
        places
          .matmul(
            constant(
              normal.map((v) => [v]),
              "f64",
            ),
          )
          .sub(offset),
      ),
    places.slice([0, 0], [places.shape[0]!, 1]).mul(0).add(1),
  );

/** u = D(x) N(x): a network times, for each component, the distances to the planes that hold it. In units of the problem, [n, d]. */
export function networkDisplacement(shape: NetworkShape, weights: Tensor, places: Tensor): Tensor {
  const { dimension: d, hidden, planes } = shape;
  const last = hidden.at(-1)!;
  const total = weightCount(shape);
  const weight = weights.slice([total - (last + 1) * d], [total - d]).reshape([last, d]);
  const free = hiddenUnits(shape, weights, places)
    .matmul(weight)
    .add(weights.slice([total - d], [total]));
  if (planes.every((held) => held.length === 0)) return free;
  return free.mul(
    concat(
      planes.map((held) => factorOf(held, places)),
      1,
    ),
  );
}

/** D(x) times the last hidden units and 1: what the displacement is linear in, [n, d, K + 1]. */
export const lastLayerFeatures =
  (shape: NetworkShape, weights: Tensor) =>
  (places: Tensor): Tensor => {
    const units = hiddenUnits(shape, weights, places);
    const all = concat([units, units.slice([0, 0], [units.shape[0]!, 1]).mul(0).add(1)], 1);
    return stack(
      shape.planes.map((held) => all.mul(factorOf(held, places))),
      1,
    );
  };

/** lambda of the setting and mu, in units of the problem, from the logarithms of lambda and mu. */
export function materialAt(logs: Tensor, setting: Setting): { readonly lambda: Tensor; readonly mu: Tensor } {
  const both = logs.exp();
  return lameAt(logs, { lambda: both.index(0), mu: both.index(1) }, setting);
}
