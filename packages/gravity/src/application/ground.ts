import { type DonePhase, phase } from "@credence/core";
import { array, matmul, type NdArray, program, type Tensor } from "@credence/tensor";
import type { LinearOperator } from "../forward/linear-operator.ts";
import { meshOperator } from "../forward/mesh-operator.ts";
import { exactPosterior } from "../inference/exact-posterior.ts";
import { type GravityModel, gravityModel } from "../inference/gravity-model.ts";
import type { GravityPosterior } from "../inference/gravity-posterior.ts";
import { lowRankPosterior } from "../inference/low-rank-posterior.ts";
import { maternPrior } from "../prior/matern-prior.ts";
import { inputsOf, type Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";
import type { Quantity, Survey } from "./survey.ts";

/** What the evidence chose among candidates, and what it said of each. */
export type Chosen = { readonly range: number; readonly sd: number; readonly noiseSd: number; readonly logEvidence: number };

/** The model of a survey's ground for one choice of its numbers. */
export function groundModel(
  survey: Survey,
  operator: LinearOperator,
  { range, sd, noiseSd }: Omit<Chosen, "logEvidence">,
  data: Float64Array = survey.data,
): GravityModel {
  return gravityModel({
    operator,
    data,
    noiseSd,
    prior: maternPrior(survey.mesh, { range, sd, ...(survey.weights && { weights: survey.weights }) }),
    stations: survey.stations,
    ...(survey.regionalOrder !== undefined && { regional: { order: survey.regionalOrder } }),
  });
}

export const operatorOf = ({ mesh, stations }: Survey): LinearOperator => meshOperator(mesh, stations);

/** The candidates by their evidence, best first. */
export function chooseGround(run: Run, operator: LinearOperator): Promise<DonePhase<readonly Chosen[]>> {
  const { survey, context, directory } = run;
  const { ranges, sds, noiseSds } = survey.candidates;
  return phase<readonly Chosen[]>({
    directory,
    format: phaseFormat,
    name: "evidence",
    inputs: inputsOf(run),
    compute: async () => {
      const found: Chosen[] = [];
      const total = ranges.length * sds.length * noiseSds.length;
      for (const range of ranges)
        for (const sd of sds)
          for (const noiseSd of noiseSds) {
            context.progress("evidence of smoothness and noise", found.length, total);
            const { logEvidence } = await exactPosterior(groundModel(survey, operator, { range, sd, noiseSd }), { signal: context.signal });
            found.push({ range, sd, noiseSd, logEvidence });
          }
      context.progress("evidence of smoothness and noise", total, total);
      return { facts: found.sort((a, b) => b.logEvidence - a.logEvidence) };
    },
  });
}

/** A posterior of the cells by one method, as the report and `summary.json` need it. */
export interface Ground {
  readonly label: string;
  readonly logEvidence: number;
  readonly resolved: number;
  readonly informationGain: number;
  readonly warnings: readonly string[];
  /** [cells] each. */
  readonly mean: Float64Array;
  readonly sd: Float64Array;
  readonly resolution: Float64Array;
  /** [stations], mGal. */
  readonly predicted: Float64Array;
  readonly regional: Float64Array;
  /** Draws of the survey's quantities, [draws, quantities]. */
  readonly quantities: Float64Array;
  /** Draws of the data without noise, [rows, stations], the first of the draws. */
  readonly replicated: Float64Array;
  readonly seconds: number;
  readonly fingerprint: string;
}

type GroundFacts = {
  readonly logEvidence: number;
  readonly resolved: number;
  readonly informationGain: number;
  readonly warnings: readonly string[];
};

const replicatedRows = 200;

/** The posterior of the cells: `exact` from the covariance of the data, `low-rank` from the directions in which data tell more than noise. */
export async function groundPosterior(
  run: Run,
  method: "exact" | "low-rank",
  posterior: () => Promise<GravityPosterior>,
  chosen: Chosen,
): Promise<Ground> {
  const { survey, context, directory, effort, seed } = run;
  const label = method === "exact" ? "the exact posterior" : "the low-rank posterior";
  const done = await phase<GroundFacts>({
    directory,
    format: phaseFormat,
    name: `ground-${method}`,
    inputs: [inputsOf(run), chosen],
    compute: async () => {
      context.progress(label, 0, 1);
      const found = await posterior();
      const { cells, data } = await found.sample(effort.draws, { seed: seed + (method === "exact" ? 1 : 2), signal: context.signal });
      const values = await valuesOf(survey.quantities, cells);
      context.progress(label, 1, 1);
      return {
        facts: {
          logEvidence: found.logEvidence,
          resolved: numbers(found.resolution).reduce((sum, value) => sum + value, 0),
          informationGain: found.informationGain,
          warnings: found.warnings,
        },
        arrays: {
          mean: numbers(found.mean),
          sd: numbers(found.sd),
          resolution: numbers(found.resolution),
          predicted: numbers(found.predicted.mean),
          regional: numbers(found.predicted.regional),
          quantities: values,
          replicated: numbers(data).slice(0, replicatedRows * survey.data.length),
        },
      };
    },
  });
  return {
    label,
    ...done.facts,
    ...(done.arrays as unknown as Omit<Ground, keyof GroundFacts | "label" | "seconds" | "fingerprint">),
    seconds: done.seconds,
    fingerprint: done.fingerprint,
  };
}

export const exactGround = (run: Run, operator: LinearOperator, chosen: Chosen): Promise<Ground> =>
  groundPosterior(run, "exact", () => exactPosterior(groundModel(run.survey, operator, chosen), { signal: run.context.signal }), chosen);

export const lowRankGround = (run: Run, operator: LinearOperator, chosen: Chosen): Promise<Ground> =>
  groundPosterior(
    run,
    "low-rank",
    () =>
      lowRankPosterior(groundModel(run.survey, operator, chosen), { rank: run.effort.rank, seed: run.seed, signal: run.context.signal }),
    chosen,
  );

const numbers = (values: NdArray): Float64Array => Float64Array.from(values.data());

const products = program((cells: Tensor, weights: Tensor) => matmul(cells, weights), { name: "quantities of the ground" });

/** Quantities of grounds [draws, cells], [draws, quantities]. */
export async function valuesOf(quantities: readonly Quantity[], cells: NdArray): Promise<Float64Array> {
  const size = cells.shape[1]!;
  const weights = new Float64Array(size * quantities.length);
  quantities.forEach((quantity, q) => {
    quantity.weights.forEach((weight, cell) => {
      weights[cell * quantities.length + q] = weight;
    });
  });
  using table = array(weights, { shape: [size, quantities.length] });
  return numbers(await products.runAsync([cells, table]));
}
