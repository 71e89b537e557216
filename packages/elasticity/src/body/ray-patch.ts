import { concat, constant, greater, sliceAxis, type Tensor, where } from "@credence/tensor";
import type { Patch } from "./patch.ts";

export interface RayPatchOptions {
  readonly centre: readonly number[];
  /** Radius at which rays begin. */
  readonly inner: number;
  /** A corner of the edge (or parallelogram) at which rays aim, about the centre. */
  readonly corner: readonly number[];
  /** From that corner along the edge, or along both edges of the parallelogram. */
  readonly edges: readonly (readonly number[])[];
  /** Radius at which rays end; where it is absent they end on the edge. */
  readonly outer?: number;
}

/**
 * Rays from a circle or sphere to a straight edge (or flat parallelogram), or to a larger circle or sphere: coordinate 0 goes along the ray, the others along
 * the edges. With q = corner + sum_k t_k edge_k, a point is centre + (a + s (R - a)) q / |q|, R = |q| or the outer radius.
 */
export function rayPatch({ centre, inner, corner, edges, outer }: RayPatchOptions): Patch {
  const dimension = centre.length as 2 | 3;
  const normal = normalOf(edges);
  const height = dot(normal, corner);
  const duals = dualsOf(edges);
  const lengthOf = (q: Tensor): Tensor => q.square().sum(1, true).sqrt();
  const end = (length: Tensor): Tensor => (outer === undefined ? length : length.mul(0).add(outer));
  return {
    dimension,
    size: sizeOf({ inner, corner, edges, ...(outer !== undefined && { outer }) }),
    place(at) {
      const along = sliceAxis(at, 1, 1, dimension).matmul(constant(edges, at.dtype)).add(constant(corner, at.dtype));
      const length = lengthOf(along);
      const radius = sliceAxis(at, 1, 0, 1).mul(end(length).sub(inner)).add(inner);
      return along.div(length).mul(radius).add(constant(centre, at.dtype));
    },
    locate(points) {
      const { dtype } = points;
      const from = points.sub(constant(centre, dtype));
      const facing = from.mul(constant(normal, dtype)).sum(1, true).div(height);
      const ahead = greater(facing, 0);
      const aim = from.div(where(ahead, facing, 1));
      const across = aim.sub(constant(corner, dtype)).matmul(constant(duals, dtype).T);
      const radial = lengthOf(from)
        .sub(inner)
        .div(end(lengthOf(aim)).sub(inner));
      return concat([where(ahead, radial, -1), across], 1);
    },
  };
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, k) => sum + v * b[k]!, 0);
const cross = ([a, b, c]: readonly number[], [p, q, r]: readonly number[]): number[] => [
  b! * r! - c! * q!,
  c! * p! - a! * r!,
  a! * q! - b! * p!,
];

/** A normal of the edge or parallelogram. */
function normalOf(edges: readonly (readonly number[])[]): readonly number[] {
  const [first, second] = edges as readonly [readonly number[], (readonly number[])?];
  return second ? cross(first, second) : [first[1]!, -first[0]!];
}

/** Rows d_k with d_k . edge_l = [k = l], within the edge or its plane. */
function dualsOf(edges: readonly (readonly number[])[]): number[][] {
  const [first, second] = edges as readonly [readonly number[], (readonly number[])?];
  if (!second) return [first.map((v) => v / dot(first, first))];
  const [a, b, c] = [dot(first, first), dot(first, second), dot(second, second)];
  const determinant = a * c - b * b;
  return [first.map((v, k) => (c * v - b * second[k]!) / determinant), first.map((v, k) => (a * second[k]! - b * v) / determinant)];
}

/** Angle of a triangle's sides at the origin, or solid angle of a triangle (Van Oosterom and Strackee 1983). */
function angleOf(corners: readonly (readonly number[])[]): number {
  const lengths = corners.map((c) => Math.sqrt(dot(c, c)));
  const [a, b, c] = corners as readonly (readonly number[])[];
  if (!c) return Math.acos(dot(a!, b!) / (lengths[0]! * lengths[1]!));
  const [la, lb, lc] = lengths as [number, number, number];
  const below = la * lb * lc + dot(a!, b!) * lc + dot(b!, c) * la + dot(c, a!) * lb;
  return 2 * Math.atan2(Math.abs(dot(a!, cross(b!, c))), below);
}

function sizeOf({ inner, corner, edges, outer }: Omit<RayPatchOptions, "centre">): number {
  const [p, q, r] = [corner, ...edges.map((edge) => corner.map((v, k) => v + edge[k]!))] as (readonly number[])[];
  const opposite = r && q!.map((v, k) => v + r[k]! - corner[k]!);
  const angle = r ? angleOf([p!, q!, r]) + angleOf([q!, r, opposite!]) : angleOf([p!, q!]);
  const d = corner.length;
  const pyramid = Math.abs(dot(normalOf(edges), corner)) / d;
  return (outer === undefined ? pyramid : (angle * outer ** d) / d) - (angle * inner ** d) / d;
}
