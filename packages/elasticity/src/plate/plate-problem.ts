import { constant } from "@credence/tensor";
import { plateWithHole } from "../body/shapes.ts";
import type { ElasticProblem } from "../oracle/problem.ts";

/** A tension test of a plate with a hole. Lengths in mm, stress in N/mm^2 (MPa). */
export interface TensionTest {
  /** Between the two ends of the zone that is modelled. */
  readonly length: number;
  readonly height: number;
  /** Of the hole, and where along the plate its centre lies; it lies half-way up. */
  readonly radius: number;
  readonly centre: number;
  /** Axial stress at the right end: force over width and thickness. */
  readonly traction: number;
}

/** The parallel zone of the S235 specimen of Zenodo 11257192: 80 x 20 mm, a hole of radius 4 mm, 106.2629 N/mm^2. */
export const s235Test: TensionTest = { length: 80, height: 20, radius: 4, centre: 40, traction: 106.2629 };

/**
 * The test under plane stress: u_x is the same all along the left end, which may narrow freely, the right end is pulled evenly, and the rest is free. Where the
 * camera's axes lie is not known, so that readings have a shift and a rotation more than this displacement.
 */
export function tensionProblem({ traction, ...plate }: TensionTest): ElasticProblem {
  if (!(Math.abs(traction) > 0 && Number.isFinite(traction)))
    throw new RangeError(
      `tensionProblem: traction must be a stress other than 0, got ${traction}; without a load displacements say nothing of stiffness`,
    );
  return {
    name: "plate with hole",
    setting: "plane-stress",
    body: plateWithHole(plate),
    supports: { left: [0] },
    pins: [{ at: [0, 0], components: [1] }],
    traction: (face, points) => (face === "right" ? points.mul(0).add(constant([traction, 0], "f64")) : undefined),
  };
}
