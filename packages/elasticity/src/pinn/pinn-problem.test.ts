import { expect, test } from "vitest";
import { box } from "../body/shapes.ts";
import { haghighatPlate } from "../field/haghighat.ts";
import { kirschPlate } from "../field/kirsch.ts";
import { problemOf } from "../oracle/problem.ts";
import { pinnProblem } from "./pinn-problem.ts";
import { randomFeaturePosterior } from "./random-feature-posterior.ts";

const problem = problemOf(haghighatPlate());
const sensors = [
  [0.3, 0.4],
  [0.6, 0.7],
];
const readings = [0.1, 0.2, 0.3, 0.4];
const noise = 0.01;

test.each([
  [
    "sensors outside the body",
    { sensors: [[0.3, 1.4]], readings: [0, 0] },
    "1 of 1 sensors lie outside the body (unit square): 0 at (0.3, 1.4)",
  ],
  ["sensors in three dimensions", { sensors: [[0.3, 0.4, 0.5]], readings: [0, 0] }, "sensors must be [S, 2]"],
  ["a coordinate that is not a number", { sensors: [[0.3, Number.NaN]], readings: [0, 0] }, "coordinate 1 of sensor 0 is NaN"],
  ["a reading that is not a number", { readings: [0.1, Number.NaN, 0.3, 0.4] }, "reading 1 of sensor 0 is NaN; leave that sensor out"],
  ["too few readings", { readings: [0.1, 0.2, 0.3] }, "2 sensors have 4 readings, 2 displacements each; got 3"],
  ["no noise", { noise: 0 }, "the sd of a reading must be > 0 and finite, got 0"],
  ["noise of the wrong number", { noise: [0.1, 0.2, 0.3] }, "noise must be one sd, or 2 of the components, or 4 of the readings; got 3"],
])("%s: refused", (_, given, message) => {
  expect(() => pinnProblem({ problem, sensors, readings, noise, ...given })).toThrow(message);
});

test("a sensor in the hole is outside the body", () => {
  expect(() => pinnProblem({ problem: problemOf(kirschPlate()), sensors: [[0.1, 0.1]], readings: [0, 0], noise })).toThrow(
    "outside the body",
  );
});

test("a body without loads is warned of: displacements alone determine lambda / mu", () => {
  const free = pinnProblem({
    problem: {
      name: "block",
      setting: "plane-strain",
      body: box("block", [0, 0], [1, 1]),
      supports: { "y=0": [0, 1] },
      traction: () => undefined,
    },
    sensors,
    readings,
    noise,
  });
  expect(free.warnings).toEqual([expect.stringContaining("no load is given")]);
});

test("options of random features that make no sense are refused", async () => {
  const given = pinnProblem({ problem, sensors, readings, noise });
  await expect(randomFeaturePosterior(given, { seed: 1, features: 5 })).rejects.toThrow("features must be a whole number from 10");
  await expect(randomFeaturePosterior(given, { seed: 1, slope: -1 })).rejects.toThrow("slope must be > 0, got -1");
  await expect(randomFeaturePosterior(given, { seed: 1, forceSd: 0 })).rejects.toThrow("forceSd must be > 0 and finite, got 0");
  await expect(randomFeaturePosterior(pinnProblem({ problem }), { seed: 1 })).rejects.toThrow("there are no readings to learn from");
});
