import { array, index, jvp, program, type Tensor } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { fromUnconstrained, logDerivative, toUnconstrained } from "./unconstrain.ts";

const bounds = [
  { low: -1, high: 3 },
  { low: 2, high: Number.POSITIVE_INFINITY },
  { low: Number.NEGATIVE_INFINITY, high: 5 },
  { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY },
];
const rows = [
  [-0.999, 2.0001, 4.9999, -100],
  [0, 3, 4, 0],
  [1, 50, -20, 1e-8],
  [2.9999, 1e6, -1e6, 1e6],
];
const points = array(Float64Array.from(rows.flat()), { shape: [4, 4] });

describe("the map to unconstrained parameters", () => {
  it("comes back to where it started", () => {
    const run = program((theta: Tensor) => fromUnconstrained(toUnconstrained(theta, bounds)[0], bounds));
    run(points)
      .data()
      .forEach((value, i) => {
        // f64 rounding of exp(log d): a few units in the last place of d times |log d|.
        expect(Math.abs(value / rows.flat()[i]! - 1 || 0)).toBeLessThan(1e-12 + (rows.flat()[i] === 0 ? 1 : 0));
      });
  });

  it("is increasing and makes a uniform prior a standard normal", () => {
    const run = program((theta: Tensor) => toUnconstrained(theta, bounds)[0]);
    const z = run(points).tolist() as number[][];
    for (const d of [0, 1]) for (let i = 1; i < 4; i++) expect(z[i]![d]! > z[i - 1]![d]!).toBe(true);
    expect(z[1]![2]! > z[2]![2]!).toBe(true);
    // Phi(z) = (theta - low) / (high - low) = 1/4 and 1/2.
    expect(z[1]![0]).toBeCloseTo(-0.6744897501960817, 10);
    expect(z[2]![0]).toBeCloseTo(0, 10);
  });

  it("has the derivative that it states", () => {
    const run = program((theta: Tensor) => {
      const [z, stated] = toUnconstrained(theta, bounds);
      const [, slopes] = jvp((t: Tensor) => toUnconstrained(t, bounds)[0], [theta], [theta.mul(0).add(1)]);
      const exact = (slopes as Tensor).log().sum(1);
      return [stated.sub(exact).abs().max(), logDerivative(z, bounds).sub(stated).abs().max(), index(z, 0)];
    });
    const [error, same] = run(points) as unknown as { item(): number }[];
    expect(error!.item()).toBeLessThan(1e-9);
    expect(same!.item()).toBe(0);
  });

  it("never leaves the support, however far out", () => {
    const far = array(Float64Array.from([-40, -40, -40, -40, 40, 40, 40, 40]), { shape: [2, 4] });
    const theta = program((z: Tensor) => fromUnconstrained(z, bounds))(far).tolist() as number[][];
    for (const row of theta) row.forEach((value, d) => expect(value >= bounds[d]!.low && value <= bounds[d]!.high).toBe(true));
  });

  it("stays finite on the ends of the support", () => {
    const ends = array(Float64Array.from([-1, 2, 5, 0, 3, 2, 5, 0]), { shape: [2, 4] });
    const run = program((theta: Tensor) => toUnconstrained(theta, bounds));
    const [z, slope] = run(ends) as unknown as { data(): ArrayLike<number> }[];
    for (const value of [...Array.from(z!.data()), ...Array.from(slope!.data())]) expect(Number.isFinite(value)).toBe(true);
  });
});
