import { concat, constant, jvp, sliceAxis, type Tensor } from "@credence/tensor";
import type { Patch } from "./patch.ts";

/** Where coordinate `axis` of a patch is 0 or 1. */
export interface Face {
  readonly patch: number;
  readonly axis: number;
  readonly side: 0 | 1;
}

/** The space that a material fills: patches that meet along whole faces, and names for what lies outside. */
export interface Body {
  readonly name: string;
  readonly dimension: 2 | 3;
  readonly patches: readonly Patch[];
  /** Parts of the boundary by name. */
  readonly faces: Readonly<Record<string, readonly Face[]>>;
}

/** d f / d x_k for k = 0 .. d - 1, each of the shape of f, where row i of f depends on row i of `points` [n, d] alone. Traced. */
export function alongAxes(f: (points: Tensor) => Tensor, points: Tensor): Tensor[] {
  const d = points.shape[1]!;
  return Array.from({ length: d }, (_, k) => {
    const direction = constant([Array.from({ length: d }, (__, j) => Number(j === k))], points.dtype).broadcastTo(points.shape);
    return jvp(f, [points], [direction])[1];
  });
}

/** Column k of [n, d], as [n]. */
export const column = (x: Tensor, k: number): Tensor => sliceAxis(x, 1, k, k + 1).squeeze(1);

/** Determinant, [n], of the matrices whose columns are `tangents`, d tensors [n, d]. */
export function determinantOf(tangents: readonly Tensor[]): Tensor {
  const [a, b, c] = tangents;
  if (c) return crossed(a!, b!).mul(c).sum(1);
  return column(a!, 0)
    .mul(column(b!, 1))
    .sub(column(a!, 1).mul(column(b!, 0)));
}

/** a x b of rows, [n, 3]. */
export function crossed(a: Tensor, b: Tensor): Tensor {
  const part = (j: number, k: number): Tensor =>
    column(a, j)
      .mul(column(b, k))
      .sub(column(a, k).mul(column(b, j)))
      .expandDims(1);
  return concat([part(1, 2), part(2, 0), part(0, 1)], 1);
}

/** Points of a face, unit normals that point out of the body, [n, d] both, and area (or length) for a unit of coordinates, [n]. */
export interface FacePoints {
  readonly points: Tensor;
  readonly normals: Tensor;
  readonly stretch: Tensor;
}

/** What lies at coordinates [n, d - 1] of a face. Traced. */
export function onFace(body: Body, { patch, axis, side }: Face, across: Tensor): FacePoints {
  const fixed = sliceAxis(across, 1, 0, 1).mul(0).add(side);
  const at = concat(
    [sliceAxis(across, 1, 0, axis), fixed, sliceAxis(across, 1, axis, body.dimension - 1)].filter((t) => t.shape[1]! > 0),
    1,
  );
  const { place } = body.patches[patch]!;
  const tangents = alongAxes(place, at);
  const [a, b] = tangents.filter((_, k) => k !== axis);
  const area = b ? crossed(a!, b) : concat([sliceAxis(a!, 1, 1, 2), sliceAxis(a!, 1, 0, 1).neg()], 1);
  const stretch = area.square().sum(1).sqrt();
  // Outwards is the way of the coordinate at its end, and against it at its start.
  const sense = area
    .mul(tangents[axis]!)
    .sum(1)
    .mul(side === 1 ? 1 : -1);
  const sign = sense.div(sense.abs());
  return { points: place(at), normals: area.mul(sign.div(stretch).expandDims(1)), stretch };
}
