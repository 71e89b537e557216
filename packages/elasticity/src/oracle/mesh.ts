import { array, type NdArray, program, type Tensor } from "@credence/tensor";
import type { Body, Face } from "../body/body.ts";
import { facesOf } from "../body/sample.ts";
import { type Basis, lagrangeBasis } from "./basis.ts";

export interface MeshOptions {
  /** Degree of the polynomials in each coordinate. */
  readonly order: number;
  /** Elements along each coordinate of each patch; 1 if absent. */
  readonly divisions?: number;
}

/** Elements on a body: each patch is cut into divisions^d equal parts of its coordinates, with nodes in common where patches meet. */
export interface Mesh {
  readonly body: Body;
  readonly basis: Basis;
  readonly divisions: number;
  /** Places of the nodes, f64 [nodes, d]. */
  readonly points: NdArray;
  /** Nodes of each element, element by element and patch by patch, (order + 1)^d each. */
  readonly elements: Int32Array;
  /** First corners of the elements of a patch, in units of an element, [divisions^d, d]. */
  readonly offsets: readonly (readonly number[])[];
  /** Nodes of the elements on a face, with their offsets along it. */
  face(face: Face): { readonly nodes: Int32Array; readonly offsets: readonly (readonly number[])[] };
  /** All nodes on a named part of the boundary. */
  nodesOn(name: string): Set<number>;
}

/** @throws {RangeError} for an order or a number of divisions that is no whole number >= 1. */
export function meshOf(body: Body, { order, divisions = 1 }: MeshOptions): Mesh {
  for (const [name, value] of Object.entries({ order, divisions }))
    if (!(Number.isInteger(value) && value >= 1)) throw new RangeError(`meshOf: ${name} must be a whole number >= 1, got ${value}`);
  const { dimension: d, patches } = body;
  const basis = lagrangeBasis(order, d);
  const side = order * divisions + 1;
  const lattice = lists(side, d);
  const coordinate = (k: number): number => (Math.floor(k / order) + basis.nodes[k % order]!) / divisions;
  const at = array(
    Float64Array.from(lattice.flat(), (k) => (k === side - 1 ? 1 : coordinate(k))),
    { shape: [lattice.length, d] },
  );
  const places = program((x: Tensor) => patches.map((patch) => patch.place(x)))(at) as readonly NdArray[];
  const all = Float64Array.from(places.flatMap((p) => Array.from(p.data())));
  const { number, points } = merged(all, d);
  const offsets = lists(divisions, d);
  const local = lists(order + 1, d);
  const nodeAt = (patch: number, position: readonly number[]): number =>
    number[patch * lattice.length + position.reduce((index, k) => index * side + k, 0)]!;
  const elements = Int32Array.from(
    patches.flatMap((_, patch) =>
      offsets.flatMap((offset) =>
        local.map((node) =>
          nodeAt(
            patch,
            node.map((k, a) => offset[a]! * order + k),
          ),
        ),
      ),
    ),
  );
  const face = ({ patch, axis, side: end }: Face) => {
    const across = lists(divisions, d - 1);
    const nodes = across.flatMap((offset) =>
      lists(order + 1, d - 1).map((node) => nodeAt(patch, node.map((k, a) => offset[a]! * order + k).toSpliced(axis, 0, end * (side - 1)))),
    );
    return { nodes: Int32Array.from(nodes), offsets: across };
  };
  const nodesOn = (name: string): Set<number> => new Set(facesOf(body, name).flatMap((f) => Array.from(face(f).nodes)));
  return { body, basis, divisions, points, elements, offsets, face, nodesOn };
}

/** All lists of `length` whole numbers in [0, n), the last varying fastest. */
function lists(n: number, length: number): number[][] {
  if (length === 0) return [[]];
  return lists(n, length - 1).flatMap((head) => Array.from({ length: n }, (_, k) => [...head, k]));
}

/** Numbers points that lie together alike. They are sorted along a slanted line, on which only neighbours can be the same point. */
function merged(all: Float64Array, d: number): { readonly number: Int32Array; readonly points: NdArray } {
  const count = all.length / d;
  const size = all.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0);
  const near = 1e-9 * size;
  const slant = [1, Math.SQRT2, Math.sqrt(3)];
  const along = Float64Array.from({ length: count }, (_, i) => slant.slice(0, d).reduce((sum, s, k) => sum + s * all[i * d + k]!, 0));
  const order = Array.from(along.keys()).sort((i, j) => along[i]! - along[j]!);
  const number = new Int32Array(count).fill(-1);
  const first: number[] = [];
  for (const [rank, i] of order.entries()) {
    if (number[i]! >= 0) continue;
    number[i] = first.length;
    for (let r = rank + 1; r < count && along[order[r]!]! - along[i]! < 5 * near; r++) {
      const j = order[r]!;
      if (Array.from({ length: d }, (_, k) => Math.abs(all[i * d + k]! - all[j * d + k]!)).every((gap) => gap < near))
        number[j] = first.length;
    }
    first.push(i);
  }
  const points = Float64Array.from(first.flatMap((i) => Array.from(all.slice(i * d, (i + 1) * d))));
  return { number, points: array(points, { shape: [first.length, d] }) };
}
