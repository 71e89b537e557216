import { constant, type NdArray, type Shape, Tensor } from "@credence/tensor";
import { componentNames } from "../distribution/components.ts";
import type { Distribution } from "../distribution/distribution.ts";
import { firstOutside } from "../distribution/outside.ts";
import { type Data, dataArray } from "./data.ts";

/** Data and the distribution that they are draws of: a likelihood that knows its terms and can be predicted. */
export interface Observed {
  readonly kind: "observed";
  readonly distribution: Distribution;
  readonly data: Data | Tensor;
}

/**
 * The likelihood of `data` [...shape] under `distribution`, whose batch and event axes broadcast to that shape. Each element of the shape without
 * the event axes is one term of the pointwise log-likelihood.
 */
export const observed = (distribution: Distribution, data: Data | Tensor): Observed => ({ kind: "observed", distribution, data });

/** The values of Tensors that hold data of the host: what is known to be in a support is not tested again in the program. */
const hostValues = new WeakMap<Tensor, NdArray>();

/** Notes that every number of `tensor` is one of `values`. */
export function noteValues(tensor: Tensor, values: NdArray): Tensor {
  hostValues.set(tensor, values);
  return tensor;
}

/** An observation in a trace. */
export interface Observation {
  /** Of the data. */
  readonly shape: Shape;
  /** Log-likelihood of each term, the shape without the event axes. */
  terms(): Tensor;
  /** New data of the same shape. */
  draw(key: Tensor): Tensor;
  /** What the data cannot tell, in a plain sentence. */
  readonly warning: string | undefined;
}

/** Checks the data called `name` against their distribution. */
export function observation(name: string, { distribution, data }: Observed): Observation {
  const host = data instanceof Tensor ? hostValues.get(data) : dataArray(name, data);
  const x = data instanceof Tensor ? data.cast("f64") : constant(host!).cast("f64");
  const { batchShape, eventShape } = distribution;
  const lead = x.shape.slice(0, x.rank - eventShape.length);
  const spare = lead.length - batchShape.length;
  if (
    spare < 0 ||
    x.shape.slice(lead.length).join() !== eventShape.join() ||
    batchShape.some((extent, i) => extent !== 1 && extent !== lead[spare + i])
  )
    throw new RangeError(
      `model: the data ${name} have shape [${x.shape.join(", ")}], their distribution ${distribution.name} has [${[...batchShape, ...eventShape].join(", ")}]`,
    );
  const outside = host && firstOutside(distribution.support, host.data());
  if (host && outside !== undefined && outside >= 0)
    throw new RangeError(
      `model: ${componentNames(name, host.shape)[outside]} is ${host.data()[outside]}, which ${distribution.name} cannot give: its support is ${said(distribution)}`,
    );
  const logProb = outside === -1 ? (distribution.logProbInside ?? distribution.logProb) : distribution.logProb;
  return {
    shape: x.shape,
    terms: () => logProb(x).broadcastTo(lead),
    draw: (key) => drawAs(distribution, lead, key),
    warning: host && allTheSame(name, host, distribution),
  };
}

/** Data without variance have no greatest likelihood: it grows without bound as a scale that is a parameter goes to 0. */
function allTheSame(name: string, data: NdArray, { name: of, openScale }: Distribution): string | undefined {
  const values = data.data();
  if (openScale === undefined || values.length < 2 || values.some((value) => value !== values[0])) return undefined;
  return (
    `All ${values.length} values of ${name} are ${values[0]}: their likelihood grows without bound as the ${openScale} of the ${of} goes to 0. ` +
    `Check the data, or give the ${openScale} a prior that keeps it from 0, such as logNormal or inverseGamma.`
  );
}

/** Draws [...lead, ...eventShape], a new one wherever the batch is stretched. */
function drawAs({ sample, batchShape, eventShape }: Distribution, lead: Shape, key: Tensor): Tensor {
  const spare = lead.length - batchShape.length;
  const stretched = batchShape.flatMap((extent, i) => (extent === 1 && lead[spare + i] !== 1 ? [i] : []));
  const drawn = sample(key, [...lead.slice(0, spare), ...stretched.map((i) => lead[spare + i]!)], "f64");
  const behind = spare + stretched.length;
  const order = [
    ...Array.from({ length: spare }, (_, i) => i),
    ...batchShape.flatMap((_, i) => (stretched.includes(i) ? [spare + stretched.indexOf(i)] : []).concat(behind + i)),
    ...eventShape.map((_, i) => behind + batchShape.length + i),
  ];
  return drawn.transpose(order).reshape([...lead, ...eventShape]);
}

const said = ({ support }: Distribution): string => {
  const inner = support.kind === "independent" ? support.of : support;
  switch (inner.kind) {
    case "positive":
      return "the numbers > 0";
    case "above":
      return `the numbers above ${inner.low}`;
    case "below":
      return `the numbers below ${inner.high}`;
    case "interval":
      return `the numbers from ${inner.low} to ${inner.high}`;
    case "nonnegativeInteger":
      return inner.max === undefined ? "the integers >= 0" : `the integers from 0 to ${inner.max}`;
    default:
      return inner.kind;
  }
};
