import { ShapeError } from "../errors.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { callOf, checkFloats, defineRowOp, rowOperation } from "./rows.ts";
import { reshape } from "./shape.ts";

/** Lengths along the two axes of an image, down and across. */
export type Pair = readonly [number, number];

/** Which windows are taken of an image: their size, how far apart they lie, how far apart their elements. */
export interface WindowGrid {
  readonly size: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  /** Elements that frame the image: [before, after] along both axes. */
  readonly padding: readonly [Pair, Pair];
}

/** Padding as it is given: for all sides, for each axis, for each side, or "same" for ceil(extent / stride) results. */
export type Padding = number | "same" | Pair | readonly [Pair, Pair];

const isCount = (n: number, least: number): boolean => Number.isInteger(n) && n >= least;

/** Options of a convolution or pooling as a grid on images of `extents`; `axes` is how many axes the caller speaks of. */
export function gridOf(
  op: string,
  extents: Pair,
  size: Pair,
  options: { readonly stride?: number | readonly number[]; readonly dilation?: number | readonly number[]; readonly padding?: unknown },
  axes: 1 | 2,
): WindowGrid {
  const pair = (what: string, given: number | readonly number[], least: number): Pair => {
    const list = typeof given === "number" ? new Array<number>(axes).fill(given) : given;
    if (!Array.isArray(list) || list.length !== axes || !list.every((n) => isCount(n, least)))
      throw new RangeError(
        `${op}: ${what} must be ${axes === 1 ? "an integer" : "an integer, or one for each axis,"} >= ${least}, got ${JSON.stringify(given)}`,
      );
    return axes === 1 ? [1, list[0]!] : [list[0]!, list[1]!];
  };
  const stride = pair("stride", options.stride ?? 1, 1);
  const dilation = pair("dilation", options.dilation ?? 1, 1);
  const padding = sidesOf(op, options.padding ?? 0, axes, { extents, size, stride, dilation });
  return { size, stride, dilation, padding };
}

function sidesOf(op: string, given: unknown, axes: 1 | 2, grid: Omit<WindowGrid, "padding"> & { extents: Pair }): readonly [Pair, Pair] {
  const along = (f: (axis: 0 | 1) => Pair): readonly [Pair, Pair] => [axes === 1 ? [0, 0] : f(0), f(1)];
  if (given === "same")
    return along((axis) => {
      const [extent, size, stride, dilation] = [grid.extents[axis], grid.size[axis], grid.stride[axis], grid.dilation[axis]];
      const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + (size - 1) * dilation + 1 - extent);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
  if (typeof given === "number" && isCount(given, 0)) return along(() => [given, given]);
  if (Array.isArray(given) && given.length === 2) {
    const flat = given.every((n) => isCount(n, 0));
    if (flat)
      return axes === 1
        ? [
            [0, 0],
            [given[0], given[1]],
          ]
        : along((axis) => [given[axis], given[axis]]);
    if (axes === 2 && given.every((side) => Array.isArray(side) && side.length === 2 && side.every((n) => isCount(n, 0))))
      return given as unknown as readonly [Pair, Pair];
  }
  throw new RangeError(
    `${op}: padding must be an integer >= 0, ${axes === 1 ? "[before, after]" : "[down, across], [[above, below], [left, right]]"} or "same", got ${JSON.stringify(given)}`,
  );
}

/** How many windows fit along each axis. */
export function countsOf(op: string, extents: Pair, { size, stride, dilation, padding }: WindowGrid): Pair {
  const count = (axis: 0 | 1): number => {
    const whole = extents[axis] + padding[axis][0] + padding[axis][1];
    const span = (size[axis] - 1) * dilation[axis] + 1;
    if (size[axis] < 1 || extents[axis] < 1 || span > whole)
      throw new ShapeError(
        `${op}: a window of ${size[axis]} elements, ${dilation[axis]} apart, does not fit into ${extents[axis]} with padding ${showShape(padding[axis])}`,
      );
    return Math.floor((whole - span) / stride[axis]) + 1;
  };
  return [count(0), count(1)];
}

const lengths = ([height, width, kh, kw, , , , , , , oh, ow]: readonly number[]): Pair => [height! * width!, kh! * kw! * oh! * ow!];

const windowRows = (x: Tensor, integers: readonly number[], frame: number): Tensor =>
  rowOperation("windows", [x], {
    rows: x.shape.slice(0, -1),
    outputs: [{ length: lengths(integers)[1], dtype: x.dtype }],
    integers,
    numbers: [frame],
  })[0]!;
const windowSums = (y: Tensor, integers: readonly number[]): Tensor =>
  rowOperation("windowsAdd", [y], {
    rows: y.shape.slice(0, -1),
    outputs: [{ length: lengths(integers)[0], dtype: y.dtype }],
    integers,
  })[0]!;

defineRowOp(
  "windows",
  "every window of an image, one after the other for each element of the window",
  (inputs) => checkFloats("windows", inputs),
  {
    forward: ({ attributes, tangents: [t] }) => [t && windowRows(t, callOf(attributes).integers, 0)],
    reverse: ({ attributes, cotangents: [ct] }) => [ct && windowSums(ct, callOf(attributes).integers)],
  },
);
defineRowOp(
  "windowsAdd",
  "the transpose of windows: what was taken from an element is added to it",
  (inputs) => checkFloats("windowsAdd", inputs),
  {
    forward: ({ attributes, tangents: [t] }) => [t && windowSums(t, callOf(attributes).integers)],
    reverse: ({ attributes, cotangents: [ct] }) => [ct && windowRows(ct, callOf(attributes).integers, 0)],
  },
);

/** The windows of images [..., height, width]: [..., elements of a window, windows]. Elements outside an image are `frame`. */
export function windowsOf(op: string, x: Tensor, grid: WindowGrid, frame: number): { windows: Tensor; counts: Pair } {
  const [height, width] = x.shape.slice(-2) as [number, number];
  const counts = countsOf(op, [height, width], grid);
  const { size, stride, dilation, padding } = grid;
  const integers = [height, width, ...size, ...stride, ...dilation, padding[0][0], padding[1][0], ...counts];
  const lead = x.shape.slice(0, -2);
  const rows = windowRows(reshape(x, [...lead, height * width]), integers, frame);
  return { windows: reshape(rows, [...lead, size[0] * size[1], counts[0] * counts[1]]), counts };
}
