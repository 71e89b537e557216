import { c2st, calibrationDraws, derivedSeed, expectedCoverage, type JsonValue, phase, sbc } from "@credence/core";
import { array, constant, program, random, type Tensor } from "@credence/tensor";
import { amortisedPosterior } from "../amortised/amortised-posterior.ts";
import { pulledSquare, squareLoads } from "../amortised/pulled-square.ts";
import { randomLoads } from "../amortised/random-loads.ts";
import { superposed } from "../amortised/superposed.ts";
import { type DisplacementModel, displacementModel } from "../oracle/displacement-model.ts";
import { quadraturePosterior } from "../oracle/quadrature-posterior.ts";
import { inputsOf, type Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

export type AmortisedFacts = {
  readonly simulations: number;
  readonly noiseSd: number;
  /** Accuracy of a classifier between the network's draws and exact ones, for loads that it has not seen. */
  readonly c2st: readonly number[];
  readonly replicates: number;
  readonly draws: number;
  readonly pValues: readonly number[];
  readonly coverage90: number;
};

export interface Amortised {
  readonly facts: AmortisedFacts;
  /** Row-major [replicates, 2]. */
  readonly ranks: Float64Array;
  readonly seconds: number;
}

const noiseSd = 0.03;
const range = { lambda: [0.5, 2], mu: [0.3, 0.8] } as const;
const places = [0.2, 0.5, 0.8].flatMap((x) => [0.3, 0.6, 0.9].map((y) => [x, y]));
/** Materials whose exact posterior is compared. */
const compared = [
  [1, 0.5],
  [1.5, 0.4],
  [0.8, 0.7],
] as const;

/** A network for a square under random loads, beside the exact posterior and calibrated. */
export async function amortisedPhase(run: Run): Promise<Amortised> {
  const { directory, context, seed, effort } = run;
  const { simulations, replicates, replicateDraws: draws, classifierDraws } = effort;
  const done = await phase<AmortisedFacts>({
    directory,
    format: phaseFormat,
    name: "amortised",
    inputs: inputsOf(run) as JsonValue,
    compute: async () => {
      const { signal } = context;
      const models: DisplacementModel[] = [];
      for (const load of squareLoads)
        models.push(await displacementModel(pulledSquare(load), places, { order: 8, poisson: [0.15, 0.45], ratios: 12, signal }));
      const loads = randomLoads({ models, noiseSd, ...range });
      const trained = await amortisedPosterior(loads, {
        simulations,
        seed: derivedSeed(seed, 70),
        signal,
        onProgress: context.progress,
      });
      const found: number[] = [];
      for (const [k, material] of compared.entries()) {
        context.signal.throwIfAborted();
        const key = derivedSeed(seed, 71 + k);
        const made = program((theta: Tensor) => loads.simulate(random.key(key), theta))(array([[...material]], { dtype: "f64" }));
        const readings = made.readings.data() as Float64Array;
        const amplitudes = made.loads.data() as Float64Array;
        const exact = await quadraturePosterior(superposed(models, amplitudes), readings, { noise: noiseSd, bounds: range, signal });
        const ours = await trained.sample(readings, amplitudes, classifierDraws, { seed: key });
        const theirs = Float64Array.from(exact.sample(classifierDraws, { seed: key }).draws.data());
        found.push(await c2st(ours, array(theirs, { shape: [classifierDraws, 2] }), { seed: key, signal }));
      }
      const { theta, x } = program(() => {
        const low = constant([range.lambda[0], range.mu[0]], "f64");
        const width = constant([range.lambda[1] - range.lambda[0], range.mu[1] - range.mu[0]], "f64");
        const key = random.key(derivedSeed(seed, 80));
        const materials = random.uniform(random.fold(key, 0), [replicates, 2], { dtype: "f64" }).mul(width).add(low);
        const { loads: amplitudes, readings } = loads.simulate(random.fold(key, 1), materials);
        return { theta: materials, x: loads.summary(readings, amplitudes) };
      })();
      const calibration = await calibrationDraws({
        parameters: loads.parameters,
        theta,
        x: array(Float32Array.from(x.data()), { shape: [...x.shape] }),
        posterior: trained.posterior,
        draws,
        seed: derivedSeed(seed, 81),
        signal,
      });
      const ranked = sbc(calibration, { seed });
      const { levels, parameters } = expectedCoverage(calibration);
      const at = levels.findIndex((level) => Math.abs(level - 0.9) < 1e-9);
      return {
        facts: {
          simulations,
          noiseSd,
          c2st: found,
          replicates,
          draws,
          pValues: ranked.parameters.map(({ pValue }) => pValue),
          coverage90: parameters.reduce((sum, { coverage }) => sum + coverage[at]! / parameters.length, 0),
        },
        arrays: { ranks: Float64Array.from(ranked.ranks) },
      };
    },
  });
  return { facts: done.facts, ranks: done.arrays.ranks!, seconds: done.seconds };
}

/** What `summary.json` says of it. */
export const amortisedChecks = ({ facts }: Amortised): JsonValue => ({
  c2st: facts.c2st.reduce((sum, value) => sum + value / facts.c2st.length, 0),
  sbc: { lambda: facts.pValues[0]!, mu: facts.pValues[1]! },
  coverage90: facts.coverage90,
  simulations: facts.simulations,
});
