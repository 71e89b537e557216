import { cos, sin } from "@credence/tensor";
import { column } from "../body/body.ts";
import { box } from "../body/shapes.ts";
import type { Lame } from "../material.ts";
import { type ElasticField, lameAt, requireMaterial } from "./elastic-field.ts";
import { planeTensor, vectors } from "./tensor-field.ts";

/**
 * The plate of SciANN and DeepXDE: unit square under plane strain, u_x = cos(2 pi x) sin(pi y), u_y = (Q / 4) y^4 sin(pi x), kept in place by body forces.
 * Haghighat et al. 2021, "A physics-informed deep learning framework for inversion and surrogate modeling in solid mechanics", section 4.
 */
export function haghighatPlate(options: { readonly material?: Lame; readonly load?: number } = {}): ElasticField {
  const { material = { lambda: 1, mu: 0.5 }, load: q = 4 } = options;
  requireMaterial("haghighatPlate", material, "plane-strain");
  const pi = Math.PI;
  return {
    name: "haghighat",
    setting: "plane-strain",
    body: box("unit square", [0, 0], [1, 1]),
    material,
    displacement(points) {
      const [x, y] = [column(points, 0), column(points, 1)];
      return vectors([
        cos(x.mul(2 * pi)).mul(sin(y.mul(pi))),
        y
          .pow(4)
          .mul(sin(x.mul(pi)))
          .mul(q / 4),
      ]);
    },
    stress(points, given) {
      const { lambda, mu } = lameAt(points, given, "plane-strain");
      const [x, y] = [column(points, 0), column(points, 1)];
      const xx = sin(x.mul(2 * pi))
        .mul(sin(y.mul(pi)))
        .mul(-2 * pi);
      const yy = y
        .pow(3)
        .mul(sin(x.mul(pi)))
        .mul(q);
      const xy = cos(x.mul(2 * pi))
        .mul(cos(y.mul(pi)))
        .add(
          y
            .pow(4)
            .mul(cos(x.mul(pi)))
            .mul(q / 4),
        )
        .mul(pi / 2);
      const pressure = lambda.mul(xx.add(yy));
      const twice = mu.mul(2);
      return planeTensor(pressure.add(twice.mul(xx)), pressure.add(twice.mul(yy)), twice.mul(xy));
    },
    bodyForce(points, given) {
      const { lambda, mu } = lameAt(points, given, "plane-strain");
      const [x, y] = [column(points, 0), column(points, 1)];
      const [sx, cx, s2x, c2x] = [sin(x.mul(pi)), cos(x.mul(pi)), sin(x.mul(2 * pi)), cos(x.mul(2 * pi))];
      const [sy, cy] = [sin(y.mul(pi)), cos(y.mul(pi))];
      const wave = c2x.mul(sy).mul(pi * pi);
      const bend = y
        .pow(3)
        .mul(cx)
        .mul(pi * q);
      const shear = cy.mul(s2x).mul(2 * pi * pi);
      const lift = y.square().mul(sx).mul(q);
      const fx = lambda
        .mul(bend.sub(wave.mul(4)))
        .add(mu.mul(bend.sub(wave)))
        .sub(mu.mul(wave).mul(8));
      const fy = lambda
        .mul(lift.mul(3).sub(shear))
        .sub(
          mu.mul(
            shear.add(
              y
                .pow(4)
                .mul(sx)
                .mul((q / 4) * pi * pi),
            ),
          ),
        )
        .add(mu.mul(lift).mul(6));
      return vectors([fx.neg(), fy.neg()]);
    },
    supports: { "y=0": [0, 1], "y=1": [0], "x=0": [1], "x=1": [1] },
  };
}
