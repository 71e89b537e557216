import { constant, index, random, type Tensor } from "@credence/tensor";
import { affine, type LinearParams, linear } from "../network/linear.ts";
import { type Activation, activationFunction, type Network, repeatRows, requireWidth } from "../network/network.ts";

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

/** The outputs of every number at once (`apply`), or of one number after the other. */
export interface Made extends Network<MadeParams> {
  /**
   * Computes the outputs of number after number, in their order: given the k numbers that come first, [rows, k] as they stand in x (nothing
   * for k = 0), those of the next one, [rows, outputs]. No unit that sees later numbers is computed.
   */
  sequence(params: MadeParams, context: Tensor | undefined, rows: number): (known: Tensor | undefined) => Tensor;
}

/**
 * Masked autoencoder for density estimation of `blocks` hidden layers after the first: [B, D] -> [B, D outputs], where the outputs of number d see only
 * the numbers before it, and the whole context. Germain, Gregor, Murray and Larochelle 2015.
 */
export function made(options: MadeOptions): Made {
  const { dimension, context = 0, hidden, blocks, outputs, ascending, activation = "relu", start } = options;
  requireWidth("dimension", dimension);
  requireWidth("hidden", hidden);
  const activate = activationFunction(activation);

  // Number d has degree d + 1 (or D - d); a hidden unit of degree k sees degrees <= k (0: the context alone); an output of degree k sees
  // hidden degrees < k.
  const degrees = Array.from({ length: dimension }, (_, d) => (ascending ? d + 1 : dimension - d));
  const hiddenDegrees = Array.from({ length: hidden }, (_, h) => Math.floor((h * dimension) / hidden));
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
      if (params.context) h = h.add(repeatRows(affine(params.context, c!), x.shape[0]!));
      h = activate(h);
      for (const block of params.blocks) h = activate(affine(masked(block, "hidden"), h));
      return affine(masked(params.output, "output"), h);
    },
    sequence(params, c, rows) {
      const input = masked(params.input, "input");
      const inner = params.blocks.map((block) => masked(block, "hidden"));
      const output = masked(params.output, "output");
      const projected = params.context && affine(params.context, c!);
      const start = projected ? projected.add(input.bias) : input.bias.expandDims(0);
      return (known) => {
        const k = known?.shape[1] ?? 0;
        const units = hiddenDegrees.filter((degree) => degree <= k).length;
        const first = ascending ? 0 : dimension - k;
        const number = ascending ? k : dimension - 1 - k;
        let h = repeatRows(start.slice([0, 0], [start.shape[0]!, units]), rows);
        if (known) h = h.add(known.matmul(input.weight.slice([first, 0], [first + k, units])));
        h = activate(h);
        for (const { weight, bias } of inner)
          h = activate(affine({ weight: weight.slice([0, 0], [units, units]), bias: bias.slice([0], [units]) }, h));
        const [begin, end] = [number * outputs, (number + 1) * outputs];
        return affine({ weight: output.weight.slice([0, begin], [units, end]), bias: output.bias.slice([begin], [end]) }, h);
      };
    },
  };
}
