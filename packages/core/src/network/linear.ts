import { constant, index, random, type Tensor } from "@credence/tensor";
import { type Network, requireWidth } from "./network.ts";

/** weight: [input, output]; bias: [output]. */
export type LinearParams = { readonly weight: Tensor; readonly bias: Tensor };

export interface LinearOptions {
  readonly input: number;
  readonly output: number;
  /** Weights and biases are drawn from U(-scale, scale) / sqrt(input); 1 if absent. */
  readonly scale?: number;
  /** Initial biases; drawn if absent. */
  readonly startBias?: readonly number[];
}

/** y = x W + b. */
export function linear(options: LinearOptions): Network<LinearParams> {
  const { input, output, scale = 1, startBias } = options;
  requireWidth("input", input);
  requireWidth("output", output);
  if (startBias !== undefined && startBias.length !== output) {
    throw new RangeError(`startBias must have ${output} values, one for each output, got ${startBias.length}`);
  }
  const bound = scale / Math.sqrt(input);
  return {
    output,
    init(key) {
      const keys = random.split(key, 2);
      return {
        weight: random.uniform(index(keys, 0), [input, output], { low: -bound, high: bound }),
        bias: startBias ? constant(startBias, "f32") : random.uniform(index(keys, 1), [output], { low: -bound, high: bound }),
      };
    },
    apply: (params, x) => affine(params, x),
  };
}

/** x W + b for x of any rank; the last axis holds the features. */
export function affine(params: LinearParams, x: Tensor): Tensor {
  return x.matmul(params.weight).add(params.bias);
}
