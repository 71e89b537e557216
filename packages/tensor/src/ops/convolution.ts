import { isFloat } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { showShape, sizeOf } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { asTensor } from "./creation.ts";
import { matmul } from "./matmul.ts";
import { expandDims, reshape, squeeze } from "./shape.ts";
import { gridOf, type Padding, type Pair, type WindowGrid, windowsOf } from "./windows.ts";

interface Options<Axes, Sides> {
  /** Distance between windows, 1 by default: a number, or one for each axis. */
  readonly stride?: Axes;
  /** Distance between the elements of a window, 1 by default. */
  readonly dilation?: Axes;
  /** Zeros around the input, none by default; "same" gives ceil(extent / stride) results, an odd one more after than before. */
  readonly padding?: Sides;
  /** Blocks into which input and output channels divide, each a convolution of its own; 1 by default. */
  readonly groups?: number;
}
export type Convolution1dOptions = Options<number, number | "same" | Pair>;
export type Convolution2dOptions = Options<number | Pair, Padding>;

function checkOperands(op: string, x: Tensor, weights: Tensor, groups: number, axes: 1 | 2): void {
  const spatial = axes === 1 ? "extent" : "height, width";
  const show = (t: Tensor): string => t.dtype + showShape(t.shape);
  if (x.dtype !== weights.dtype || !isFloat(x.dtype))
    throw new DTypeError(`${op}: input and weights are ${show(x)} and ${show(weights)}; expected both f32 or both f64`);
  if (x.rank < axes + 1 || weights.rank !== axes + 2)
    throw new ShapeError(
      `${op}: expected input [..., channels, ${spatial}] and weights [out, in / groups, ${spatial}], got ${show(x)} and ${show(weights)}`,
    );
  const channels = x.shape.at(-axes - 1)!;
  const [out, each] = weights.shape as [number, number];
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0 || out % groups !== 0 || each * groups !== channels)
    throw new ShapeError(
      `${op}: ${channels} input channels in ${groups} groups need weights [a multiple of ${groups}, ${channels / groups}, ...], got ${showShape(weights.shape)}`,
    );
}

const isPointwise = ({ size, stride, padding }: WindowGrid): boolean =>
  [...size, ...stride].every((n) => n === 1) && padding.flat().every((n) => n === 0);

/** Windows as columns, and the product of the weights with them: x [..., channels, height, width], weights [out, in / groups, kh, kw]. */
function convolve(op: string, x: Tensor, weights: Tensor, grid: WindowGrid, groups: number): Tensor {
  const [channels, height, width] = x.shape.slice(-3) as [number, number, number];
  const lead = x.shape.slice(0, -3);
  const { windows, counts } = isPointwise(grid) ? { windows: x, counts: [height, width] as const } : windowsOf(op, x, grid, 0);
  const out = weights.shape[0]!;
  const [taps, places] = [(channels / groups) * grid.size[0] * grid.size[1], counts[0] * counts[1]];
  const columns = reshape(windows, groups === 1 ? [sizeOf(lead), taps, places] : [sizeOf(lead), groups, taps, places]);
  const product = matmul(reshape(weights, groups === 1 ? [out, taps] : [groups, out / groups, taps]), columns);
  return reshape(product, [...lead, out, ...counts]);
}

/**
 * Convolution of sequences as in networks (a correlation: the weights are not reversed).
 * out[..., o, p] = sum over c, i of weights[o, c, i] x[..., c, p stride + i dilation - padding], over the channels c of o's group.
 * @param x [..., channels, extent], f32 or f64
 * @param weights [out, channels / groups, size], of the same type
 * @returns [..., out, floor((extent + padding on both sides - dilation (size - 1) - 1) / stride) + 1]
 */
export function convolution1d(x: TensorLike, weights: TensorLike, options: Convolution1dOptions = {}): Tensor {
  const [t, w] = [asTensor(x), asTensor(weights)];
  const groups = options.groups ?? 1;
  checkOperands("convolution1d", t, w, groups, 1);
  const grid = gridOf("convolution1d", [1, t.shape.at(-1)!], [1, w.shape[2]!], options, 1);
  return squeeze(convolve("convolution1d", expandDims(t, -2), expandDims(w, -2), grid, groups), -2);
}

/**
 * Convolution of images as in networks (a correlation: the weights are not reversed). Windows are laid out as columns, kh kw times
 * the input's memory, and multiplied by the weights.
 * @param x [..., channels, height, width], f32 or f64
 * @param weights [out, channels / groups, kh, kw], of the same type
 * @returns [..., out, height', width'], each extent as in `convolution1d`
 */
export function convolution2d(x: TensorLike, weights: TensorLike, options: Convolution2dOptions = {}): Tensor {
  const [t, w] = [asTensor(x), asTensor(weights)];
  const groups = options.groups ?? 1;
  checkOperands("convolution2d", t, w, groups, 2);
  const grid = gridOf("convolution2d", t.shape.slice(-2) as unknown as Pair, w.shape.slice(2) as unknown as Pair, options, 2);
  return convolve("convolution2d", t, w, grid, groups);
}
