import { array, type NdArray, program, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { examTruth, simulateExams } from "./exams.ts";
import { type MultitaskData, multitaskModel } from "./multitask.ts";

const data: MultitaskData = {
  tasks: ["p", "c"],
  groups: 3,
  group: [0, 0, 1, 1, 0, 1, 1],
  task: [0, 0, 0, 1, 1, 1, 0],
  score: [5, 6, 4, 8, 9, 7, 3],
};

test("centred and non-centred densities differ by the volume of theta = mu + diag(tau) L z", () => {
  const [centred, raw] = [multitaskModel(data), multitaskModel(data, { noncentred: true })];
  const u = array([[5, 7, 0.1, -0.2, 0.6, 0.3, 0.2, 0.4, -0.3, 1.2, 0.5, -0.7, 0.1]], { dtype: "f64" });
  const out = program((rows: Tensor) => {
    const q = raw.constrain(rows);
    return { q, raw: raw.logDensity(rows), values: raw.values(rows) as Readonly<Record<string, Tensor>> };
  })(u) as unknown as { q: NdArray; raw: NdArray; values: Record<string, NdArray> };
  const at = (name: string): number => out.q.data()[raw.names.indexOf(name)]!;
  const same = centred.names.map((name) => at(name));
  const density = (program((q: Tensor) => centred.logDensity(centred.unconstrain(q)))(array([same], { dtype: "f64" })) as NdArray).item();
  const [tau0, tau1, l11] = [at("tau[0]"), at("tau[1]"), at("factor[1,1]")];
  expect(out.raw.item()).toBeCloseTo(density + 3 * Math.log(tau0 * tau1 * l11), 9);
  expect(at("correlation[1,0]")).toBeCloseTo(at("factor[1,0]"), 14);
});

test("the exams come from their truth, and the last school has none in the second subject", () => {
  const { score, group, task, truth, target, groups } = simulateExams();
  expect(truth.mu).toEqual(examTruth.mu);
  const of = (j: number, t: number): number[] => Array.from(score).filter((_, k) => group[k] === j && task[k] === t);
  expect([of(target, 0).length, of(target, 1).length]).toEqual([3, 0]);
  const z = Array.from(score, (value, k) => (value - truth.theta[group[k]!]![task[k]!]!) / truth.sigma[task[k]!]!);
  const mean = z.reduce((s, value) => s + value, 0) / z.length;
  // Four standard errors of a mean and of a variance of standard normals.
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(z.length));
  expect(Math.abs(z.reduce((s, value) => s + value ** 2, 0) / z.length - 1)).toBeLessThan(4 * Math.sqrt(2 / z.length));
  expect(new Set(Array.from(group)).size).toBe(groups);
  expect(simulateExams().score).toEqual(score);
});

describe("what does not fit is refused with the score at fault", () => {
  test.each<[string, Partial<MultitaskData>, string]>([
    ["one task", { tasks: ["p"] }, "expected at least two tasks, got 1"],
    ["a task that is not there", { task: [0, 0, 0, 1, 1, 2, 0] }, "score 5 is in task 2; tasks are integers from 0 to 1 (p, c)"],
    ["a group that is not there", { group: [0, 0, 1, 1, 0, 3, 1] }, "score 5 is of group 3; groups are integers from 0 to 2"],
    ["a missing score", { score: [5, 6, 4, 8, Number.NaN, 7, 3] }, "score 4 is missing; leave it out"],
    ["fewer groups than scores", { group: [0] }, "there are 7 scores, 1 groups and 7 tasks"],
    ["a task without variation", { score: [5, 6, 4, 8, 8, 8, 3] }, "task c needs two different scores"],
  ])("%s", (_, changes, words) => {
    expect(() => multitaskModel({ ...data, ...changes })).toThrow(words);
  });
});
