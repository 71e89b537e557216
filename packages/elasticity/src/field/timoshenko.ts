import { reciprocal } from "@credence/tensor";
import { column } from "../body/body.ts";
import { box } from "../body/shapes.ts";
import type { Lame } from "../material.ts";
import { type ElasticField, lameAt, requireMaterial } from "./elastic-field.ts";
import { planeTensor, vectors } from "./tensor-field.ts";

export interface TimoshenkoOptions {
  readonly material?: Lame;
  /** Shear force at the free end, on a thickness of 1; 1 if absent. */
  readonly load?: number;
  readonly length?: number;
  /** c: the beam is 2 c high. */
  readonly halfHeight?: number;
}

/**
 * A cantilever under plane stress, loaded by a parabolic shear of resultant P at x = 0 and held at x = length, where the exact displacement is prescribed:
 * the tip bends by P L^3 / (3 E I), I = 2 c^3 / 3. Timoshenko and Goodier 1970, section 21.
 */
export function timoshenkoBeam(options: TimoshenkoOptions = {}): ElasticField {
  const { material = { lambda: 1, mu: 0.5 }, load = 0.01, length = 4, halfHeight: c = 0.5 } = options;
  requireMaterial("timoshenkoBeam", material, "plane-stress");
  if (!(length > 0 && c > 0)) throw new RangeError(`timoshenkoBeam: length and halfHeight must be > 0, got ${length} and ${c}`);
  const inertia = (2 * c ** 3) / 3;
  const bend = load / inertia;
  return {
    name: "timoshenko",
    setting: "plane-stress",
    body: box("beam", [0, -c], [length, c]),
    material,
    displacement(points, given) {
      const { lambda, mu } = lameAt(points, given, "plane-stress");
      const [x, y] = [column(points, 0), column(points, 1)];
      // Of the plane stress lambda: nu = lambda / (lambda + 2 mu), E = 2 mu (1 + nu).
      const nu = lambda.div(lambda.add(mu.mul(2)));
      const young = nu.add(1).mul(mu).mul(2);
      const [perYoung, perMu] = [reciprocal(young).mul(bend), reciprocal(mu).mul(bend)];
      const cubed = y.pow(3).div(6);
      const ux = x
        .square()
        .mul(y)
        .mul(-0.5)
        .mul(perYoung)
        .sub(nu.mul(perYoung).mul(cubed))
        .add(perMu.mul(cubed))
        .add(
          perYoung
            .mul((length * length) / 2)
            .sub(perMu.mul((c * c) / 2))
            .mul(y),
        );
      const uy = nu
        .mul(x)
        .mul(y.square())
        .mul(0.5)
        .add(x.pow(3).div(6))
        .sub(x.mul((length * length) / 2))
        .add(length ** 3 / 3)
        .mul(perYoung);
      return vectors([ux, uy]);
    },
    stress(points) {
      const [x, y] = [column(points, 0), column(points, 1)];
      return planeTensor(
        x.mul(y).mul(-bend),
        x.mul(0),
        y
          .square()
          .neg()
          .add(c * c)
          .mul(-bend / 2),
      );
    },
    bodyForce: (points) => points.mul(0),
    supports: { "x=1": [0, 1] },
  };
}
