import { jvp, vjp } from "../derive.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { asTensor, full } from "./creation.ts";
import { cumsum } from "./cumulative.ts";
import { abs, add, div, greaterEqual, less, log, logicalAnd, mul, softplus, sqrt, square, sub, where } from "./elementwise.ts";
import { softmax, sum } from "./reduce.ts";
import { defineRowOp, type RowAttributes, rowOperation } from "./rows.ts";
import { concat, expandDims, orZeros, pad, reshape, sliceAxis } from "./shape.ts";

export interface SplineOptions {
  /** Number of bins K. */
  readonly bins: number;
  /** The spline acts on [-bound, bound] and is the identity outside. */
  readonly bound: number;
  /** Maps y back to x. */
  readonly inverse?: boolean;
  /** Smallest width and height of a bin as a share of the interval, and smallest derivative at a knot; 0.001 each by default. */
  readonly minWidth?: number;
  readonly minHeight?: number;
  readonly minDerivative?: number;
}

const settings = (a: RowAttributes): Required<SplineOptions> => ({
  bins: a.integers[0]!,
  inverse: Boolean(a.integers[1]),
  bound: a.numbers[0]!,
  minWidth: a.numbers[1]!,
  minHeight: a.numbers[2]!,
  minDerivative: a.numbers[3]!,
});

/** Sum over the last axis of `values` where `chosen` (one-hot bin). */
const pick = (chosen: Tensor, values: Tensor): Tensor => sum(where(chosen, values, 0), -1);

/** The same map out of elementary ops: the definition, and where derivatives of the native op come from. x [...], params [..., 3K - 1]. */
export function rationalQuadraticComposite(x: Tensor, params: Tensor, o: Required<SplineOptions>): [Tensor, Tensor] {
  const K = o.bins;
  const knots = (raw: Tensor, least: number): { size: Tensor; start: Tensor } => {
    const size = mul(add(mul(softmax(raw), 1 - least * K), least), 2 * o.bound);
    return { size, start: sub(sub(cumsum(size), size), o.bound) };
  };
  const width = knots(sliceAxis(params, -1, 0, K), o.minWidth);
  const height = knots(sliceAxis(params, -1, K, 2 * K), o.minHeight);
  const inner = add(softplus(sliceAxis(params, -1, 2 * K, 3 * K - 1)), o.minDerivative);
  const edges = inner.shape.map((_, i) => (i === inner.rank - 1 ? ([1, 1] as const) : ([0, 0] as const)));
  const slopes = pad(inner, edges, 1);
  const inside = less(abs(x), o.bound);
  const held = where(inside, x, 0);
  const along = o.inverse ? height : width;
  const at = expandDims(held, -1);
  // The last bin starts at or below x, the next one above it.
  const next = concat([sliceAxis(along.start, -1, 1, K), full([...x.shape, 1], Infinity, x.dtype)], -1);
  const chosen = logicalAnd(greaterEqual(at, along.start), less(at, next));
  const [w, h, xk, yk] = [width.size, height.size, width.start, height.start].map((v) => pick(chosen, v)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const d0 = pick(chosen, sliceAxis(slopes, -1, 0, K));
  const d1 = pick(chosen, sliceAxis(slopes, -1, 1, K + 1));
  const s = div(h, w);
  const curve = sub(add(d0, d1), mul(s, 2));
  let xi: Tensor;
  if (o.inverse) {
    // Durkan et al. (2019), eq. 6-8: the root that lies in the bin.
    const dy = sub(held, yk);
    const a = add(mul(h, sub(s, d0)), mul(dy, curve));
    const b = sub(mul(h, d0), mul(dy, curve));
    const c = mul(mul(s, dy), -1);
    xi = div(mul(c, 2), sub(mul(b, -1), sqrt(sub(square(b), mul(mul(a, c), 4)))));
  } else xi = div(sub(held, xk), w);
  const rest = mul(xi, sub(1, xi));
  const denominator = add(s, mul(curve, rest));
  const numerator = mul(square(s), add(add(mul(d1, square(xi)), mul(mul(s, rest), 2)), mul(d0, square(sub(1, xi)))));
  const logSlope = sub(log(numerator), mul(log(denominator), 2));
  const y = o.inverse ? add(mul(xi, w), xk) : add(yk, div(mul(h, add(mul(s, square(xi)), mul(d0, rest))), denominator));
  return [where(inside, y, x), where(inside, o.inverse ? mul(logSlope, -1) : logSlope, 0)];
}

const scalars = (rows: Tensor): Tensor => reshape(rows, rows.shape.slice(0, -1));
const composite =
  (a: RowAttributes) =>
  (x: Tensor, params: Tensor): Tensor[] =>
    rationalQuadraticComposite(scalars(x), params, settings(a)).map((t) => expandDims(t, -1));

defineRowOp(
  "rationalQuadratic",
  "monotonic rational-quadratic spline on [-bound, bound], identity outside (Durkan et al. 2019), and the log of its derivative",
  () => {},
  {
    forward: ({ inputs, attributes, tangents }) => {
      const [, out] = jvp(
        composite(attributes as unknown as RowAttributes) as never,
        inputs as never,
        inputs.map((x, i) => orZeros(tangents[i], x)) as never,
      );
      return out as unknown as Tensor[];
    },
    reverse: ({ inputs, outputs, attributes, cotangents }) => {
      const a = attributes as unknown as RowAttributes;
      const cts = outputs.map((y, i) => orZeros(cotangents[i], y));
      if (!a.integers[1])
        return rowOperation("rationalQuadraticReverse", [...inputs, ...cts], {
          ...a,
          shared: [false, false, false, false],
          outputs: inputs.map((x) => ({ length: x.shape.at(-1)!, dtype: x.dtype })),
        });
      const [, pull] = vjp(composite(a) as never, ...(inputs as never[]));
      return (pull as (ct: unknown) => Tensor[])(cts);
    },
  },
);

const reverseComposite =
  (a: RowAttributes) =>
  (x: Tensor, params: Tensor, yBar: Tensor, slopeBar: Tensor): Tensor[] => {
    const [, pull] = vjp(composite(a) as never, ...([x, params] as never[]));
    return (pull as (ct: unknown) => Tensor[])([yBar, slopeBar]);
  };

defineRowOp("rationalQuadraticReverse", "cotangents of a rational-quadratic spline's x and parameters", () => {}, {
  forward: ({ inputs, attributes, tangents }) => {
    const [, out] = jvp(
      reverseComposite(attributes as unknown as RowAttributes) as never,
      inputs as never,
      inputs.map((x, i) => orZeros(tangents[i], x)) as never,
    );
    return out as unknown as Tensor[];
  },
  reverse: ({ inputs, outputs, attributes, cotangents }) => {
    const [, pull] = vjp(reverseComposite(attributes as unknown as RowAttributes) as never, ...(inputs as never[]));
    return (pull as (ct: unknown) => Tensor[])(outputs.map((y, i) => orZeros(cotangents[i], y)));
  },
});

/**
 * Monotonic rational-quadratic spline (Durkan et al. 2019), the identity outside [-bound, bound].
 * @param x [...]
 * @param params unconstrained [..., 3K - 1]: K widths and K heights (softmax), K - 1 derivatives at inner knots (softplus)
 * @returns `[y, log dy/dx]`, both [...]; with `inverse`, `[x, log dx/dy]`
 */
export function rationalQuadratic(x: TensorLike, params: TensorLike, options: SplineOptions): [Tensor, Tensor] {
  const t = asTensor(x);
  const p = asTensor(params);
  const o = { minWidth: 1e-3, minHeight: 1e-3, minDerivative: 1e-3, inverse: false, ...options };
  if (!Number.isInteger(o.bins) || o.bins < 1) throw new RangeError(`rationalQuadratic: bins must be an integer >= 1, got ${o.bins}`);
  if (!(o.bound > 0)) throw new RangeError(`rationalQuadratic: bound must be > 0, got ${o.bound}`);
  if (o.minWidth * o.bins >= 1 || o.minHeight * o.bins >= 1)
    throw new RangeError(`rationalQuadratic: ${o.bins} bins of at least ${Math.max(o.minWidth, o.minHeight)} do not fit into 1`);
  if (t.dtype !== p.dtype) throw new DTypeError(`rationalQuadratic: x is ${t.dtype}, params are ${p.dtype}`);
  if (!sameShape(p.shape, [...t.shape, 3 * o.bins - 1]))
    throw new ShapeError(
      `rationalQuadratic: x ${showShape(t.shape)} needs params ${showShape([...t.shape, 3 * o.bins - 1])}, got ${showShape(p.shape)}`,
    );
  const [y, slope] = rowOperation("rationalQuadratic", [expandDims(t, -1), p], {
    rows: t.shape,
    outputs: [
      { length: 1, dtype: t.dtype },
      { length: 1, dtype: t.dtype },
    ],
    integers: [o.bins, Number(o.inverse)],
    numbers: [o.bound, o.minWidth, o.minHeight, o.minDerivative],
  });
  return [scalars(y!), scalars(slope!)];
}
