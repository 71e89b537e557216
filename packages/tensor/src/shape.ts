import { ShapeError } from "./errors.ts";

export type Shape = readonly number[];

export const sizeOf = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);
export const showShape = (shape: Shape): string => `[${shape.join(", ")}]`;

/** Row-major strides, in elements. */
export function rowMajor(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i]!;
  }
  return strides;
}

/** NumPy broadcasting: trailing axes are aligned, an extent of 1 stretches. */
export function broadcastShapes(op: string, ...shapes: Shape[]): Shape {
  const rank = Math.max(...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes)
    shape.forEach((d, i) => {
      const at = rank - shape.length + i;
      if (out[at] === 1) out[at] = d;
      else if (d !== 1 && d !== out[at])
        throw new ShapeError(`${op}: shapes ${shapes.map(showShape).join(" and ")} do not broadcast: axis ${at} is ${out[at]} and ${d}`);
    });
  return out;
}

/** A possibly negative axis as an index into `rank` axes. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw new ShapeError(
      `${op}: axis ${axis} is outside an array of rank ${rank}; expected ${rank ? `${-rank} to ${rank - 1}` : "no axis at all"}`,
    );
  return axis < 0 ? axis + rank : axis;
}

/** One axis, several, or all of them (undefined), sorted and without repeats. */
export function normalizeAxes(op: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = (typeof axes === "number" ? [axes] : [...axes]).map((a) => normalizeAxis(op, a, rank)).sort((a, b) => a - b);
  if (new Set(list).size !== list.length) throw new ShapeError(`${op}: axes [${[axes].flat().join(", ")}] name one axis twice`);
  return list;
}

export function checkShape(op: string, shape: Shape): Shape {
  for (const d of shape)
    if (!Number.isInteger(d) || d < 0) throw new ShapeError(`${op}: shape ${showShape(shape)} has extent ${d}; expected integers >= 0`);
  return shape;
}
