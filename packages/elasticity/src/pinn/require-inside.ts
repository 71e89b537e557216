import { type NdArray, program, stack, type Tensor } from "@credence/tensor";
import type { Body } from "../body/body.ts";

/**
 * Refuses points that lie further outside than `tolerance` of a patch's extent.
 * @throws {RangeError} naming the points
 */
export function requireInside(owner: string, body: Body, points: NdArray, tolerance = 1e-9): void {
  const beyond = program((x: Tensor) => stack(body.patches.map((patch) => patch.locate(x).sub(0.5).abs().max(1).sub(0.5))).min(0))(points);
  const outside = Array.from(beyond.data().keys()).filter((i) => !((beyond.data()[i] as number) <= tolerance));
  if (outside.length === 0) return;
  const [n, d] = points.shape as [number, number];
  const at = points.data();
  const named = outside.slice(0, 3).map((i) => `${i} at (${Array.from(at.slice(i * d, (i + 1) * d)).join(", ")})`);
  throw new RangeError(
    `${owner}: ${outside.length} of ${n} sensors lie outside the body (${body.name}): ${named.join(", ")}${outside.length > 3 ? ", ..." : ""}; leave them out, or check units and origin`,
  );
}
