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

type Block = { readonly first: LinearParams; readonly second: LinearParams; readonly gate?: LinearParams };

export type MadeParams = {
  readonly input: LinearParams;
  readonly context?: LinearParams;
  readonly blocks: readonly Block[];
  readonly output: LinearParams;
};

/**
 * Masked autoencoder for density estimation with residual blocks: [B, D] -> [B, D outputs], where the outputs of number d see only
 * the numbers before it, and the whole context. Germain, Gregor, Murray and Larochelle 2015.
 */
export function made(options: MadeOptions): Network<MadeParams> {
  const { dimension, context = 0, hidden, blocks, outputs, ascending, activation = "relu", start } = options;
  requireWidth("dimension", dimension);
  requireWidth("hidden", hidden);
  const activate = activationFunction(activation);

  // Number d has degree d + 1 (or D - d); a hidden unit of degree k sees degrees <= k; an output of degree k sees hidden degrees < k.
  const degrees = Array.from({ length: dimension }, (_, d) => (ascending ? d + 1 : dimension - d));
  const hiddenDegrees = Array.from({ length: hidden }, (_, h) => (dimension === 1 ? 0 : 1 + (h % (dimension - 1))));
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
    first: linear({ input: hidden, output: hidden }),
    second: linear({ input: hidden, output: hidden, scale: 1e-2 }),
    output: linear({ input: hidden, output: outputDegrees.length, scale: 1e-1, startBias: degrees.flatMap(() => start) }),
  };
  const masked = (params: LinearParams, which: keyof typeof masks): LinearParams => ({
    weight: params.weight.mul(constant(masks[which], params.weight.dtype)),
    bias: params.bias,
  });

  return {
    output: outputDegrees.length,
    init(key) {
      const keys = random.split(key, 3 + 3 * blocks);
      return {
        input: layers.input.init(index(keys, 0)),
        ...(layers.context && { context: layers.context.init(index(keys, 1)) }),
        blocks: Array.from({ length: blocks }, (_, b) => ({
          first: layers.first.init(index(keys, 3 + 3 * b)),
          second: layers.second.init(index(keys, 4 + 3 * b)),
          ...(layers.context && { gate: layers.context.init(index(keys, 5 + 3 * b)) }),
        })),
        output: layers.output.init(index(keys, 2)),
      };
    },
    apply(params, x, c) {
      let h: Tensor = affine(masked(params.input, "input"), x);
      if (params.context) h = h.add(affine(params.context, c!));
      for (const block of params.blocks) {
        const inner = activate(affine(masked(block.first, "hidden"), activate(h)));
        const change = affine(masked(block.second, "hidden"), inner);
        h = h.add(block.gate ? change.mul(affine(block.gate, c!).sigmoid()) : change);
      }
      return affine(masked(params.output, "output"), activate(h));
    },
  };
}
