import { index, random, sigmoid, type Tensor } from "@credence/tensor";
import { dropout, requireRate } from "./dropout.ts";
import { affine, type LinearParams, linear } from "./linear.ts";
import { type Activation, activationFunction, type Network, repeatRows, requireWidth } from "./network.ts";

export interface ResidualOptions {
  /** Features of x; 0 makes a network of the context alone. */
  readonly input: number;
  readonly hidden: number;
  readonly blocks: number;
  readonly output: number;
  /** Features of the context; 0 or absent: none. */
  readonly context?: number;
  readonly activation?: Activation;
  /** Share of hidden units dropped, in the middle of each block, where `apply` is given noise; 0 if absent. */
  readonly dropout?: number;
  /** How the context enters a block: multiplied through a sigmoid gate (`"glu"`, if absent) or added. */
  readonly gate?: "glu" | "add";
  /** Scale of the last layer's initial weights; 1 if absent. */
  readonly outputScale?: number;
  /** Initial biases of the last layer; drawn as its weights are if absent. */
  readonly outputBias?: readonly number[];
}

type BlockParams = { readonly first: LinearParams; readonly second: LinearParams; readonly gate?: LinearParams };

export type ResidualParams = {
  readonly input?: LinearParams;
  readonly context?: LinearParams;
  readonly blocks: readonly BlockParams[];
  readonly output: LinearParams;
};

/**
 * h = W_x x + W_c c;  each block: h <- h + W_2 a(W_1 a(h)) * sigmoid(W_g c);  y = W_o h.
 * He et al. 2016 (pre-activation blocks); gating as in Durkan et al. 2019, "Neural spline flows".
 */
export function residual(options: ResidualOptions): Network<ResidualParams> {
  const {
    input,
    hidden,
    blocks,
    output,
    context = 0,
    activation = "relu",
    gate = "glu",
    outputScale = 1,
    outputBias,
    dropout: rate = 0,
  } = options;
  requireRate(rate);
  if (input === 0 && context === 0) throw new RangeError("a residual network needs input or context features, got 0 of both");
  const activate = activationFunction(activation);
  requireWidth("hidden", hidden);
  const layers = {
    input: input > 0 ? linear({ input, output: hidden }) : undefined,
    context: context > 0 ? linear({ input: context, output: hidden }) : undefined,
    first: linear({ input: hidden, output: hidden }),
    // Near zero, so that a block starts as the identity.
    second: linear({ input: hidden, output: hidden, scale: 1e-2 }),
    output: linear({ input: hidden, output, scale: outputScale, ...(outputBias && { startBias: outputBias }) }),
  };

  return {
    output,
    init(key) {
      const keys = random.split(key, 3 + 3 * blocks);
      return {
        ...(layers.input && { input: layers.input.init(index(keys, 0)) }),
        ...(layers.context && { context: layers.context.init(index(keys, 1)) }),
        blocks: Array.from({ length: blocks }, (_, b) => ({
          first: layers.first.init(index(keys, 3 + 3 * b)),
          second: layers.second.init(index(keys, 4 + 3 * b)),
          ...(layers.context && { gate: layers.context.init(index(keys, 5 + 3 * b)) }),
        })),
        output: layers.output.init(index(keys, 2)),
      };
    },
    apply(params, x, c, noise) {
      // A network of the context alone has a result for each row of that.
      const rows = params.input || !c ? x.shape[0]! : c.shape[0]!;
      let h: Tensor | undefined = params.input && affine(params.input, x);
      if (params.context) {
        if (c === undefined) throw new TypeError(`this network takes a context of ${context} features, got none`);
        const projected = repeatRows(affine(params.context, c), rows);
        h = h ? h.add(projected) : projected;
      }
      for (const [b, block] of params.blocks.entries()) {
        let change = affine(block.second, dropout(activate(affine(block.first, activate(h!))), rate, noise, b));
        if (block.gate) {
          const g = affine(block.gate, c!);
          change = gate === "glu" ? change.mul(repeatRows(sigmoid(g), rows)) : change.add(repeatRows(g, rows));
        }
        h = h!.add(change);
      }
      return repeatRows(affine(params.output, h!), x.shape[0]!);
    },
  };
}
