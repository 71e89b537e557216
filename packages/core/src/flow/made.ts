import { constant, index, random, type Tensor } from "@credence/tensor";
import { affine, type LinearParams, linear } from "../network/linear.ts";
import { type Activation, activationFunction, type Network, requireWidth } from "../network/network.ts";

export interface MadeOptions {
  readonly dimension: number;
  /** Features of the context; 0 if absent. */
  readonly context?: number;
  readonly hidden: number;
  readonly blocks: number;
  /** Outputs for each number of x: output d of a row depends on the numbers that come before number d. */
  readonly outputs: number;
  /** Whether number 0 comes first (and depends on nothing) or last. */
  readonly ascending: boolean;
  readonly activation?: Activation;
  /** Initial biases of the outputs of one number. */
  readonly start: readonly number[];
}

export type MadeParams = {
  readonly input: LinearParams;
  readonly context?: LinearParams;
  readonly blocks: readonly LinearParams[];
  readonly output: LinearParams;
};

/**
 * Masked autoencoder for density estimation of `blocks` hidden layers after the first: [B, D] -> [B, D outputs], where the outputs of number d see only
 * the numbers before it, and the whole context. Germain, Gregor, Murray and Larochelle 2015.
 */
export function made(options: MadeOptions): Network<MadeParams> {
  const { dimension, context = 0, hidden, blocks, outputs, ascending, activation = "relu", start } = options;
  requireWidth("dimension", dimension);
  requireWidth("hidden", hidden);
  const activate = activationFunction(activation);

  // Number d has degree d + 1 (or D - d); a hidden unit of degree k sees degrees <= k (0: the context alone); an output of degree k sees
  // hidden degrees < k.
  const degrees = Array.from({ length: dimension }, (_, d) => (ascending ? d + 1 : dimension - d));
  const hiddenDegrees = Array.from({ length: hidden }, (_, h) => h % dimension);
  const outputDegrees = degrees.flatMap((degree) => new Array<number>(outputs).fill(degree));
  const mask = (from: readonly number[], to: readonly number[], sees: (to: number, from: number) => boolean) =>
    from.map((f) => to.map((t) => (sees(t, f) ? 1 : 0)));
  const atLeast = (to: number, from: number) => to >= from;
  const masks = {
    input: mask(degrees, hiddenDegrees, atLeast),
    hidden: mask(hiddenDegrees, hiddenDegrees, atLeast),
    output: mask(hiddenDegrees, outputDegrees, (to, from) => to > from),
  };
  const layers = {
    input: linear({ input: dimension, output: hidden }),
    context: context > 0 ? linear({ input: context, output: hidden }) : undefined,
    block: linear({ input: hidden, output: hidden }),
    output: linear({ input: hidden, output: outputDegrees.length, scale: 1e-1, startBias: degrees.flatMap(() => start) }),
  };
  const masked = (params: LinearParams, which: keyof typeof masks): LinearParams => ({
    weight: params.weight.mul(constant(masks[which], params.weight.dtype)),
    bias: params.bias,
  });

  return {
    output: outputDegrees.length,
    init(key) {
      const keys = random.split(key, 3 + blocks);
      return {
        input: layers.input.init(index(keys, 0)),
        ...(layers.context && { context: layers.context.init(index(keys, 1)) }),
        blocks: Array.from({ length: blocks }, (_, b) => layers.block.init(index(keys, 3 + b))),
        output: layers.output.init(index(keys, 2)),
      };
    },
    apply(params, x, c) {
      let h: Tensor = affine(masked(params.input, "input"), x);
      if (params.context) h = h.add(affine(params.context, c!));
      h = activate(h);
      for (const block of params.blocks) h = activate(affine(masked(block, "hidden"), h));
      return affine(masked(params.output, "output"), h);
    },
  };
}
