import { broadcastTo, concat, constant, type Tensor, type Tree } from "@credence/tensor";
import { type Activation, requireWidth } from "../network/network.ts";
import { type ResidualParams, residual } from "../network/residual.ts";
import type { ElementMap } from "./element.ts";
import { splineElement } from "./element.ts";
import { composeFlow, type Flow, type Transform } from "./flow.ts";
import { luLinear } from "./lu-linear.ts";

export interface CouplingSplineOptions {
  readonly dimension: number;
  /** Features of the context; 0 if absent. */
  readonly context?: number;
  readonly transforms?: number;
  readonly hidden?: number;
  readonly blocks?: number;
  readonly bins?: number;
  /** The splines act on [-bound, bound]; 3 if absent. */
  readonly bound?: number;
  readonly activation?: Activation;
}

/**
 * Neural spline flow of coupling layers: half of theta goes through rational-quadratic splines whose parameters a residual network
 * computes from the other half and the context; halves alternate, with a learned linear map after each layer.
 * Durkan, Bekasov, Murray and Papamakarios 2019. The defaults are those of the sbi package.
 */
export function couplingSpline(options: CouplingSplineOptions): Flow<readonly Tree<Tensor>[]> {
  const { dimension, context = 0, transforms = 5, hidden = 50, blocks = 2, bins = 10, bound = 3, activation = "relu" } = options;
  requireWidth("dimension", dimension);
  requireWidth("transforms", transforms);
  // The network grows with its width; these logits should not.
  const element = splineElement({ bins, bound, logitScale: 1 / Math.sqrt(hidden) });
  const layers = Array.from({ length: transforms }, (_, i) => {
    const layer = coupling({ dimension, context, hidden, blocks, element, activation, fixedFirst: i % 2 === 0 });
    return dimension > 1 ? [layer, luLinear(dimension)] : [layer];
  }).flat();
  return composeFlow(layers as Transform[], { dimension, context });
}

interface CouplingOptions {
  readonly dimension: number;
  readonly context: number;
  readonly hidden: number;
  readonly blocks: number;
  readonly element: ElementMap;
  readonly activation: Activation;
  /** Whether the first half is kept and the last transformed, or the other way about. */
  readonly fixedFirst: boolean;
}

type FreeParams = { readonly value: Tensor };

/** One layer. In one dimension nothing is kept: the parameters follow from the context alone, or are free where there is none. */
function coupling(options: CouplingOptions): Transform<ResidualParams | FreeParams> {
  const { dimension, context, hidden, blocks, element, activation, fixedFirst } = options;
  const kept = fixedFirst ? Math.floor(dimension / 2) : dimension === 1 ? 0 : Math.ceil(dimension / 2);
  const moved = dimension - kept;
  const start = Array.from({ length: moved }, () => element.identity).flat();
  const network =
    kept + context > 0
      ? residual({ input: kept, hidden, blocks, output: start.length, context, activation, outputScale: 1e-2, outputBias: start })
      : undefined;

  const scales = element.scales && Array.from({ length: moved }, () => element.scales!).flat();
  const scaled = (t: Tensor): Tensor => (scales ? t.mul(constant(scales, t.dtype)) : t);
  // In the last layer's weights, which are fewer than what it gives for a batch.
  const withScales = (params: ResidualParams): ResidualParams => ({
    ...params,
    output: { weight: scaled(params.output.weight), bias: scaled(params.output.bias) },
  });

  const elementParams = (params: ResidualParams | FreeParams, still: Tensor, c: Tensor | undefined): Tensor => {
    const rows = still.shape[0]!;
    const flat = network
      ? network.apply(withScales(params as ResidualParams), still, c)
      : broadcastTo(scaled((params as FreeParams).value), [rows, start.length]);
    return flat.reshape([rows, moved, element.parameters]);
  };
  const halves = (x: Tensor): [still: Tensor, moving: Tensor] => {
    if (kept === 0) return [x, x];
    const rows = x.shape[0]!;
    const at = fixedFirst ? kept : moved;
    const low = x.slice([0, 0], [rows, at]);
    const high = x.slice([0, at], [rows, dimension]);
    return fixedFirst ? [low, high] : [high, low];
  };
  const join = (still: Tensor, moving: Tensor): Tensor => {
    if (kept === 0) return moving;
    return concat(fixedFirst ? [still, moving] : [moving, still], 1);
  };

  return {
    init: (key) => (network ? network.init(key) : { value: constant(start, "f32") }),
    forward(params, theta, c) {
      const [still, moving] = halves(theta);
      const [z, logDerivative] = element.forward(moving, elementParams(params, still, c));
      return [join(still, z), logDerivative.sum(1)];
    },
    inverse(params, z, c) {
      const [still, moving] = halves(z);
      return join(still, element.inverse(moving, elementParams(params, still, c)));
    },
  };
}
