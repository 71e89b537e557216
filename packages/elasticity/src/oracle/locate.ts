import { array, type NdArray, program, type Tensor } from "@credence/tensor";
import type { Mesh } from "./mesh.ts";

/** Where points lie in a mesh. */
export interface Located {
  /** Element of each point, i32 [n]. */
  readonly element: Int32Array;
  /** Coordinates within the element, f64 [n, d]. */
  readonly within: NdArray;
}

/**
 * The element of each point. Points up to `tolerance` of a patch's extent outside the body count as on its boundary.
 * @throws {RangeError} naming points that lie outside the body
 */
export function locate(mesh: Mesh, points: NdArray, tolerance = 1e-9): Located {
  const { body, divisions, offsets } = mesh;
  const { dimension: d, patches } = body;
  const [n] = points.shape as [number, number];
  const found = (program((x: Tensor) => patches.map((patch) => patch.locate(x)))(points) as readonly NdArray[]).map((c) => c.data());
  const beyond = (patch: number, i: number): number => {
    let worst = 0;
    for (let k = 0; k < d; k++) worst = Math.max(worst, Math.abs(found[patch]![i * d + k]! - 0.5) - 0.5);
    return worst;
  };
  const element = new Int32Array(n);
  const within = new Float64Array(n * d);
  const outside: number[] = [];
  for (let i = 0; i < n; i++) {
    const patch = patches.findIndex((_, k) => beyond(k, i) <= tolerance);
    if (patch < 0) {
      outside.push(i);
      continue;
    }
    let index = 0;
    for (let k = 0; k < d; k++) {
      const along = Math.min(Math.max(found[patch]![i * d + k]!, 0), 1) * divisions;
      const cell = Math.min(Math.floor(along), divisions - 1);
      index = index * divisions + cell;
      within[i * d + k] = along - cell;
    }
    element[i] = patch * offsets.length + index;
  }
  if (outside.length > 0) {
    const at = points.data();
    const named = outside.slice(0, 3).map((i) => `${i} at (${Array.from(at.slice(i * d, (i + 1) * d)).join(", ")})`);
    throw new RangeError(
      `${outside.length} of ${n} sensors lie outside the body (${body.name}): ${named.join(", ")}${outside.length > 3 ? ", ..." : ""}; leave them out, or check units and origin`,
    );
  }
  return { element, within: array(within, { shape: [n, d] }) };
}
