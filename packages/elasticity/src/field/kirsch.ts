import { reciprocal, type Tensor } from "@credence/tensor";
import { column } from "../body/body.ts";
import { quarterPlateWithHole } from "../body/shapes.ts";
import type { Lame, Setting } from "../material.ts";
import { type ElasticField, lameAt, requireMaterial } from "./elastic-field.ts";
import { planeTensor, vectors } from "./tensor-field.ts";

export interface KirschOptions {
  readonly material?: Lame;
  readonly setting?: Exclude<Setting, "solid">;
  /** Stress along x far from the hole; 1 if absent. */
  readonly tension?: number;
  readonly radius?: number;
  /** Of the quarter plate; 4 if absent. */
  readonly side?: number;
}

/**
 * An infinite plate with a circular hole under tension along x, cut down to [0, side]^2 with its exact tractions: at the hole the hoop stress is 3 T across
 * the pull and -T along it. Kirsch 1898; Timoshenko and Goodier 1970, section 35; kappa = (lambda + 3 mu) / (lambda + mu) with the lambda of the setting.
 */
export function kirschPlate(options: KirschOptions = {}): ElasticField {
  const { material = { lambda: 1, mu: 0.5 }, setting = "plane-strain", tension = 1, radius = 1, side = 4 } = options;
  requireMaterial("kirschPlate", material, setting);
  if (!(radius > 0 && side > radius))
    throw new RangeError(`kirschPlate: side must exceed radius > 0, got side ${side} and radius ${radius}`);
  const a2 = radius * radius;
  const polar = (points: Tensor) => {
    const [x, y] = [column(points, 0), column(points, 1)];
    const square = x.square().add(y.square());
    // a^2 / r^2, and the double angle.
    return { x, y, ratio: reciprocal(square).mul(a2), cos2: x.square().sub(y.square()).div(square), sin2: x.mul(y).mul(2).div(square) };
  };
  return {
    name: "kirsch",
    setting,
    body: quarterPlateWithHole({ radius, side }),
    material,
    displacement(points, given) {
      const { lambda, mu } = lameAt(points, given, setting);
      const { x, y, ratio, cos2, sin2 } = polar(points);
      const kappa = lambda.add(mu.mul(3)).div(lambda.add(mu));
      // u_r / r and u_theta / r, so that u_x = x (u_r / r) - y (u_theta / r).
      const radial = kappa
        .sub(1)
        .add(cos2.mul(2))
        .add(ratio.mul(kappa.add(1).mul(cos2).add(1)).mul(2))
        .sub(ratio.square().mul(cos2).mul(2));
      const turning = sin2
        .mul(-2)
        .sub(ratio.mul(kappa.sub(1)).mul(sin2).mul(2))
        .sub(ratio.square().mul(sin2).mul(2));
      const scale = reciprocal(mu).mul(tension / 8);
      return vectors([x.mul(radial).sub(y.mul(turning)).mul(scale), y.mul(radial).add(x.mul(turning)).mul(scale)]);
    },
    stress(points) {
      const { ratio, cos2, sin2 } = polar(points);
      const second = ratio.square().mul(3);
      const half = tension / 2;
      const rr = ratio.neg().add(1).add(ratio.mul(-4).add(1).add(second).mul(cos2)).mul(half);
      const tt = ratio.add(1).sub(second.add(1).mul(cos2)).mul(half);
      const rt = ratio.mul(2).add(1).sub(second).mul(sin2).mul(-half);
      // Turned by theta: with mean and half difference, only the double angle appears.
      const [mean, difference] = [rr.add(tt).mul(0.5), rr.sub(tt).mul(0.5)];
      const spread = difference.mul(cos2).sub(rt.mul(sin2));
      return planeTensor(mean.add(spread), mean.sub(spread), difference.mul(sin2).add(rt.mul(cos2)));
    },
    bodyForce: (points) => points.mul(0),
    supports: { "x=0": [0], "y=0": [1] },
  };
}
