import { index, random } from "@credence/tensor";
import { dropout, requireRate } from "./dropout.ts";
import { affine, type LinearParams, linear } from "./linear.ts";
import { type Activation, activationFunction, type Network } from "./network.ts";

export interface MlpOptions {
  readonly input: number;
  /** Widths of the hidden layers. */
  readonly hidden: readonly number[];
  readonly output: number;
  /** `"relu"` if absent. */
  readonly activation?: Activation;
  /** Share of hidden units dropped, after each activation, where `apply` is given noise; 0 if absent. */
  readonly dropout?: number;
}

/** Multilayer perceptron: y = L_n(a(... a(L_1(x)))). */
export function mlp(options: MlpOptions): Network<readonly LinearParams[]> {
  const { input, hidden, output, activation = "relu", dropout: rate = 0 } = options;
  requireRate(rate);
  const activate = activationFunction(activation);
  const widths = [input, ...hidden, output];
  const layers = widths.slice(1).map((width, i) => linear({ input: widths[i]!, output: width }));
  return {
    output,
    init(key) {
      const keys = random.split(key, layers.length);
      return layers.map((layer, i) => layer.init(index(keys, i)));
    },
    apply(params, x, _context, noise) {
      let h = x;
      params.forEach((layer, i) => {
        h = affine(layer, h);
        if (i < params.length - 1) h = dropout(activate(h), rate, noise, i);
      });
      return h;
    },
  };
}
