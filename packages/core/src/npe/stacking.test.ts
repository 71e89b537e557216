import { describe, expect, it } from "vitest";
import { Random } from "../simulate/random.ts";
import { stackingWeights } from "./stacking.ts";

const logNormal = (x: number, mean: number, sd: number) => -0.5 * ((x - mean) / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);

describe("stackingWeights", () => {
  it("finds the weights of a mixture whose parts are the members", () => {
    const random = new Random(1);
    const n = 5000;
    const x = Array.from({ length: n }, () => (random.uniform() < 0.3 ? random.normal(-2, 0.5) : random.normal(1, 1)));
    const parts = [(v: number) => logNormal(v, -2, 0.5), (v: number) => logNormal(v, 1, 1), (v: number) => logNormal(v, 8, 1)];
    const [a, b, c] = stackingWeights(parts.map((part) => x.map(part))) as [number, number, number];
    // 4 standard errors of a proportion of 0.3 among 5000.
    expect(Math.abs(a - 0.3)).toBeLessThan(0.026);
    expect(a + b + c).toBeCloseTo(1, 12);
    expect(c).toBeLessThan(1e-3);
  });

  it("keeps equal members equal", () => {
    const same = [-1, -2, -700];
    expect(stackingWeights([same, same])).toEqual([0.5, 0.5]);
  });
});
