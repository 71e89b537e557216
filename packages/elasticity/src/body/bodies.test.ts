import { program, random } from "@credence/tensor";
import { expect, test } from "vitest";
import type { Body } from "./body.ts";
import { sampleFace, sampleInterior } from "./sample.ts";
import { box, octantOfShell, plateWithHole, quarterAnnulus, quarterPlateWithHole } from "./shapes.ts";

const bodies: readonly (readonly [string, Body, number])[] = [
  ["a box", box("box", [0, -1, 2], [1, 1, 5]), 6],
  ["a quarter plate with a hole", quarterPlateWithHole({ radius: 1, side: 4 }), 16 - Math.PI / 4],
  ["a quarter annulus", quarterAnnulus({ inner: 1, outer: 2 }), (3 * Math.PI) / 4],
  ["an octant of a shell", octantOfShell({ inner: 1, outer: 2 }), (7 * Math.PI) / 6],
  ["a plate with a hole", plateWithHole({ length: 80, height: 20, radius: 4, centre: 40 }), 1600 - 16 * Math.PI],
];

test.each(bodies)("%s has its size, its patches are found again, and points in it have weights of mean one", (_, body, size) => {
  expect(body.patches.reduce((sum, patch) => sum + patch.size, 0)).toBeCloseTo(size, 12);
  const { error, weight } = program(() => {
    const error = body.patches.map((patch) => {
      const at = random.uniform(random.key(1), [100, body.dimension], { dtype: "f64" });
      return patch.locate(patch.place(at)).sub(at).abs().max();
    });
    const { weights } = sampleInterior(body, random.key(2), 20_000);
    return { error, weight: weights.mean() };
  })();
  for (const e of error) expect((e as { item(): number }).item()).toBeLessThan(1e-13);
  expect(Math.abs(weight.item() - 1)).toBeLessThan(0.01); // five standard errors of weights that spread over a few tenths
});

test.each(bodies)("the normals of %s point outwards, and the divergence theorem holds", (_, body, size) => {
  // sum over faces of the integral of x . n is d times the size.
  const fluxes = program(() =>
    Object.keys(body.faces).map((name) => {
      const { points, normals, weights } = sampleFace(body, name, random.key(3), 4000);
      return { flux: points.mul(normals).sum(1).mul(weights).mean(), unit: normals.square().sum(1).sub(1).abs().max() };
    }),
  )() as { flux: { item(): number }; unit: { item(): number } }[];
  const areas: Record<string, readonly number[]> = {
    box: [6, 6, 3, 3, 2, 2],
    "quarter plate with hole": [Math.PI / 2, 4, 4, 3, 3],
    "quarter annulus": [Math.PI / 2, Math.PI, 1, 1],
    "octant of a shell": [Math.PI / 2, 2 * Math.PI, (3 * Math.PI) / 4, (3 * Math.PI) / 4, (3 * Math.PI) / 4],
    "plate with hole": [20, 20, 80, 80, 8 * Math.PI],
  };
  const flux = fluxes.reduce((sum, f, k) => sum + f.flux.item() * areas[body.name]![k]!, 0);
  for (const { unit } of fluxes) expect(unit.item()).toBeLessThan(1e-14);
  expect(Math.abs(flux / (body.dimension * size) - 1)).toBeLessThan(0.02);
});

test("what a body does not have is refused by name", () => {
  const ring = quarterAnnulus({ inner: 1, outer: 2 });
  expect(() => program(() => sampleFace(ring, "top", random.key(1), 10).points)()).toThrow(/no face "top"; its faces are inner, outer/);
  expect(() => program(() => sampleInterior(ring, random.key(1), 1).points)()).toThrow(/at least one for each of 2 patches/);
  expect(() => plateWithHole({ length: 20, height: 20, radius: 4, centre: 10 })).toThrow(/do not fit into/);
});
