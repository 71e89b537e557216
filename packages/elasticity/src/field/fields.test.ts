import { array, program, random, type Tensor } from "@credence/tensor";
import { expect, test } from "vitest";
import { sampleFace, sampleInterior } from "../body/sample.ts";
import { divergenceOf, type ElasticField, stressOf } from "./elastic-field.ts";
import { haghighatPlate } from "./haghighat.ts";
import { kirschPlate } from "./kirsch.ts";
import { lameCylinder, lameSphere } from "./lame.ts";
import { manufacturedCube } from "./manufactured-cube.ts";
import { timoshenkoBeam } from "./timoshenko.ts";

const fields: readonly (readonly [string, ElasticField])[] = [
  ["the Haghighat plate", haghighatPlate()],
  ["Kirsch's plate under plane strain", kirschPlate()],
  ["Kirsch's plate under plane stress", kirschPlate({ setting: "plane-stress", tension: 2.5, radius: 0.7 })],
  ["Timoshenko's beam", timoshenkoBeam()],
  ["Lame's cylinder", lameCylinder()],
  ["Lame's sphere", lameSphere({ outer: 1.7 })],
  ["the manufactured cube", manufacturedCube()],
];
const material = { lambda: 1.3, mu: 0.45 };
const at = (rows: number[][]) => array(Float64Array.from(rows.flat()), { shape: [rows.length, rows[0]!.length] });
const largest = (x: Tensor): Tensor => x.abs().max();

test.each(fields)("%s obeys Hooke's law and is in equilibrium, to rounding", (_, field) => {
  const { hooke, balance, scale } = program((key: Tensor) => {
    const { points } = sampleInterior(field.body, random.key(key), 200);
    const stress = field.stress(points, material);
    return {
      hooke: largest(stress.sub(stressOf(field, points, material))),
      balance: largest(divergenceOf((x) => field.stress(x, material), points).add(field.bodyForce(points, material))),
      scale: largest(stress),
    };
  })(array(Uint32Array.of(1), { shape: [] }));
  // Rounding of terms up to a hundred times the stress, which cancel in the balance.
  expect(hooke.item()).toBeLessThan(1e-14 * 100 * scale.item());
  expect(balance.item()).toBeLessThan(1e-14 * 1000 * scale.item());
});

test.each(fields)("%s has the supports and the free faces that it names", (_, field) => {
  const free: Record<string, readonly string[]> = {
    kirsch: ["hole"],
    timoshenko: ["y=0", "y=1"],
    "lame-cylinder": ["outer"],
    "lame-sphere": ["outer"],
  };
  const worst = program(() => {
    const found: Record<string, Tensor> = {};
    for (const [face, components] of Object.entries(field.supports)) {
      if (field.name === "timoshenko") continue;
      const { points } = sampleFace(field.body, face, random.key(2), 50);
      const u = field.displacement(points, material);
      for (const k of components) found[`u_${k} on ${face}`] = largest(u.index(k, 1));
    }
    for (const face of free[field.name] ?? []) {
      const { points, normals } = sampleFace(field.body, face, random.key(3), 50);
      found[`traction on ${face}`] = largest(field.stress(points, material).mul(normals.expandDims(1)).sum(2));
    }
    return found;
  })();
  for (const [name, value] of Object.entries(worst)) expect((value as { item(): number }).item(), name).toBeLessThan(1e-13);
});

test("at the edge of Kirsch's hole the hoop stress is three times the tension across the pull, and minus the tension along it", () => {
  const stress = program((x: Tensor) => kirschPlate({ tension: 2 }).stress(x, material))(
    at([
      [0, 1],
      [1, 0],
    ]),
  ).data();
  expect(stress[0]).toBeCloseTo(6, 14);
  expect(stress[4 + 3]).toBeCloseTo(-2, 14);
});

test("the tip of Timoshenko's beam bends by P L^3 / (3 E I)", () => {
  const young = 2;
  const nu = 0.3;
  const material = { lambda: (young * nu) / ((1 + nu) * (1 - 2 * nu)), mu: young / (2 * (1 + nu)) };
  const beam = timoshenkoBeam({ load: 0.3, length: 5, halfHeight: 0.4 });
  const tip = program((x: Tensor) => beam.displacement(x, material))(at([[0, 0]])).data();
  expect(tip[1]).toBeCloseTo((0.3 * 125) / (3 * young * ((2 * 0.4 ** 3) / 3)), 12);
});

test("Lame's walls feel the pressure inside", () => {
  for (const field of [lameCylinder({ pressure: 3 }), lameSphere({ pressure: 3 })]) {
    const pull = program(() => {
      const { points, normals } = sampleFace(field.body, "inner", random.key(1), 20);
      const traction = field.stress(points, material).mul(normals.expandDims(1)).sum(2);
      return largest(traction.add(normals.mul(3)));
    })();
    expect(pull.item()).toBeLessThan(1e-13);
  }
});

test("a material without a stable state is refused", () => {
  expect(() => haghighatPlate({ material: { lambda: -1, mu: 0.5 } })).toThrow(/mu must be > 0 and the bulk stiffness too/);
  expect(() => kirschPlate({ side: 0.5 })).toThrow(/side must exceed radius/);
});
