import { array, program, type Tensor } from "@credence/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { haghighatPlate } from "../field/haghighat.ts";
import { problemOf } from "../oracle/problem.ts";
import { laplacePinn } from "./laplace-pinn.ts";
import { type PinnProblem, pinnProblem } from "./pinn-problem.ts";
import { type PinnFit, trainPinn } from "./train-pinn.ts";

const field = haghighatPlate();

/** Exact displacements at a grid of sensors. */
function readings(side: number, noise: number): PinnProblem {
  const places = Array.from({ length: side * side }, (_, k) => [(k % side) / (side - 1), Math.floor(k / side) / (side - 1)]);
  const sensors = array(places, { dtype: "f64" });
  const exact = program((x: Tensor) => field.displacement(x, field.material))(sensors);
  return pinnProblem({ problem: problemOf(field), sensors, readings: exact, noise });
}

describe("a network for exact readings of 400 sensors", () => {
  let fit: PinnFit;
  beforeAll(async () => {
    fit = await trainPinn(readings(20, 1e-3), { hidden: [20, 20], collocation: 300, seed: 1, steps: { levenbergMarquardt: 90 } });
  }, 60_000);

  test("finds lambda and mu within a thousandth, and the displacement", async () => {
    expect(Math.abs(fit.map.lambda - 1)).toBeLessThan(1e-3);
    expect(Math.abs(fit.map.mu / 0.5 - 1)).toBeLessThan(1e-3);
    const places = array(
      Array.from({ length: 50 }, (_, k) => [(k * 0.618) % 1, (k * 0.414) % 1]),
      { dtype: "f64" },
    );
    const found = (await fit.displacement(places)).data() as Float64Array;
    const exact = program((x: Tensor) => field.displacement(x, field.material))(places).data() as Float64Array;
    const square = (values: Float64Array): number => values.reduce((sum, v) => sum + v * v, 0);
    expect(Math.sqrt(square(found.map((v, k) => v - exact[k]!)) / square(exact))).toBeLessThan(1e-3);
  });

  test("reports every term of the loss in nats, and they add up to it", () => {
    expect(Object.keys(fit.terms)).toEqual(["physics", "boundary", "readings", "weights", "prior"]);
    const sum = Object.values(fit.terms).reduce((total, term) => total + term.nats, 0);
    expect(Math.abs(sum / fit.history.at(-1)!.loss - 1)).toBeLessThan(1e-9);
    expect(fit.terms["readings"]!.count).toBe(800);
    expect(fit.warnings).toEqual([]);
  });

  test("meets supports exactly where they are hard", async () => {
    const [left, right] = [0.3, 0.8];
    const u = (
      await fit.displacement([
        [left, 0],
        [right, 1],
        [0, left],
        [1, right],
      ])
    ).data();
    expect(Math.max(...[0, 1, 2, 5, 7].map((k) => Math.abs(u[k] as number)))).toBeLessThan(1e-12);
  });

  test("has a normal posterior of lambda and mu, which are anticorrelated", async () => {
    const { lambda, mu, correlation } = await laplacePinn(fit);
    // Readings with an sd of 1e-3 give 3.1e-4 and 1.03e-4 where equilibrium holds exactly; here it holds to an sd of 1e-3.
    expect(lambda.sd / 3.1e-4).toBeGreaterThan(0.9);
    expect(mu.sd / 1.03e-4).toBeGreaterThan(0.9);
    expect(lambda.sd).toBeLessThan(0.05);
    expect(correlation).toBeLessThan(-0.3);
  });
});

test("the loss falls under Adam, L-BFGS and damped steps in turn, places drawn anew or not", async () => {
  const fit = await trainPinn(readings(6, 0.01), {
    hidden: [8],
    collocation: 60,
    facePoints: 8,
    seed: 3,
    resampleEvery: 50,
    supports: "soft",
    steps: { adam: 100, lbfgs: 20, levenbergMarquardt: 5 },
  });
  const stages = [...new Set(fit.history.map((entry) => entry.stage))];
  expect(stages).toEqual(["adam", "lbfgs", "levenberg-marquardt"]);
  expect(fit.history.at(-1)!.loss).toBeLessThan(fit.history[0]!.loss);
});

test("options that make no sense are refused, with what to do", async () => {
  const given = readings(4, 0.01);
  await expect(trainPinn(given, { seed: 1, hidden: [] })).rejects.toThrow("hidden must be widths of at least one layer, got []");
  await expect(trainPinn(given, { seed: 1, forceSd: 0 })).rejects.toThrow("forceSd must be > 0 and finite, got 0");
  await expect(trainPinn(given, { seed: 1, steps: { adam: -1 } })).rejects.toThrow("steps.adam must be a whole number >= 0, got -1");
  await expect(trainPinn(given, { seed: 1, start: { lambda: Number.POSITIVE_INFINITY, mu: 1 } })).rejects.toThrow(
    "got lambda Infinity and mu 1",
  );
  await expect(trainPinn(given, { seed: 1, start: { lambda: -0.1, mu: 1 } })).rejects.toThrow("lambda must be > 0");
  await expect(trainPinn(pinnProblem({ problem: problemOf(field) }), { seed: 1 })).rejects.toThrow(
    "there are no readings to learn lambda and mu from",
  );
});
