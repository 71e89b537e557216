import { derivedSeed, phase } from "@credence/core";
import { array, program, random, type Tensor } from "@credence/tensor";
import type { Lame } from "../material.ts";
import type { DisplacementModel } from "../oracle/displacement-model.ts";
import { digitalTwin, type Reading } from "../twin/digital-twin.ts";
import type { DriftState } from "../twin/drift.ts";
import { inputsOf, type Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

export type TwinFacts = {
  readonly readings: number;
  /** Whether an alarm sounded in the readings as they are, and at which. */
  readonly alarm: number | null;
  /** Largest difference of mean or sd from the posterior of the same readings in the reverse order, in sds. */
  readonly orderGap: number;
  /** Factor by which displacements grow in the planted change, from which reading on. */
  readonly planted: { readonly change: number; readonly at: number };
  /** What the alarm said of it; null where it did not sound. */
  readonly heard: { readonly at: number; readonly since: number; readonly change: number } | null;
  /** After the alarm: mean and sd of the softened mu, of the twin that was started anew. */
  readonly after: { readonly truth: number; readonly mean: number; readonly sd: number } | null;
  readonly falseAlarm: number;
};

export interface TwinRun {
  readonly facts: TwinFacts;
  /** After each reading: means and sds of lambda and mu, [n, 4]. */
  readonly path: Float64Array;
  /** Log evidence of a change after each reading, nats: of the readings as they are, and of those with the planted change. */
  readonly evidence: Float64Array;
  readonly plantedEvidence: Float64Array;
  /** ms that each update took, when it was made. */
  readonly times: Float64Array;
  readonly seconds: number;
}

/** Softer by a twentieth. */
const change = 1 / 0.95;

const falseAlarm = 0.001;

/** The readings one by one in a random order; then again, and after them readings of a material that has become softer. */
export async function twinPhase(
  run: Run,
  options: { readonly model: DisplacementModel; readonly noiseSd: number; readonly mu: readonly [number, number]; readonly material: Lame },
): Promise<TwinRun> {
  const { directory, context, seed, effort, observation } = run;
  const { model, noiseSd, mu, material } = options;
  const done = await phase<TwinFacts>({
    directory,
    format: phaseFormat,
    name: "twin",
    inputs: [inputsOf(run), noiseSd, [...mu], [material.lambda, material.mu]],
    compute: async () => {
      const sensors = model.sensors.shape[0]!;
      const count = Math.min(sensors, effort.stream);
      const order = permutation(sensors, derivedSeed(seed, 50)).slice(0, count);
      const given = order.map(
        (sensor): Reading => ({ sensor, displacement: [...observation.readings.subarray(2 * sensor, 2 * sensor + 2)] }),
      );
      const setting = { model, mu, noiseSd, drift: { falseAlarm } };
      const path = new Float64Array(4 * count);
      const [evidence, times] = [new Float64Array(count), new Float64Array(count)];
      const twin = await digitalTwin(setting);
      let drift: DriftState | undefined;
      for (const [i, reading] of given.entries()) {
        context.signal.throwIfAborted();
        context.progress("digital twin", i, 4 * count);
        const begun = performance.now();
        const update = await twin.update(reading);
        times[i] = performance.now() - begun;
        drift = update.drift;
        evidence[i] = drift.logEvidence;
        const { lambda, mu: shear } = update.posterior;
        path.set([lambda.mean, lambda.sd, shear.mean, shear.sd], 4 * i);
      }
      const backwards = await digitalTwin(setting);
      for (const reading of [...given].reverse()) await backwards.update(reading);
      const [there, back] = [await twin.posterior(), await backwards.posterior()];
      const gap = (a: { mean: number; sd: number }, b: { mean: number; sd: number }): number =>
        Math.max(Math.abs(a.mean - b.mean), Math.abs(a.sd - b.sd)) / b.sd;
      context.progress("digital twin", 2 * count, 4 * count);

      const softer = { lambda: material.lambda / change, mu: material.mu / change };
      const later = await simulatedReadings(model, softer, noiseSd, order, derivedSeed(seed, 51));
      const watched = await digitalTwin(setting);
      const plantedEvidence = new Float64Array(2 * count);
      let heard: TwinFacts["heard"] = null;
      let after: TwinFacts["after"] = null;
      for (const [i, reading] of [...given, ...later].entries()) {
        context.signal.throwIfAborted();
        const update = await watched.update(reading);
        plantedEvidence[i] = update.drift.logEvidence;
        heard ??= update.drift.alarm ?? null;
      }
      if (heard !== null) {
        const { mu: shear } = await watched.restart();
        after = { truth: softer.mu, ...shear };
      }
      context.progress("digital twin", 4 * count, 4 * count);
      return {
        facts: {
          readings: count,
          alarm: drift?.alarm?.at ?? null,
          orderGap: Math.max(gap(back.lambda, there.lambda), gap(back.mu, there.mu)),
          planted: { change, at: count },
          heard,
          after,
          falseAlarm,
        },
        arrays: { path, evidence, plantedEvidence, times },
      };
    },
  });
  const { path, evidence, plantedEvidence, times } = done.arrays as unknown as Omit<TwinRun, "facts" | "seconds">;
  return { facts: done.facts, path, evidence, plantedEvidence, times, seconds: done.seconds };
}

function permutation(count: number, seed: number): number[] {
  const keys = program(() => random.uniform(random.key(seed), [count], { dtype: "f64" }))().data();
  return Array.from({ length: count }, (_, i) => i).sort((a, b) => keys[a]! - keys[b]!);
}

async function simulatedReadings(
  model: DisplacementModel,
  { lambda, mu }: Lame,
  noiseSd: number,
  order: readonly number[],
  seed: number,
): Promise<Reading[]> {
  const run = program((l: Tensor, m: Tensor) => {
    const u = model.predict(l, m);
    return u.add(random.normal(random.key(seed), u.shape, { dtype: "f64" }).mul(noiseSd));
  });
  const read = (await run.runAsync([array(Float64Array.of(lambda)), array(Float64Array.of(mu))])).data();
  return order.map((sensor) => ({ sensor, displacement: [read[2 * sensor]!, read[2 * sensor + 1]!] }));
}
