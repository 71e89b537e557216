import { array, jvp, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { sampleInterior } from "../body/sample.ts";
import { plateWithHole } from "../body/shapes.ts";
import type { ElasticField } from "../field/elastic-field.ts";
import { haghighatPlate } from "../field/haghighat.ts";
import { kirschPlate } from "../field/kirsch.ts";
import { lameCylinder, lameSphere } from "../field/lame.ts";
import { manufacturedCube } from "../field/manufactured-cube.ts";
import { timoshenkoBeam } from "../field/timoshenko.ts";
import { type DisplacementModel, displacementModel } from "./displacement-model.ts";
import { type ElasticProblem, problemOf } from "./problem.ts";

const truth = { lambda: 1, mu: 0.5 };
const numbers = (...values: number[]) => array(Float64Array.from(values));

/** Relative L2 error over the body at the field's own material, on 500 random points. */
async function errorOf(field: ElasticField, order: number, divisions = 1): Promise<number> {
  const { points, weights } = program(() => sampleInterior(field.body, random.key(1), 500))();
  // Five ratios about the truth: their interpolation is good to 1e-9, which is below every error here but those of P1 and P3.
  const model = await displacementModel(problemOf(field), points, { order, divisions, ratios: 5, poisson: [0.33, 0.337] });
  return program((x: Tensor, w: Tensor) => {
    const exact = field.displacement(x, truth);
    const [l, m] = [x.slice([0, 0], [1, 1]).reshape([1]).mul(0).add(1), x.slice([0, 0], [1, 1]).reshape([1]).mul(0).add(0.5)];
    const weighted = (u: Tensor): Tensor => u.square().sum(1).mul(w).sum();
    return weighted(model.predict(l, m).index(0, 0).sub(exact)).div(weighted(exact)).sqrt();
  })(points, weights).item();
}

describe("Galerkin's method", () => {
  test.each([
    ["the Haghighat plate", haghighatPlate(), 16, 1e-10],
    ["Kirsch's plate", kirschPlate(), 12, 3e-5],
    ["Kirsch's plate under plane stress", kirschPlate({ setting: "plane-stress" }), 12, 3e-5],
    ["Timoshenko's beam, a cubic,", timoshenkoBeam(), 3, 1e-10],
    ["Lame's cylinder", lameCylinder(), 8, 1e-6],
    ["Lame's sphere", lameSphere({ outer: 1.7 }), 5, 1e-4],
    ["the manufactured cube", manufacturedCube(), 7, 3e-5],
  ] as const)("meets %s", async (_, field, order, bound) => {
    expect(await errorOf(field, order)).toBeLessThan(bound);
  });

  test.each([1, 2, 3])("converges at order p + 1 for polynomials of degree p = %d", async (order) => {
    const errors = [];
    for (const divisions of [3, 6]) errors.push(await errorOf(lameCylinder(), order, divisions));
    const observed = Math.log2(errors[0]! / errors[1]!);
    expect(Math.abs(observed - (order + 1))).toBeLessThan(0.25);
  });

  test("follows the material: any lambda and mu, with derivatives", async () => {
    const field = lameCylinder();
    const places = [
      [1.2, 0.3],
      [0.5, 1.5],
    ];
    const model = await displacementModel(problemOf(field), places, { order: 12 });
    expect(model.truncation).toBeLessThan(1e-11);
    const at = array(places, { dtype: "f64" });
    for (const [lambda, mu] of [
      [-0.2, 0.7],
      [0, 2],
      [3, 0.1],
    ] as const) {
      const { ours, exact } = program((l: Tensor, m: Tensor, x: Tensor) => {
        const one = l.mul(0).add(1);
        const along = (f: (l: Tensor, m: Tensor) => Tensor): Tensor[] => [...jvp(f, [l, m], [one, one.mul(-0.3)])];
        return {
          ours: along((a, b) => model.predict(a, b)),
          exact: along((a, b) => field.displacement(x, { lambda: a.squeeze(0), mu: b.squeeze(0) })),
        };
      })(numbers(lambda), numbers(mu), at) as { ours: { data(): Float64Array }[]; exact: { data(): Float64Array }[] };
      for (const k of [0, 1]) {
        const [a, b] = [ours[k]!.data(), exact[k]!.data()];
        const scale = Math.max(...b.map(Math.abs));
        for (let i = 0; i < b.length; i++) expect(Math.abs(a[i]! - b[i]!) / scale).toBeLessThan(1e-7);
      }
    }
  });

  test("keeps held displacements while loads act through the stiffness", async () => {
    const places = [
      [0, 0],
      [2, 0.2],
    ];
    const options = { order: 3, ratios: 16 };
    const single = await displacementModel(problemOf(timoshenkoBeam()), places, options);
    const twice = timoshenkoBeam({ material: { lambda: 2, mu: 1 }, load: 0.02 });
    const double = await displacementModel(problemOf(twice), places, options);
    const at = (model: DisplacementModel, lambda: number, mu: number) =>
      Array.from(program((l: Tensor, m: Tensor) => model.predict(l, m))(numbers(lambda), numbers(mu)).data());
    // The same displacements are held, and the loads are twice as large: so is the stiffness of the same field.
    expect(at(double, 1.4, 1.2)).toEqual(at(single, 0.7, 0.6).map((v) => expect.closeTo(v, 10)));
    expect(at(single, 2, 1)[1]).not.toBeCloseTo(at(single, 1, 0.5)[1]!, 2);
  });
});

describe("a plate with a hole between a clamp and a pull", () => {
  const pulled: ElasticProblem = {
    name: "pulled plate",
    setting: "plane-stress",
    body: plateWithHole({ length: 80, height: 20, radius: 4, centre: 40 }),
    supports: { left: [0] },
    pins: [{ at: [0, 0], components: [1] }],
    traction: (face, points) => (face === "right" ? points.mul(0).add(array(Float64Array.of(1, 0))) : undefined),
  };

  test("is symmetric about its middle and longer than one without a hole", async () => {
    const places = [
      [80, 3],
      [80, 17],
      [0, 20],
    ];
    const model = await displacementModel(pulled, places, { order: 7, ratios: 4, poisson: [0.29, 0.31] });
    // E = 1, nu = 0.3: without the hole u_x(80) = 80.
    const u = program((l: Tensor, m: Tensor) => model.predict(l, m))(numbers(0.3 / (1.3 * 0.4)), numbers(1 / 2.6)).data();
    expect(u[0]).toBeCloseTo(u[2]!, 6);
    // A few holes in a wide plate make it longer by three times their share of the area (Kirsch's field, Eshelby's argument); this one is narrow.
    expect(u[0]).toBeGreaterThan(80 * (1 + (3 * Math.PI * 16) / 1600));
    expect(u[0]).toBeLessThan(90);
    // Both sides narrow alike about the middle, which the pin at the lower corner moves up.
    const middle = u[5]! / 2;
    expect(u[1]! - middle).toBeCloseTo(middle - u[3]!, 6);
    expect(u[5]).toBeLessThan(0);
  });

  test("that nothing holds is refused, and a pin beside the mesh too", async () => {
    const places = [[80, 3]];
    await expect(displacementModel({ ...pulled, supports: {}, pins: [] }, places, { order: 3 })).rejects.toThrow(
      /the body can move as a whole; hold a face, or pin points/,
    );
    await expect(displacementModel({ ...pulled, pins: [{ at: [1, 1], components: [1] }] }, places, { order: 3 })).rejects.toThrow(
      /the pin at \(1, 1\) is no node/,
    );
    await expect(displacementModel({ ...pulled, pins: [] }, places, { order: 3, ratios: 4, poisson: [0.2, 0.3] })).rejects.toThrow(
      /is not positive definite: the body can move as a whole/,
    );
  });

  test("refuses sensors in the hole and outside by number and place", async () => {
    const places = [
      [40, 10],
      [10, 10],
      [10, 21],
    ];
    await expect(displacementModel(pulled, places, { order: 3 })).rejects.toThrow(
      /2 of 3 sensors lie outside the body \(plate with hole\): 0 at \(40, 10\), 2 at \(10, 21\); leave them out/,
    );
    await expect(displacementModel(pulled, [[1, Number.NaN]], { order: 3 })).rejects.toThrow(/sensor 0 has the coordinate NaN/);
    await expect(displacementModel(pulled, [[1, 2, 3]], { order: 3 })).rejects.toThrow(/sensors must be \[S, 2\]/);
  });

  test("stops where it is told to", async () => {
    await expect(displacementModel(pulled, [[1, 1]], { order: 8, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  test("refuses the incompressible limit", async () => {
    await expect(displacementModel(pulled, [[1, 1]], { order: 3, poisson: [0.2, 0.5] })).rejects.toThrow(
      /within \(-1, 0.5\), got 0.2 to 0.5; at 0.5 the material is incompressible/,
    );
  });
});
