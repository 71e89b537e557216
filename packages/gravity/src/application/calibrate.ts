import { type DonePhase, kolmogorovSmirnovUniform, phase } from "@credence/core";
import { program, random, type Tensor } from "@credence/tensor";
import type { LinearOperator } from "../forward/linear-operator.ts";
import { exactPosterior } from "../inference/exact-posterior.ts";
import { type Chosen, groundModel, valuesOf } from "./ground.ts";
import { inputsOf, type Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

/** Ranks of true quantities among draws of their posteriors: uniform where the posterior is right. */
export interface Calibration {
  /** By quantity: p-value of uniform ranks, and ranks. */
  readonly byQuantity: Readonly<Record<string, { readonly pValue: number; readonly ranks: readonly number[] }>>;
  /** Share of truths within their 90 % intervals. */
  readonly coverage90: number;
  readonly draws: number;
  readonly seconds: number;
}

/** Simulation-based calibration of the exact posterior: grounds from the prior, data from each, and the rank of what is true. */
export async function calibrate(run: Run, operator: LinearOperator, chosen: Chosen): Promise<Calibration> {
  const { survey, context, directory, effort, seed } = run;
  const { calibrations, calibrationDraws } = effort;
  const width = survey.quantities.length;
  const done: DonePhase<null> = await phase<null>({
    directory,
    format: phaseFormat,
    name: "calibration",
    inputs: [inputsOf(run), chosen],
    compute: async () => {
      const model = groundModel(survey, operator, chosen);
      const simulate = program((key: Tensor) => {
        const { prior } = model;
        const cells = prior
          .mean()
          .expandDims(1)
          .add(prior.colour(random.normal(key, [prior.size, calibrations], { dtype: "f64" })));
        const noise = random.normal(random.fold(key, 1), [operator.rows, calibrations], { dtype: "f64" }).mul(chosen.noiseSd);
        return { cells: cells.T, data: operator.apply(cells).add(noise).T };
      });
      const { cells, data } = await simulate.runAsync([Uint32Array.of(seed, 0x63616c69)]);
      const truths = await valuesOf(survey.quantities, cells);
      const readings = Float64Array.from(data.data());
      const ranks = new Float64Array(calibrations * width);
      for (let r = 0; r < calibrations; r++) {
        context.progress("calibration", r, calibrations);
        const own = readings.slice(r * operator.rows, (r + 1) * operator.rows);
        const posterior = await exactPosterior(groundModel(survey, operator, chosen, own), { signal: context.signal });
        const drawn = await posterior.sample(calibrationDraws, { seed: (seed + 1000 + r) % 2 ** 32 });
        const values = await valuesOf(survey.quantities, drawn.cells);
        for (let q = 0; q < width; q++)
          for (let d = 0; d < calibrationDraws; d++) ranks[r * width + q]! += values[d * width + q]! < truths[r * width + q]! ? 1 : 0;
      }
      context.progress("calibration", calibrations, calibrations);
      return { facts: null, arrays: { ranks } };
    },
  });
  const ranks = done.arrays.ranks!;
  const of = (q: number): number[] => Array.from({ length: calibrations }, (_, r) => ranks[r * width + q]!);
  const share = (rank: number): number => (rank + 0.5) / (calibrationDraws + 1);
  return {
    byQuantity: Object.fromEntries(
      survey.quantities.map(({ name }, q) => [name, { pValue: kolmogorovSmirnovUniform(of(q).map(share)).pValue, ranks: of(q) }]),
    ),
    coverage90: ranks.filter((rank) => share(rank) > 0.05 && share(rank) < 0.95).length / ranks.length,
    draws: calibrationDraws,
    seconds: done.seconds,
  };
}
