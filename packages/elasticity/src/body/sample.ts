import { concat, random, type Tensor } from "@credence/tensor";
import { alongAxes, type Body, determinantOf, type Face, type FacePoints, onFace } from "./body.ts";

/** Points and what each counts for: the mean of weight times f over points estimates the mean of f over the body. The weights have mean 1. */
export interface WeightedPoints {
  /** [n, d] */
  readonly points: Tensor;
  /** [n], > 0; all 1 in a box. */
  readonly weights: Tensor;
}

/** The same on the boundary, with unit normals, [n, d], that point outwards. */
export interface WeightedFacePoints extends WeightedPoints {
  readonly normals: Tensor;
}

/**
 * `count` random points inside a body, those of each patch in proportion to its size, in f64 or f32. About a hole they lie denser near it, and count for less.
 * Traced.
 * @throws {RangeError} where there are fewer points than patches
 */
export function sampleInterior(body: Body, key: Tensor, count: number, dtype: "f32" | "f64" = "f64"): WeightedPoints {
  const { patches, dimension } = body;
  const sizes = patches.map((patch) => patch.size);
  const counts = shared(count, sizes);
  const parts = patches.map((patch, k) => {
    const at = random.uniform(random.fold(key, k), [counts[k]!, dimension], { dtype });
    return { points: patch.place(at), stretch: determinantOf(alongAxes(patch.place, at)).abs().div(counts[k]!) };
  });
  const total = sizes.reduce((a, b) => a + b, 0);
  return {
    points: concat(
      parts.map((p) => p.points),
      0,
    ),
    weights: concat(
      parts.map((p) => p.stretch),
      0,
    ).mul(count / total),
  };
}

/**
 * `count` random points on a named part of the boundary, shared evenly by its faces. Traced.
 * @throws {RangeError} for a name that the body does not have
 */
export function sampleFace(body: Body, name: string, key: Tensor, count: number, dtype: "f32" | "f64" = "f64"): WeightedFacePoints {
  const faces = facesOf(body, name);
  const counts = shared(
    count,
    faces.map(() => 1),
  );
  const parts: FacePoints[] = faces.map((face, k) =>
    onFace(body, face, random.uniform(random.fold(key, k), [counts[k]!, body.dimension - 1], { dtype })),
  );
  const stretch = concat(
    parts.map((p, k) => p.stretch.div(counts[k]!)),
    0,
  );
  return {
    points: concat(
      parts.map((p) => p.points),
      0,
    ),
    normals: concat(
      parts.map((p) => p.normals),
      0,
    ),
    weights: stretch.div(stretch.mean()),
  };
}

/** Faces of a name. */
export function facesOf(body: Body, name: string): readonly Face[] {
  const faces = body.faces[name];
  if (!faces) throw new RangeError(`${body.name} has no face "${name}"; its faces are ${Object.keys(body.faces).join(", ")}`);
  return faces;
}

/** Whole numbers >= 1 in proportion to `sizes` that add up to `count`. */
function shared(count: number, sizes: readonly number[]): number[] {
  if (!Number.isInteger(count) || count < sizes.length)
    throw new RangeError(`points must be a whole number, at least one for each of ${sizes.length} patches; got ${count}`);
  const total = sizes.reduce((a, b) => a + b, 0);
  const counts = sizes.map((size) => Math.max(1, Math.floor((count * size) / total)));
  const largest = sizes.indexOf(Math.max(...sizes));
  counts[largest]! += count - counts.reduce((a, b) => a + b, 0);
  return counts;
}
