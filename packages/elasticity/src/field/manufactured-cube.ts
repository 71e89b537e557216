import { cos, sin, stack, type Tensor } from "@credence/tensor";
import { column } from "../body/body.ts";
import { box } from "../body/shapes.ts";
import type { Lame } from "../material.ts";
import { type ElasticField, hooke, lameAt, requireMaterial } from "./elastic-field.ts";
import { vectors } from "./tensor-field.ts";

export interface ManufacturedCubeOptions {
  readonly material?: Lame;
  /** A of u = A sin(pi x) sin(pi y) sin(pi z). */
  readonly amplitudes?: readonly [number, number, number];
}

/** The unit cube, held on all faces, with u = A sin(pi x) sin(pi y) sin(pi z), kept in place by b = -((lambda + mu) grad div u + mu Laplace u). */
export function manufacturedCube(options: ManufacturedCubeOptions = {}): ElasticField {
  const { material = { lambda: 1, mu: 0.5 }, amplitudes = [1, 0.5, -0.75] } = options;
  requireMaterial("manufacturedCube", material, "solid");
  const pi = Math.PI;
  const waves = (points: Tensor) => {
    const axes = [0, 1, 2].map((k) => column(points, k).mul(pi));
    return { s: axes.map((a) => sin(a)), c: axes.map((a) => cos(a)) };
  };
  const product = (terms: readonly Tensor[]): Tensor => terms.reduce((a, b) => a.mul(b));
  return {
    name: "manufactured-cube",
    setting: "solid",
    body: box("unit cube", [0, 0, 0], [1, 1, 1]),
    material,
    displacement(points) {
      const { s } = waves(points);
      return vectors(amplitudes.map((a) => product(s).mul(a)));
    },
    stress(points, given) {
      const { lambda, mu } = lameAt(points, given, "solid");
      const { s, c } = waves(points);
      const slope = vectors([0, 1, 2].map((j) => product(s.map((v, k) => (k === j ? c[k]! : v))).mul(pi)));
      return hooke(
        stack(
          amplitudes.map((a) => slope.mul(a)),
          1,
        ),
        lambda,
        mu,
      );
    },
    bodyForce(points, given) {
      const { lambda, mu } = lameAt(points, given, "solid");
      const { s, c } = waves(points);
      const both = lambda.add(mu);
      return vectors(
        amplitudes.map((own, i) => {
          const mixed = [0, 1, 2]
            .filter((j) => j !== i)
            .map((j) => product(s.map((v, k) => (k === i || k === j ? c[k]! : v))).mul(amplitudes[j]!))
            .reduce((a, b) => a.add(b));
          return lambda
            .add(mu.mul(4))
            .mul(product(s))
            .mul(own)
            .sub(both.mul(mixed))
            .mul(pi * pi);
        }),
      );
    },
    supports: Object.fromEntries(["x=0", "x=1", "y=0", "y=1", "z=0", "z=1"].map((face) => [face, [0, 1, 2]])),
  };
}
