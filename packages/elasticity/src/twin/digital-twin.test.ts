import { array, program, random, type Tensor } from "@credence/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { haghighatPlate } from "../field/haghighat.ts";
import type { Lame } from "../material.ts";
import { type DisplacementModel, displacementModel } from "../oracle/displacement-model.ts";
import { problemOf } from "../oracle/problem.ts";
import { quadraturePosterior } from "../oracle/quadrature-posterior.ts";
import { type DigitalTwinOptions, digitalTwin, type Reading } from "./digital-twin.ts";

const noiseSd = 0.02;
const mu = [0.2, 1.2] as const;
const truth = { lambda: 1, mu: 0.5 };
let model: DisplacementModel;
let options: DigitalTwinOptions;

beforeAll(async () => {
  const places = [0.2, 0.5, 0.8].flatMap((x) => [0.3, 0.6, 0.9].map((y) => [x, y]));
  model = await displacementModel(problemOf(haghighatPlate()), places, { order: 10 });
  options = { model, mu, noiseSd };
});

/** `count` readings, sensor by sensor in turn, of materials that the number of a reading gives. */
function readings(count: number, seed: number, materialAt: (at: number) => Lame = () => truth): Reading[] {
  const sensors = model.sensors.shape[0]!;
  const noise = program(() => random.normal(random.key(seed), [count, 2], { dtype: "f64" }))().data();
  const known = new Map<number, ArrayLike<number>>();
  return Array.from({ length: count }, (_, at) => {
    const { lambda, mu: shear } = materialAt(at);
    if (!known.has(lambda))
      known.set(
        lambda,
        program((l: Tensor, m: Tensor) => model.predict(l, m))(array(Float64Array.of(lambda)), array(Float64Array.of(shear))).data(),
      );
    const sensor = (at * 4) % sensors;
    return { sensor, displacement: [0, 1].map((k) => known.get(lambda)![2 * sensor + k]! + noiseSd * noise[2 * at + k]!) };
  });
}

describe("a digital twin", () => {
  test("knows after nine readings, in either order, what the batch posterior knows", async () => {
    const given = readings(9, 1);
    const batch = await quadraturePosterior(
      model,
      [...given].sort((a, b) => a.sensor - b.sensor).flatMap(({ displacement }) => [...displacement]),
      { noise: noiseSd, bounds: { mu } },
    );
    for (const order of [given, [...given].reverse()]) {
      const twin = await digitalTwin(options);
      for (const reading of order) await twin.update(reading);
      const { lambda, mu, correlation, logEvidence, readings: count } = await twin.posterior();
      expect(count).toBe(9);
      // Two trapezoidal rules on two grids.
      expect(Math.abs(lambda.mean - batch.lambda.mean) / batch.lambda.sd).toBeLessThan(1e-7);
      expect(Math.abs(mu.mean - batch.mu.mean) / batch.mu.sd).toBeLessThan(1e-7);
      expect(lambda.sd / batch.lambda.sd).toBeCloseTo(1, 7);
      expect(mu.sd / batch.mu.sd).toBeCloseTo(1, 7);
      expect(correlation).toBeCloseTo(batch.correlation, 7);
      expect(logEvidence).toBeCloseTo(batch.logEvidence, 7);
    }
  });

  test("narrows its grid by a thousand and keeps its digits where readings are accurate", async () => {
    const accurate = await digitalTwin({ ...options, noiseSd: noiseSd * 1e-3 });
    for (const { sensor, displacement } of readings(9, 2)) {
      const exact = program((l: Tensor, m: Tensor) => model.predict(l, m))(array(Float64Array.of(1)), array(Float64Array.of(0.5))).data();
      await accurate.update({
        sensor,
        displacement: displacement.map((v, k) => exact[2 * sensor + k]! + 1e-3 * (v - exact[2 * sensor + k]!)),
      });
    }
    const { lambda, mu, warnings, materials } = await accurate.posterior();
    expect(lambda.sd).toBeLessThan(1e-4);
    expect(Math.abs(lambda.mean - 1) / lambda.sd).toBeLessThan(4);
    expect(Math.abs(mu.mean - 0.5) / mu.sd).toBeLessThan(4);
    expect(warnings).toEqual([]);
    const shares = materials();
    expect(shares.lambda.reduce((sum, value, k) => sum + value * shares.mass[k]!, 0)).toBeCloseTo(lambda.mean, 12);
  });

  test("hears a stiffness that falls by a twentieth, says since when, and after a restart finds the new one", async () => {
    const changed = { lambda: 0.95, mu: 0.475 };
    const twin = await digitalTwin(options);
    let alarm: { at: number; since: number; change: number } | undefined;
    for (const reading of readings(90, 3, (at) => (at < 60 ? truth : changed))) {
      const { drift } = await twin.update(reading);
      alarm ??= drift.alarm;
    }
    expect(alarm).toBeDefined();
    expect(alarm!.at).toBeGreaterThanOrEqual(60);
    // A twentieth of these displacements is one sd of their noise on average, half a nat a component.
    expect(alarm!.at).toBeLessThan(85);
    expect(Math.abs(alarm!.since - 60)).toBeLessThan(6);
    expect(alarm!.change).toBeCloseTo(1 / 0.95, 1);
    const { lambda, mu, readings: kept } = await twin.restart();
    expect(kept).toBe(90 - alarm!.since);
    expect(Math.abs(lambda.mean - changed.lambda) / lambda.sd).toBeLessThan(3);
    expect(Math.abs(mu.mean - changed.mu) / mu.sd).toBeLessThan(3);
  });

  test("is silent where nothing changes, and its p-values are uniform", async () => {
    const pValues: number[] = [];
    const twin = await digitalTwin({ ...options, points: 61 });
    for (const reading of readings(300, 4)) {
      const { drift, pValues: found } = await twin.update(reading);
      expect(drift.alarm).toBeUndefined();
      pValues.push(...found);
    }
    const sorted = pValues.sort((a, b) => a - b);
    const distance = sorted.reduce((most, p, i) => Math.max(most, Math.abs(p - (i + 0.5) / sorted.length)), 0);
    // Kolmogorov's bound at a level of 0.001.
    expect(distance * Math.sqrt(sorted.length)).toBeLessThan(1.95);
  });

  test("that forgets follows a material that changes", async () => {
    const changed = { lambda: 0.8, mu: 0.4 };
    const given = readings(120, 5, (at) => (at < 40 ? truth : changed));
    const [remembering, forgetting] = [await digitalTwin(options), await digitalTwin({ ...options, forgetting: 0.9 })];
    for (const reading of given) await Promise.all([remembering.update(reading), forgetting.update(reading)]);
    const [old, now] = [await remembering.posterior(), await forgetting.posterior()];
    expect(Math.abs(now.mu.mean - changed.mu) / now.mu.sd).toBeLessThan(3);
    expect(Math.abs(old.mu.mean - changed.mu) / old.mu.sd).toBeGreaterThan(5);
  });

  test.each<[string, () => Partial<DigitalTwinOptions>, string]>([
    ["no noise", () => ({ noiseSd: 0 }), "noiseSd must be one sd > 0, or 2 of them; got 0, 0"],
    ["three noises", () => ({ noiseSd: [1, 1, 1] }), "noiseSd must be one sd > 0, or 2 of them; got 1, 1, 1"],
    ["a range upside down", () => ({ mu: [2, 1] }), "mu must lie between two ascending stresses > 0, got 2 and 1"],
    ["a shear modulus of 0", () => ({ mu: [0, 1] }), "mu must lie between two ascending stresses > 0, got 0 and 1"],
    ["forgetting everything", () => ({ forgetting: 0 }), "in (0, 1]; got 0"],
    ["few points", () => ({ points: 7 }), "points must be an odd number >= 41, got 7"],
    ["an alarm that is certain", () => ({ drift: { falseAlarm: 1 } }), "falseAlarm must be a probability in (0, 1), got 1"],
    ["a change that is none", () => ({ drift: { changes: [1.1, 1] } }), "other than 1; got 1"],
  ])("refuses %s", async (_, changes, words) => {
    await expect(digitalTwin({ ...options, ...changes() })).rejects.toThrow(words);
  });

  test("refuses a reading that is none, and goes on from what it knew", async () => {
    const twin = await digitalTwin(options);
    const [first] = readings(1, 6);
    const { posterior } = await twin.update(first!);
    await expect(twin.update({ sensor: 9, displacement: [0, 0] })).rejects.toThrow("sensor 9 is not one of the model's 9, 0 to 8");
    await expect(twin.update({ sensor: 1, displacement: [0, Number.NaN] })).rejects.toThrow(
      "sensor 1 reads 2 displacements, all finite; got 0, NaN",
    );
    await expect(twin.restart({ from: 3 })).rejects.toThrow("from must be the number of a reading, 0 to 1; got 3");
    expect((await twin.posterior()).lambda).toEqual(posterior.lambda);
  });
});
