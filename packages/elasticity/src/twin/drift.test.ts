import { program, random } from "@credence/tensor";
import { expect, test } from "vitest";
import { driftStart, driftStep, requireDrift } from "./drift.ts";

const [streams, length, falseAlarm] = [400, 200, 0.05];
const monitor = requireDrift({ falseAlarm, changes: [0.9, 1.1] });
/** A displacement of 20 noise sds: the twin expects N(20, 1), and a tenth more or less is 2 sds. */
const scores = (y: number): number[] => [1, ...monitor.changes].map((change) => -0.5 * (y - 20 * change) ** 2);

const noise = program(() => random.normal(random.key(1), [streams, length], { dtype: "f64" }))().data();

test("alarms sound in no more streams without a change than was promised", () => {
  let alarms = 0;
  let sum = 0;
  for (let s = 0; s < streams; s++) {
    let state = driftStart(monitor);
    for (let t = 0; t < length; t++) state = driftStep(state, monitor, scores(20 + noise[s * length + t]!));
    if (state.alarm !== undefined) alarms++;
    sum += Math.min(Math.exp(state.logEvidence), 1 / falseAlarm);
  }
  // Ville's inequality, with three standard errors of the count.
  expect(alarms / streams).toBeLessThan(falseAlarm + 3 * Math.sqrt((falseAlarm * (1 - falseAlarm)) / streams));
  expect(sum / streams).toBeLessThan(1.2);
});

test("a change of two sds is heard within a dozen readings, with its time and its sign", () => {
  let late = 0;
  for (let s = 0; s < 100; s++) {
    let state = driftStart(monitor);
    for (let t = 0; t < 100; t++) state = driftStep(state, monitor, scores((t < 60 ? 20 : 22) + noise[s * length + t]!));
    if (state.alarm?.change !== 1.1 || state.alarm.at < 60 || state.alarm.at >= 72 || Math.abs(state.alarm.since - 60) > 4) late++;
  }
  // A false alarm has a probability of 0.05, and a start is missed by more than 4 rarely.
  expect(late).toBeLessThan(15);
});
