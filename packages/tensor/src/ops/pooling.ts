import { ShapeError } from "../errors.ts";
import { showShape } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { asTensor, constant } from "./creation.ts";
import { mul } from "./elementwise.ts";
import { max, sum } from "./reduce.ts";
import { checkFloats } from "./rows.ts";
import { expandDims, reshape, squeeze } from "./shape.ts";
import { gridOf, type Padding, type Pair, type WindowGrid, windowsOf } from "./windows.ts";

interface Options<Axes, Sides> {
  /** Distance between windows; the size of a window by default. */
  readonly stride?: Axes;
  /** Elements around the input, none by default and fewer than the size of a window. They never win a maximum nor enter a mean. */
  readonly padding?: Sides;
}
export type Pool1dOptions = Options<number, number | "same" | Pair>;
export type Pool2dOptions = Options<number | Pair, Padding>;

/** One number of each window of `x` [..., height, width]. */
function pool(op: string, x: Tensor, size: Pair, options: Options<unknown, unknown>, axes: 1 | 2, reduce: Reduction): Tensor {
  checkFloats(op, [x]);
  const extents = x.shape.slice(-2) as unknown as Pair;
  const own = axes === 1 ? size[1] : size;
  const grid = gridOf(op, extents, size, { stride: (options.stride ?? own) as number, padding: options.padding }, axes);
  grid.padding.forEach((sides, axis) => {
    if (sides.some((n) => n >= size[axis]!))
      throw new RangeError(
        `${op}: padding ${showShape(sides)} must be less than the window of ${size[axis]}, or whole windows would lie outside`,
      );
  });
  const { windows, counts } = windowsOf(op, x, grid, reduce.frame);
  return reduce.of(reshape(windows, [...windows.shape.slice(0, -1), ...counts]), grid, extents);
}

interface Reduction {
  readonly frame: number;
  of(windows: Tensor, grid: WindowGrid, extents: Pair): Tensor;
}
const largest: Reduction = { frame: Number.NEGATIVE_INFINITY, of: (windows) => max(windows, -3) };
const mean: Reduction = {
  frame: 0,
  of: (windows, grid, extents) =>
    mul(sum(windows, -3), constant(shares(windows.shape.slice(-2) as unknown as Pair, grid, extents), windows.dtype)),
};

/** One over the number of elements of each window that lie inside the input. */
function shares(counts: Pair, { size, stride, padding }: WindowGrid, extents: Pair): number[][] {
  const inside = (axis: 0 | 1): number[] =>
    Array.from({ length: counts[axis] }, (_, p) => {
      const start = p * stride[axis] - padding[axis][0];
      return Math.min(start + size[axis], extents[axis]) - Math.max(start, 0);
    });
  const across = inside(1);
  return inside(0).map((down) => across.map((n) => 1 / (down * n)));
}

function checkSize(op: string, x: Tensor, size: readonly number[], axes: 1 | 2): void {
  if (size.length !== axes || size.some((n) => !Number.isInteger(n) || n < 1))
    throw new RangeError(
      `${op}: the window must be ${axes === 1 ? "an integer" : "an integer, or one for each axis,"} >= 1, got ${JSON.stringify(size)}`,
    );
  if (x.rank < axes) throw new ShapeError(`${op}: expected [..., ${axes === 1 ? "extent" : "height, width"}], got ${showShape(x.shape)}`);
}

const pool1d =
  (op: string, reduce: Reduction) =>
  (x: TensorLike, size: number, options: Pool1dOptions = {}): Tensor => {
    const t = asTensor(x);
    checkSize(op, t, [size], 1);
    return squeeze(pool(op, expandDims(t, -2), [1, size], options, 1, reduce), -2);
  };
const pool2d =
  (op: string, reduce: Reduction) =>
  (x: TensorLike, size: number | Pair, options: Pool2dOptions = {}): Tensor => {
    const t = asTensor(x);
    const pair = typeof size === "number" ? ([size, size] as const) : size;
    checkSize(op, t, pair, 2);
    return pool(op, t, pair, options, 2, reduce);
  };

/** The largest element of each window of `size` along the last axis of `x` [..., extent]; at a tie the derivative is shared. NaN passes on. */
export const maxPool1d = pool1d("maxPool1d", largest);
/** The largest element of each window of `size` of images [..., height, width]; at a tie the derivative is shared. NaN passes on. */
export const maxPool2d = pool2d("maxPool2d", largest);
/** The mean of each window of `size` along the last axis of `x` [..., extent], over the elements inside `x`. */
export const averagePool1d = pool1d("averagePool1d", mean);
/** The mean of each window of `size` of images [..., height, width], over the elements inside the image. */
export const averagePool2d = pool2d("averagePool2d", mean);
