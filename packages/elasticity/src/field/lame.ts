import { eye, reciprocal, type Tensor } from "@credence/tensor";
import { octantOfShell, quarterAnnulus } from "../body/shapes.ts";
import type { Lame } from "../material.ts";
import { type ElasticField, lameAt, requireMaterial } from "./elastic-field.ts";

export interface LameOptions {
  readonly material?: Lame;
  /** Inside, > 0 where it pushes outwards; 1 if absent. */
  readonly pressure?: number;
  readonly inner?: number;
  readonly outer?: number;
}

/**
 * A thick cylinder under internal pressure, plane strain, a quarter of it:
 * u_r = p a^2 / (b^2 - a^2) (r / (2 (lambda + mu)) + b^2 / (2 mu r)). Lame 1852; Timoshenko and Goodier 1970, section 28.
 */
export const lameCylinder = (options: LameOptions = {}): ElasticField => thick("lame-cylinder", 2, options);

/**
 * A thick sphere under internal pressure, an eighth of it:
 * u_r = p a^3 / (b^3 - a^3) (r / (3 lambda + 2 mu) + b^3 / (4 mu r^2)). Timoshenko and Goodier 1970, section 136.
 */
export const lameSphere = (options: LameOptions = {}): ElasticField => thick("lame-sphere", 3, options);

function thick(name: string, d: 2 | 3, options: LameOptions): ElasticField {
  const { material = { lambda: 1, mu: 0.5 }, pressure = 1, inner = 1, outer = 2 } = options;
  const setting = d === 2 ? "plane-strain" : "solid";
  requireMaterial(name, material, setting);
  if (!(inner > 0 && outer > inner)) throw new RangeError(`${name}: outer must exceed inner > 0, got inner ${inner} and outer ${outer}`);
  const factor = (pressure * inner ** d) / (outer ** d - inner ** d);
  const squareOf = (points: Tensor): Tensor => points.square().sum(1, true);
  /** (b / r)^d. */
  const decay = (points: Tensor): Tensor =>
    squareOf(points)
      .pow(-d / 2)
      .mul(outer ** d);
  return {
    name,
    setting,
    body: d === 2 ? quarterAnnulus({ inner, outer }) : octantOfShell({ inner, outer }),
    material,
    displacement(points, given) {
      const { lambda, mu } = lameAt(points, given, setting);
      const swelling = reciprocal(lambda.mul(d).add(mu.mul(2)));
      return points.mul(swelling.add(decay(points).div(mu.mul(2 * (d - 1)))).mul(factor));
    },
    // sigma_rr = factor (1 - (b/r)^d) along the radius, factor (1 + (b/r)^d / (d - 1)) across it.
    stress(points) {
      const [n] = points.shape as [number];
      const far = decay(points).reshape([n, 1, 1]);
      const radial = points
        .expandDims(2)
        .mul(points.expandDims(1))
        .div(squareOf(points).reshape([n, 1, 1]));
      const hoop = far.div(d - 1).add(1);
      return eye(d, points.dtype)
        .mul(hoop)
        .sub(radial.mul(far).mul(d / (d - 1)))
        .mul(factor);
    },
    bodyForce: (points) => points.mul(0),
    supports: Object.fromEntries(["x=0", "y=0", "z=0"].slice(0, d).map((face, k) => [face, [k]])),
  };
}
