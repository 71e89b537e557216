import { program, random, type Tensor } from "@credence/tensor";
import { expect, test } from "vitest";
import { sampleInterior } from "../body/sample.ts";
import type { ElasticField } from "../field/elastic-field.ts";
import { haghighatPlate } from "../field/haghighat.ts";
import { kirschPlate } from "../field/kirsch.ts";
import { lameCylinder, lameSphere } from "../field/lame.ts";
import { timoshenkoBeam } from "../field/timoshenko.ts";
import { problemOf } from "../oracle/problem.ts";
import { pinnProblem } from "./pinn-problem.ts";
import { type RandomFeatureDisplacementOptions, randomFeatureDisplacement } from "./random-feature-displacement.ts";

/** x / |x|^d: what dies away from a hole of radius 1 is smooth in it. */
const inverted =
  (d: number) =>
  (x: Tensor): Tensor =>
    x.div(
      x
        .square()
        .sum(1, true)
        .pow(d / 2),
    );

type Given = Partial<RandomFeatureDisplacementOptions>;
const cases: readonly (readonly [string, ElasticField, number, number, Given])[] = [
  ["Haghighat's plate", haghighatPlate(), 0.4, 5e-4, {}],
  ["Kirsch's plate under plane strain", kirschPlate(), 2, 1e-4, { inputs: inverted(2), slope: 1 }],
  ["Kirsch's plate under plane stress", kirschPlate({ setting: "plane-stress" }), 2, 1e-4, { inputs: inverted(2), slope: 1 }],
  ["Timoshenko's beam", timoshenkoBeam(), 0.6, 5e-4, { forceSd: 1e-3 }],
  ["Lame's cylinder", lameCylinder(), 0.8, 1e-5, { inputs: inverted(2), slope: 1 }],
  ["Lame's sphere", lameSphere(), 0.2, 9e-4, { inputs: inverted(3), slope: 0.7, features: 400, collocation: 2000, facePoints: 200 }],
];

test.each(cases)("the displacement of %s follows from its loads", async (_, field, displacementScale, bar, options) => {
  const problem = pinnProblem({ problem: problemOf(field), displacementScale });
  const { displacement, residual } = await randomFeatureDisplacement(problem, { material: field.material, seed: 1, ...options });
  const places = program(() => sampleInterior(field.body, random.key(9), 500).points)();
  const found = (await displacement(places)).data() as Float64Array;
  const exact = program((x: Tensor) => field.displacement(x, field.material))(places).data() as Float64Array;
  const square = (values: Float64Array): number => values.reduce((sum, v) => sum + v * v, 0);
  expect(Math.sqrt(square(found.map((v, k) => v - exact[k]!)) / square(exact))).toBeLessThan(bar);
  expect(residual).toBeLessThan(2e-3);
});

test("a material without a stable state is refused", async () => {
  const problem = pinnProblem({ problem: problemOf(haghighatPlate()) });
  await expect(randomFeatureDisplacement(problem, { material: { lambda: -1, mu: 0.5 }, seed: 1 })).rejects.toThrow("mu must be > 0");
});
