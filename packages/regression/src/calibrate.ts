import {
  derivedSeed,
  type JsonValue,
  type PosteriorSampler,
  phase,
  type SimulationBasedCalibrationOptions,
  simulationBasedCalibration,
} from "@credence/core";
import { coverageCurve, type ReportSection, sbcHistograms } from "@credence/report";
import { inputsOf } from "./fit.ts";
import type { Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

/** A method under calibration, with what it is over. */
export interface CalibratedMethod {
  readonly label: string;
  readonly sampler: PosteriorSampler;
}

export type CalibrationFacts = {
  readonly replicates: number;
  readonly draws: number;
  readonly methods: readonly {
    readonly label: string;
    readonly names: readonly string[];
    readonly calibrated: boolean;
    readonly verdicts: readonly string[];
    /** True spread over that of the posterior, by quantity. */
    readonly spread: readonly number[];
    readonly pValue: readonly number[];
    readonly remarks: readonly string[];
    readonly levels: readonly number[];
    /** Of central intervals, by quantity and level. */
    readonly coverage: readonly (readonly number[])[];
  }[];
};

export interface Calibrated {
  readonly facts: CalibrationFacts;
  /** Ranks of each method, row-major [replicates, D]. */
  readonly ranks: readonly Float64Array[];
  readonly seconds: number;
}

/** Simulation-based calibration of each method on the same parameters and data. */
export async function calibratePhase(
  run: Run,
  options: {
    readonly names: readonly string[];
    readonly simulate: SimulationBasedCalibrationOptions["simulate"];
    readonly methods: readonly CalibratedMethod[];
    readonly replicates?: number;
    readonly inputs?: JsonValue;
  },
): Promise<Calibrated> {
  const { names, simulate, methods } = options;
  const { directory, context, seed, effort } = run;
  const { replicates = effort.replicates } = options;
  const draws = effort.replicateDraws;
  const done = await phase<CalibrationFacts>({
    directory,
    format: phaseFormat,
    name: "calibrate",
    inputs: [inputsOf(run), methods.map(({ label }) => label), replicates, options.inputs ?? null],
    compute: async () => {
      const found: CalibrationFacts["methods"][number][] = [];
      const ranks: Record<string, Float64Array> = {};
      for (const [m, { label, sampler }] of methods.entries()) {
        const result = await simulationBasedCalibration({
          names,
          simulate,
          sampler,
          replicates,
          draws,
          seed: derivedSeed(seed, 40),
          signal: context.signal,
          onProgress: ({ done, total }) => context.progress("calibrate", m * total + done, methods.length * total),
        });
        const { sbc, verdict, coverage } = result;
        ranks[`ranks${m}`] = Float64Array.from(sbc.ranks);
        found.push({
          label,
          names: result.calibration.names,
          calibrated: verdict.calibrated,
          verdicts: verdict.parameters.map((parameter) => parameter.verdict),
          spread: verdict.parameters.map(({ spread }) => spread),
          pValue: verdict.parameters.map(({ pValue }) => pValue),
          remarks: verdict.remarks,
          levels: [...coverage.levels],
          coverage: coverage.parameters.map((parameter) => [...parameter.coverage]),
        });
      }
      return { facts: { replicates, draws, methods: found }, arrays: ranks };
    },
  });
  return { facts: done.facts, ranks: methods.map((_, m) => done.arrays[`ranks${m}`]!), seconds: done.seconds };
}

/** Coverage of 90 % intervals, averaged over quantities. */
export const coverage90Of = ({ levels, coverage }: CalibrationFacts["methods"][number]): number => {
  const at = levels.findIndex((level) => Math.abs(level - 0.9) < 1e-9);
  if (at < 0) throw new RangeError(`the coverage curve has no level 0.9, only ${levels.join(", ")}`);
  return coverage.reduce((sum, curve) => sum + curve[at]!, 0) / coverage.length;
};

/** What calibration found, with the ranks of up to six quantities of each method. */
export async function calibrationSection(
  { facts, ranks }: Calibrated,
  labelOf: (name: string) => string,
  about: string,
): Promise<ReportSection> {
  const { replicates, draws, methods } = facts;
  const figures: NonNullable<ReportSection["figures"]>[number][] = [];
  for (const [m, { label, names }] of methods.entries()) {
    const kept = Math.min(6, names.length);
    figures.push({
      figure: await sbcHistograms({
        parameters: names.slice(0, kept).map(labelOf),
        ranks: ranks[m]!.filter((_, i) => i % names.length < kept),
        draws,
      }),
      caption: `*${label}*: ranks of the truth among ${draws} draws. Level is calibrated; a valley is too sure of itself.`,
    });
  }
  const means = methods.map(({ label, levels, coverage }) => ({
    label,
    nominal: levels,
    empirical: levels.map((_, l) => coverage.reduce((sum, curve) => sum + curve[l]!, 0) / coverage.length),
  }));
  figures.push({
    figure: await coverageCurve({ curves: means, replicates }),
    caption: "Share of truths inside central intervals, on average over quantities, against what the intervals claim.",
  });
  return {
    heading: "Is it calibrated",
    paragraphs: [
      about,
      ...methods.map(
        (method) =>
          `*${method.label}*: ${
            method.calibrated
              ? "no rank out of place"
              : method.remarks
                  .slice(0, 3)
                  .map((remark) => remark.replace(/\.?$/, "."))
                  .join(" ")
          }${method.calibrated ? "." : ""}`,
      ),
    ],
    figures,
    tables: [
      {
        columns: [
          { label: "" },
          ...methods.flatMap(({ label }) => [{ label: `${label}: verdict` }, { label: "true spread over its own" }]),
        ],
        rows: methods[0]!.names.map((name) => [
          labelOf(name),
          ...methods.flatMap(({ names, verdicts, spread }) => {
            const at = names.indexOf(name);
            return at < 0 ? [null, null] : [verdicts[at]!, spread[at]!];
          }),
        ]),
      },
    ],
  };
}
