import { concat, type Tensor, type Tree } from "@credence/tensor";
import type { Activation } from "../network/network.ts";
import { requireWidth } from "../network/network.ts";
import { affineElement, type ElementMap, splineElement } from "./element.ts";
import { composeFlow, type Flow, type Transform } from "./flow.ts";
import { type MadeParams, made } from "./made.ts";

export interface AutoregressiveOptions {
  readonly dimension: number;
  /** Features of the context; 0 if absent. */
  readonly context?: number;
  readonly transforms?: number;
  readonly hidden?: number;
  readonly blocks?: number;
  readonly activation?: Activation;
}

/**
 * Masked autoregressive flow: each transform maps theta_d by an affine function whose shift and scale depend on the numbers before it;
 * the order turns round from one transform to the next. `scaleBound` bounds the log scale of one transform (5 if absent).
 * Papamakarios, Pavlakou and Murray 2017.
 */
export function maskedAutoregressive(options: AutoregressiveOptions & { readonly scaleBound?: number }): Flow<readonly Tree<Tensor>[]> {
  return autoregressiveFlow({ activation: "tanh", ...options }, affineElement(options.scaleBound ?? 5));
}

/** As {@link maskedAutoregressive}, with rational-quadratic splines in place of the affine functions. Durkan et al. 2019. */
export function autoregressiveSpline(
  options: AutoregressiveOptions & { readonly bins?: number; readonly bound?: number },
): Flow<readonly Tree<Tensor>[]> {
  return autoregressiveFlow(options, splineElement({ bins: options.bins ?? 10, bound: options.bound ?? 3 }));
}

function autoregressiveFlow(options: AutoregressiveOptions, element: ElementMap): Flow<readonly Tree<Tensor>[]> {
  const { dimension, context = 0, transforms = 5, hidden = 50, blocks = 2, activation = "relu" } = options;
  requireWidth("transforms", transforms);
  const layers = Array.from({ length: transforms }, (_, i) =>
    autoregressive(dimension, element, {
      dimension,
      context,
      hidden,
      blocks,
      activation,
      outputs: element.parameters,
      ascending: i % 2 === 0,
      start: element.identity,
    }),
  );
  return composeFlow(layers as Transform[], { dimension, context });
}

function autoregressive(dimension: number, element: ElementMap, options: Parameters<typeof made>[0]): Transform<MadeParams> {
  const network = made(options);
  const elementParams = (params: MadeParams, theta: Tensor, context: Tensor | undefined) =>
    network.apply(params, theta, context).reshape([theta.shape[0]!, dimension, element.parameters]);
  return {
    init: network.init,
    forward(params, theta, context) {
      const [z, logDerivative] = element.forward(theta, elementParams(params, theta, context));
      return [z, logDerivative.sum(1)];
    },
    inverse(params, z, context) {
      const rows = z.shape[0]!;
      const next = network.sequence(params, context, rows);
      let known: Tensor | undefined;
      for (let k = 0; k < dimension; k++) {
        const d = options.ascending ? k : dimension - 1 - k;
        const elementParameters = next(known).reshape([rows, 1, element.parameters]);
        const value = element.inverse(z.slice([0, d], [rows, d + 1]), elementParameters);
        known = known ? concat(options.ascending ? [known, value] : [value, known], 1) : value;
      }
      return known!;
    },
  };
}
