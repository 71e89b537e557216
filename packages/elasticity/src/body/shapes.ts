import type { Body, Face } from "./body.ts";
import { boxPatch } from "./patch.ts";
import { rayPatch } from "./ray-patch.ts";

const face = (patch: number, axis: number, side: 0 | 1): Face => ({ patch, axis, side });

/** A box from `lower` to `upper`, faces "x=0" and "x=1" and so on: the lower and the upper end of each axis. */
export function box(name: string, lower: readonly number[], upper: readonly number[]): Body {
  const axes = ["x", "y", "z"].slice(0, lower.length);
  return {
    name,
    dimension: lower.length as 2 | 3,
    patches: [boxPatch(lower, upper)],
    faces: Object.fromEntries(axes.flatMap((axis, k) => ([0, 1] as const).map((side) => [`${axis}=${side}`, [face(0, k, side)]]))),
  };
}

/** The square [0, side]^2 without the disk of `radius` about the origin. Faces: "hole", "right", "top", and the cuts "x=0" and "y=0". */
export function quarterPlateWithHole({ radius, side }: { readonly radius: number; readonly side: number }): Body {
  const about = { centre: [0, 0], inner: radius };
  return {
    name: "quarter plate with hole",
    dimension: 2,
    patches: [
      rayPatch({ ...about, corner: [side, 0], edges: [[0, side]] }),
      rayPatch({ ...about, corner: [side, side], edges: [[-side, 0]] }),
    ],
    faces: {
      hole: [face(0, 0, 0), face(1, 0, 0)],
      right: [face(0, 0, 1)],
      top: [face(1, 0, 1)],
      "y=0": [face(0, 1, 0)],
      "x=0": [face(1, 1, 1)],
    },
  };
}

/** A quarter of a ring about the origin. Faces: "inner", "outer", and the cuts "x=0" and "y=0". */
export function quarterAnnulus({ inner, outer }: { readonly inner: number; readonly outer: number }): Body {
  const about = { centre: [0, 0], inner, outer };
  return {
    name: "quarter annulus",
    dimension: 2,
    patches: [rayPatch({ ...about, corner: [1, 0], edges: [[0, 1]] }), rayPatch({ ...about, corner: [1, 1], edges: [[-1, 0]] })],
    faces: {
      inner: [face(0, 0, 0), face(1, 0, 0)],
      outer: [face(0, 0, 1), face(1, 0, 1)],
      "y=0": [face(0, 1, 0)],
      "x=0": [face(1, 1, 1)],
    },
  };
}

/** An eighth of a hollow ball about the origin. Faces: "inner", "outer", and the cuts "x=0", "y=0", "z=0". */
export function octantOfShell({ inner, outer }: { readonly inner: number; readonly outer: number }): Body {
  const unit = (k: number): number[] => [0, 1, 2].map((j) => Number(j === k));
  // A face of the cube [0, 1]^3 for each axis, the other two axes along its edges.
  const patches = [0, 1, 2].map((k) =>
    rayPatch({ centre: [0, 0, 0], inner, outer, corner: unit(k), edges: [unit((k + 1) % 3), unit((k + 2) % 3)] }),
  );
  const cut = (k: number): Face[] => [face((k + 2) % 3, 1, 0), face((k + 1) % 3, 2, 0)];
  return {
    name: "octant of a shell",
    dimension: 3,
    patches,
    faces: {
      inner: [0, 1, 2].map((k) => face(k, 0, 0)),
      outer: [0, 1, 2].map((k) => face(k, 0, 1)),
      "x=0": cut(0),
      "y=0": cut(1),
      "z=0": cut(2),
    },
  };
}

export interface PlateWithHoleOptions {
  readonly length: number;
  readonly height: number;
  readonly radius: number;
  /** Of the hole; it lies between the ends, half-way up. */
  readonly centre: number;
}

/** The rectangle [0, length] x [0, height] with a hole about (centre, height / 2). Faces: "left", "right", "bottom", "top", "hole". */
export function plateWithHole({ length, height, radius, centre }: PlateWithHoleOptions): Body {
  const half = height / 2;
  if (!(radius > 0 && radius < half && centre - half > 0 && centre + half < length))
    throw new RangeError(
      `plateWithHole: a hole of radius ${radius} about (${centre}, ${half}) and the square of side ${height} around it do not fit into ${length} x ${height}`,
    );
  const corners = [
    [half, -half],
    [half, half],
    [-half, half],
    [-half, -half],
  ];
  const about = { centre: [centre, half], inner: radius };
  const rays = corners.map((corner, k) => {
    const next = corners[(k + 1) % 4]!;
    return rayPatch({ ...about, corner, edges: [[next[0]! - corner[0]!, next[1]! - corner[1]!]] });
  });
  return {
    name: "plate with hole",
    dimension: 2,
    patches: [...rays, boxPatch([0, 0], [centre - half, height]), boxPatch([centre + half, 0], [length, height])],
    faces: {
      left: [face(4, 0, 0)],
      right: [face(5, 0, 1)],
      bottom: [face(3, 0, 1), face(4, 1, 0), face(5, 1, 0)],
      top: [face(1, 0, 1), face(4, 1, 1), face(5, 1, 1)],
      hole: [0, 1, 2, 3].map((k) => face(k, 0, 0)),
    },
  };
}
