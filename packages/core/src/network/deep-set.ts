import { index, maximum, random, sum, type Tensor } from "@credence/tensor";
import type { LinearParams } from "./linear.ts";
import { mlp } from "./mlp.ts";
import { type Activation, activationFunction, type Network } from "./network.ts";

export interface DeepSetOptions {
  /** Features of an element. */
  readonly input: number;
  /** Hidden widths of both perceptrons. */
  readonly hidden: readonly number[];
  /** Features that are averaged over the elements. */
  readonly pooled: number;
  readonly output: number;
  readonly activation?: Activation;
}

export type DeepSetParams = { readonly element: readonly LinearParams[]; readonly set: readonly LinearParams[] };

/**
 * y = rho(mean over present elements of phi(x_i)): the same for any order of the elements. Zaheer et al. 2017, "Deep sets".
 * x: [rows, elements, features]; `context`, where given, is the mask [rows, elements], 1 for present and 0 for absent.
 */
export function deepSet(options: DeepSetOptions): Network<DeepSetParams> {
  const { input, hidden, pooled, output, activation = "relu" } = options;
  const element = mlp({ input, hidden, output: pooled, activation });
  const set = mlp({ input: pooled, hidden, output, activation });
  const activate = activationFunction(activation);
  return {
    output,
    init(key) {
      const keys = random.split(key, 2);
      return { element: element.init(index(keys, 0)), set: set.init(index(keys, 1)) };
    },
    apply(params, x, mask) {
      const [rows, elements] = x.shape as [number, number];
      const features = activate(element.apply(params.element, x.reshape([rows * elements, input]))).reshape([rows, elements, pooled]);
      return set.apply(params.set, mask === undefined ? features.mean(1) : maskedMean(features, mask));
    },
  };
}

function maskedMean(features: Tensor, mask: Tensor): Tensor {
  return sum(features.mul(mask.expandDims(2)), 1).div(maximum(mask.sum(1, true), 1));
}
