import { constant, type Tensor } from "@credence/tensor";
import { box } from "../body/shapes.ts";
import type { ElasticProblem } from "../oracle/problem.ts";

/** Loads of size 1 on a square that stands on its lower edge: a pull on its top, a shear on its top, and a push that grows upwards on its right side. */
export const squareLoads = ["pull", "shear", "push"] as const;

/** The unit square under one of {@link squareLoads}, plane strain. */
export function pulledSquare(load: (typeof squareLoads)[number]): ElasticProblem {
  const along = (points: Tensor, direction: readonly [number, number]): Tensor => points.mul(0).add(constant([...direction], "f64"));
  const traction = (face: string, points: Tensor): Tensor | undefined => {
    if (load === "push") return face === "x=1" ? along(points, [-1, 0]).mul(points.slice([0, 1], [points.shape[0]!, 2])) : undefined;
    if (face !== "y=1") return undefined;
    return along(points, load === "pull" ? [0, 1] : [1, 0]);
  };
  return {
    name: `square under a ${load}`,
    setting: "plane-strain",
    body: box("unit square", [0, 0], [1, 1]),
    supports: { "y=0": [0, 1] },
    traction,
  };
}
