import { index, random, scan, sigmoid, split, type Tensor, tanh, zeros } from "@credence/tensor";
import { affine, type LinearParams, linear } from "./linear.ts";
import { type Network, requireWidth } from "./network.ts";

export interface RecurrentOptions {
  /** Features at one time. */
  readonly input: number;
  readonly hidden: number;
  readonly output: number;
}

export type RecurrentParams = { readonly input: LinearParams; readonly state: LinearParams; readonly output: LinearParams };

/**
 * Gated recurrent unit over a sequence, then a linear layer of its last state:
 * r = s(W_r x + U_r h), u = s(W_u x + U_u h), n = tanh(W_n x + r * (U_n h)), h <- (1 - u) n + u h. Cho et al. 2014.
 * x: [rows, times, features]; `context`, where given, is the mask [rows, times]: a time of mask 0 leaves the state as it is.
 */
export function recurrent(options: RecurrentOptions): Network<RecurrentParams> {
  const { input, hidden, output } = options;
  requireWidth("hidden", hidden);
  const layers = {
    input: linear({ input, output: 3 * hidden }),
    state: linear({ input: hidden, output: 3 * hidden }),
    output: linear({ input: hidden, output }),
  };
  return {
    output,
    init(key) {
      const keys = random.split(key, 3);
      return {
        input: layers.input.init(index(keys, 0)),
        state: layers.state.init(index(keys, 1)),
        output: layers.output.init(index(keys, 2)),
      };
    },
    apply(params, x, mask) {
      const [rows, times] = x.shape as [number, number];
      const step = (h: Tensor, projected: Tensor): Tensor => {
        const [xr, xu, xn] = split(projected, 3, 1) as [Tensor, Tensor, Tensor];
        const [hr, hu, hn] = split(affine(params.state, h), 3, 1) as [Tensor, Tensor, Tensor];
        const u = sigmoid(xu.add(hu));
        const n = tanh(xn.add(sigmoid(xr.add(hr)).mul(hn)));
        return n.add(u.mul(h.sub(n)));
      };
      // One matrix product for all times; only the state's own product stays in the loop.
      const projected = affine(params.input, x.transpose([1, 0, 2]).reshape([times * rows, input])).reshape([times, rows, 3 * hidden]);
      const start = zeros([rows, hidden], x.dtype);
      if (mask === undefined) {
        const [last] = scan((h: Tensor, p: Tensor) => [step(h, p), []], start, projected);
        return affine(params.output, last);
      }
      const present = mask.transpose([1, 0]).reshape([times, rows, 1]);
      const [last] = scan((h: Tensor, now: { p: Tensor; m: Tensor }) => [h.add(now.m.mul(step(h, now.p).sub(h))), []], start, {
        p: projected,
        m: present,
      });
      return affine(params.output, last);
    },
  };
}
