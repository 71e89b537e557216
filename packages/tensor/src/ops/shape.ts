import { ShapeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { checkShape, normalizeAxis, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { emitOne } from "../trace.ts";
import { asTensor, full, zerosLike } from "./creation.ts";
import { sum } from "./reduce.ts";

defineOp({
  name: "reshape",
  kind: "view",
  doc: "the same elements in row-major order under another shape",
  shape: ([x], a) => {
    const shape = a.shape as Shape;
    if (sizeOf(shape) !== sizeOf(x!.shape))
      throw new ShapeError(`reshape: ${showShape(x!.shape)} has ${sizeOf(x!.shape)} elements, ${showShape(shape)} has ${sizeOf(shape)}`);
    return [{ shape, dtype: x!.dtype }];
  },
  forward: ({ attributes, tangents: [t] }) => [t && emitOne("reshape", [t], attributes)],
  reverse: ({ inputs: [x], cotangents: [ct] }) => [ct && reshape(ct, x!.shape)],
  batch: ({ inputs: [x], size, attributes }) => [reshape(x!, [size, ...(attributes.shape as Shape)])],
});

/** `x` under another shape; one extent may be -1 and is then worked out. */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const t = asTensor(x);
  const unknown = shape.indexOf(-1);
  let wanted = shape;
  if (unknown >= 0) {
    const rest = shape.reduce((n, d, i) => (i === unknown ? n : n * d), 1);
    if (rest === 0 || t.size % rest !== 0)
      throw new ShapeError(
        `reshape: ${showShape(t.shape)} cannot become ${showShape(shape)}: ${t.size} elements are not a multiple of ${rest}`,
      );
    wanted = shape.map((d, i) => (i === unknown ? t.size / rest : d));
  }
  checkShape("reshape", wanted);
  return sameShape(wanted, t.shape) ? t : emitOne("reshape", [t], { shape: wanted });
}

defineOp({
  name: "transpose",
  kind: "view",
  doc: "axes in another order",
  shape: ([x], a) => [{ shape: (a.permutation as number[]).map((p) => x!.shape[p]!), dtype: x!.dtype }],
  forward: ({ attributes, tangents: [t] }) => [t && emitOne("transpose", [t], attributes)],
  reverse: ({ attributes, cotangents: [ct] }) => [ct && transpose(ct, invert(attributes.permutation as number[]))],
  batch: ({ inputs: [x], attributes }) => [transpose(x!, [0, ...(attributes.permutation as number[]).map((p) => p + 1)])],
});

function invert(permutation: readonly number[]): number[] {
  const inverse = new Array<number>(permutation.length);
  permutation.forEach((p, i) => {
    inverse[p] = i;
  });
  return inverse;
}

/** Axes in the order `permutation`; reversed by default. */
export function transpose(x: TensorLike, permutation?: readonly number[]): Tensor {
  const t = asTensor(x);
  const p = (permutation ?? Array.from({ length: t.rank }, (_, i) => t.rank - 1 - i)).map((a) => normalizeAxis("transpose", a, t.rank));
  if (p.length !== t.rank || new Set(p).size !== t.rank)
    throw new ShapeError(`transpose: [${p.join(", ")}] is not an order of the ${t.rank} axes of ${showShape(t.shape)}`);
  return p.every((a, i) => a === i) ? t : emitOne("transpose", [t], { permutation: p });
}

/** `x` with axis `from` moved to `to`. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const order = Array.from({ length: x.rank }, (_, i) => i);
  const [moved] = order.splice(normalizeAxis("moveAxis", from, x.rank), 1);
  order.splice(normalizeAxis("moveAxis", to, x.rank), 0, moved!);
  return transpose(x, order);
}

defineOp({
  name: "broadcast",
  kind: "view",
  doc: "repeats along axes of extent 1 and along new leading axes, without copying",
  shape: (_, a) => [{ shape: a.shape as Shape, dtype: _[0]!.dtype }],
  forward: ({ attributes, tangents: [t] }) => [t && emitOne("broadcast", [t], attributes)],
  reverse: ({ inputs: [x], cotangents: [ct] }) => {
    if (!ct) return [];
    const lead = ct.rank - x!.rank;
    const axes = ct.shape.flatMap((d, i) => (i < lead || (x!.shape[i - lead] === 1 && d !== 1) ? [i] : []));
    return [reshape(sum(ct, axes), x!.shape)];
  },
  batch: ({ inputs: [x], size, attributes }) => {
    const shape = attributes.shape as Shape;
    const inner = x!.shape.slice(1);
    return [broadcastTo(reshape(x!, [size, ...new Array<number>(shape.length - inner.length).fill(1), ...inner]), [size, ...shape])];
  },
});

/** `x` repeated to `shape` by NumPy's rules. */
export function broadcastTo(x: TensorLike, shape: Shape): Tensor {
  const t = asTensor(x);
  if (sameShape(t.shape, shape)) return t;
  const lead = shape.length - t.rank;
  if (lead < 0 || t.shape.some((d, i) => d !== 1 && d !== shape[lead + i]))
    throw new ShapeError(`broadcastTo: ${showShape(t.shape)} does not stretch to ${showShape(shape)}`);
  return emitOne("broadcast", [t], { shape: checkShape("broadcastTo", shape) });
}

/** `x` repeated along a new leading axis. */
export const broadcastLeading = (x: Tensor, size: number): Tensor => broadcastTo(x, [size, ...x.shape]);

/** `x` with an axis of extent 1 at `axis` of the result. */
export function expandDims(x: TensorLike, axis: number): Tensor {
  const t = asTensor(x);
  const at = normalizeAxis("expandDims", axis, t.rank + 1);
  return reshape(t, [...t.shape.slice(0, at), 1, ...t.shape.slice(at)]);
}

/** `x` without the given axes of extent 1 (all of them by default). */
export function squeeze(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const t = asTensor(x);
  const axes =
    axis === undefined ? t.shape.flatMap((d, i) => (d === 1 ? [i] : [])) : [axis].flat().map((a) => normalizeAxis("squeeze", a, t.rank));
  for (const a of axes)
    if (t.shape[a] !== 1) throw new ShapeError(`squeeze: axis ${a} of ${showShape(t.shape)} has extent ${t.shape[a]}, expected 1`);
  return reshape(
    t,
    t.shape.filter((_, i) => !axes.includes(i)),
  );
}

defineOp({
  name: "slice",
  kind: "view",
  doc: "elements start, start + step, ... before stop, along every axis; a negative step counts down",
  shape: ([x], a) => [{ shape: (a.extents as number[]).slice(), dtype: x!.dtype }],
  forward: ({ attributes, tangents: [t] }) => [t && emitOne("slice", [t], attributes)],
  reverse: ({ inputs: [x], attributes, cotangents: [ct] }) => {
    if (!ct) return [];
    const starts = attributes.starts as number[];
    const steps = attributes.steps as number[];
    const extents = attributes.extents as number[];
    // Count up first, then put zeros between and around.
    const upward = steps.some((s) => s < 0)
      ? emitOne("slice", [ct], {
          starts: extents.map((n, i) => (steps[i]! < 0 ? n - 1 : 0)),
          steps: steps.map((s) => Math.sign(s)),
          extents,
        })
      : ct;
    const first = starts.map((s, i) => (steps[i]! < 0 ? s + steps[i]! * (extents[i]! - 1) : s));
    const gaps = steps.map((s) => Math.abs(s) - 1);
    return [
      emitOne("pad", [upward], {
        low: first,
        high: x!.shape.map((d, i) => d - first[i]! - (extents[i]! ? (extents[i]! - 1) * (gaps[i]! + 1) + 1 : 0)),
        inner: gaps,
        value: 0,
      }),
    ];
  },
  batch: ({ inputs: [x], size, attributes }) => [
    emitOne("slice", [x!], {
      starts: [0, ...(attributes.starts as number[])],
      steps: [1, ...(attributes.steps as number[])],
      extents: [size, ...(attributes.extents as number[])],
    }),
  ],
});

/** `x[starts:stops:steps]` along the leading axes; negative positions count from the end; a missing stop means the end. */
export function slice(
  x: TensorLike,
  starts: readonly number[],
  stops: readonly (number | undefined)[] = [],
  steps: readonly number[] = [],
): Tensor {
  const t = asTensor(x);
  if (starts.length > t.rank) throw new ShapeError(`slice: ${starts.length} starts for ${showShape(t.shape)} of rank ${t.rank}`);
  const at = { starts: [] as number[], steps: [] as number[], extents: [] as number[] };
  t.shape.forEach((d, i) => {
    const step = steps[i] ?? 1;
    if (!Number.isInteger(step) || step === 0)
      throw new ShapeError(`slice: step ${step} along axis ${i}; expected an integer other than 0`);
    const place = (v: number): number => Math.min(Math.max(v < 0 ? v + d : v, step < 0 ? -1 : 0), step < 0 ? d - 1 : d);
    const start = place(starts[i] ?? (step < 0 ? d - 1 : 0));
    const stop = stops[i] === undefined ? (step < 0 ? -1 : d) : place(stops[i]!);
    at.starts.push(start);
    at.steps.push(step);
    at.extents.push(Math.max(0, Math.ceil((stop - start) / step)));
  });
  if (at.steps.every((s) => s === 1) && sameShape(at.extents, t.shape)) return t;
  return emitOne("slice", [t], at);
}

/** Elements `start` to `stop` (excluded) along one axis. */
export function sliceAxis(x: TensorLike, axis: number, start: number, stop: number): Tensor {
  const t = asTensor(x);
  const a = normalizeAxis("slice", axis, t.rank);
  return slice(
    t,
    t.shape.map((_, i) => (i === a ? start : 0)),
    t.shape.map((d, i) => (i === a ? stop : d)),
  );
}

/** Element `i` along `axis`, which disappears. */
export function index(x: TensorLike, i: number, axis = 0): Tensor {
  const t = asTensor(x);
  const a = normalizeAxis("index", axis, t.rank);
  const at = i < 0 ? i + t.shape[a]! : i;
  if (!Number.isInteger(i) || at < 0 || at >= t.shape[a]!)
    throw new ShapeError(`index: ${i} is outside axis ${a} of ${showShape(t.shape)}`);
  return squeeze(sliceAxis(t, a, at, at + 1), a);
}

/** The order of elements reversed along the given axes (all by default). */
export function flip(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const t = asTensor(x);
  const axes = axis === undefined ? t.shape.map((_, i) => i) : [axis].flat().map((a) => normalizeAxis("flip", a, t.rank));
  return slice(
    t,
    t.shape.map((d, i) => (axes.includes(i) ? d - 1 : 0)),
    [],
    t.shape.map((_, i) => (axes.includes(i) ? -1 : 1)),
  );
}

defineOp({
  name: "pad",
  kind: "pad",
  doc: "a frame of one number around the array, and `inner` such elements between its own",
  shape: ([x], a) => {
    const [low, high, inner] = [a.low as number[], a.high as number[], a.inner as number[]];
    return [{ shape: x!.shape.map((d, i) => low[i]! + high[i]! + (d ? d + (d - 1) * inner[i]! : 0)), dtype: x!.dtype }];
  },
  forward: ({ attributes, tangents: [t] }) => [t && emitOne("pad", [t], { ...attributes, value: 0 })],
  reverse: ({ inputs: [x], attributes, cotangents: [ct] }) => [
    ct && emitOne("slice", [ct], { starts: attributes.low, steps: (attributes.inner as number[]).map((n) => n + 1), extents: x!.shape }),
  ],
  batch: ({ inputs: [x], attributes }) => [
    emitOne("pad", [x!], {
      ...attributes,
      low: [0, ...(attributes.low as number[])],
      high: [0, ...(attributes.high as number[])],
      inner: [0, ...(attributes.inner as number[])],
    }),
  ],
});

/** `x` framed by `value`: `widths[axis] = [before, after]`. */
export function pad(x: TensorLike, widths: readonly (readonly [number, number])[], value = 0): Tensor {
  const t = asTensor(x);
  if (widths.length !== t.rank || widths.flat().some((w) => !Number.isInteger(w) || w < 0))
    throw new ShapeError(`pad: widths ${JSON.stringify(widths)} for ${showShape(t.shape)}; expected [before, after] >= 0 for each axis`);
  return emitOne("pad", [t], { low: widths.map((w) => w[0]), high: widths.map((w) => w[1]), inner: widths.map(() => 0), value });
}

defineOp({
  name: "concat",
  kind: "concat",
  doc: "arrays one after the other along an axis",
  shape: (inputs, a) => {
    const axis = a.axis as number;
    const first = inputs[0]!;
    for (const x of inputs)
      if (x.dtype !== first.dtype || x.shape.length !== first.shape.length || x.shape.some((d, i) => i !== axis && d !== first.shape[i]))
        throw new ShapeError(
          `concat: ${inputs.map((i) => i.dtype + showShape(i.shape)).join(", ")} along axis ${axis}: types and all other extents must agree`,
        );
    return [{ shape: first.shape.map((d, i) => (i === axis ? inputs.reduce((n, x) => n + x.shape[axis]!, 0) : d)), dtype: first.dtype }];
  },
  forward: ({ inputs, attributes, tangents }) => [
    tangents.some(Boolean)
      ? emitOne(
          "concat",
          inputs.map((x, i) => tangents[i] ?? zerosLike(x)),
          attributes,
        )
      : undefined,
  ],
  reverse: ({ inputs, attributes, cotangents: [ct] }) => {
    if (!ct) return [];
    let at = 0;
    return inputs.map((x) => {
      const extent = x.shape[attributes.axis as number]!;
      at += extent;
      return sliceAxis(ct, attributes.axis as number, at - extent, at);
    });
  },
  batch: ({ inputs, mapped, size, attributes }) => [
    emitOne(
      "concat",
      inputs.map((x, i) => (mapped[i] ? x : broadcastLeading(x, size))),
      { axis: (attributes.axis as number) + 1 },
    ),
  ],
});

/** Arrays joined along an existing axis. */
export function concat(list: readonly TensorLike[], axis = 0): Tensor {
  const tensors = list.map((t) => asTensor(t));
  if (!tensors.length) throw new ShapeError("concat: the list is empty; expected at least one array");
  return tensors.length === 1 ? tensors[0]! : emitOne("concat", tensors, { axis: normalizeAxis("concat", axis, tensors[0]!.rank) });
}

/** Arrays of one shape joined along a new axis. */
export const stack = (list: readonly TensorLike[], axis = 0): Tensor =>
  concat(
    list.map((t) => expandDims(t, axis)),
    axis,
  );

/** `x` cut along `axis` into `parts` equal pieces, or into pieces of the given extents. */
export function split(x: TensorLike, parts: number | readonly number[], axis = 0): Tensor[] {
  const t = asTensor(x);
  const a = normalizeAxis("split", axis, t.rank);
  const extent = t.shape[a]!;
  const sizes = typeof parts === "number" ? new Array<number>(parts).fill(extent / parts) : parts;
  if (sizes.some((s) => !Number.isInteger(s) || s < 0) || sizes.reduce((n, s) => n + s, 0) !== extent)
    throw new ShapeError(`split: axis ${a} of ${showShape(t.shape)} does not divide into ${JSON.stringify(parts)}`);
  let at = 0;
  return sizes.map((s) => sliceAxis(t, a, at, (at += s)));
}

/** `x` repeated `times[axis]` times along every axis. */
export function tile(x: TensorLike, times: readonly number[]): Tensor {
  const t = asTensor(x);
  if (times.length !== t.rank) throw new ShapeError(`tile: ${times.length} counts for ${showShape(t.shape)} of rank ${t.rank}`);
  const spread = broadcastTo(
    reshape(
      t,
      t.shape.flatMap((d) => [1, d]),
    ),
    t.shape.flatMap((d, i) => [times[i]!, d]),
  );
  return reshape(
    spread,
    t.shape.map((d, i) => d * times[i]!),
  );
}

/** The value, with derivative 0. */
export const stopGradient = (x: TensorLike): Tensor => emitOne("stopGradient", [asTensor(x)]);

defineOp({
  name: "stopGradient",
  kind: "view",
  doc: "the value itself, with derivative 0",
  flat: true,
  shape: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  batch: ({ inputs: [x] }) => [stopGradient(x!)],
});

defineOp({
  name: "alias",
  kind: "view",
  doc: "the value itself under another name: the variable to differentiate by",
  shape: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  forward: ({ tangents }) => [tangents[0]],
  reverse: ({ cotangents }) => [cotangents[0]],
  batch: ({ inputs: [x] }) => [emitOne("alias", [x!])],
});

/** Zeros shaped like `x`, or `t` if it is there. */
export const orZeros = (t: Tensor | undefined, like: { shape: Shape; dtype: Tensor["dtype"] }): Tensor =>
  t ?? full(like.shape, 0, like.dtype);
