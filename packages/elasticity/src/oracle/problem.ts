import type { Tensor } from "@credence/tensor";
import type { Body } from "../body/body.ts";
import type { ElasticField } from "../field/elastic-field.ts";
import type { Setting } from "../material.ts";

/**
 * What holds a body and what pulls at it. Every part of the boundary has a prescribed displacement or traction in each component; loads are numbers and do
 * not know the material, which is what makes it identifiable. Functions are traced over points [n, d], f64.
 */
export interface ElasticProblem {
  readonly name: string;
  readonly setting: Setting;
  readonly body: Body;
  /** Components (0 for x) whose displacement is prescribed on a face. */
  readonly supports: Readonly<Record<string, readonly number[]>>;
  /** Single points, corners of patches, that are held in some components against moving as a rigid body. */
  readonly pins?: readonly { readonly at: readonly number[]; readonly components: readonly number[] }[];
  /** Prescribed displacement where components are held, [n, d]; 0 if absent. */
  readonly held?: (points: Tensor) => Tensor;
  /** Force per area on the boundary, [n, d], by the name of the face; undefined where it is free. */
  traction(face: string, points: Tensor, normals: Tensor): Tensor | undefined;
  /** Force per volume, [n, d]; 0 if absent. */
  readonly bodyForce?: (points: Tensor) => Tensor;
}

/** The problem that a field in closed form answers, with the loads of its own material. */
export function problemOf(field: ElasticField): ElasticProblem {
  const { name, setting, body, supports, material } = field;
  return {
    name,
    setting,
    body,
    supports,
    held: (points) => field.displacement(points, material),
    traction: (_, points, normals) => field.stress(points, material).mul(normals.expandDims(1)).sum(2),
    bodyForce: (points) => field.bodyForce(points, material),
  };
}
