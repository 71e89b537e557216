import { derivedSeed } from "@credence/core";
import { formatNumber, pointMap, type ReportSection } from "@credence/report";
import { program, random } from "@credence/tensor";
import type { Analysis, Cost } from "./analysis.ts";
import { comparePhase } from "./compare-phase.ts";
import { handbookSteel, type PlateObservation } from "./observation.ts";
import { type Interval, type PlateFacts, type PlateRun, platePhase } from "./plate-phase.ts";
import { priorDraws, priorRange } from "./prior.ts";
import type { Run } from "./run.ts";
import { corner, costSection, parameterTable } from "./sections.ts";

/** Of the finite-element calibration that this data set was compared with before, N/mm². */
const earlier = { young: 220_600, poisson: 0.303 } as const;

/** N/mm² as GPa. */
const gpa = (value: number, digits = 4): string => formatNumber(value / 1000, digits);

/** The 95 % interval of E in words, and whether the handbook's value lies in it. */
const verdictOf = ({ q025, q975 }: Interval): { readonly interval: string; readonly covers: boolean } => ({
  interval: `${gpa(q025)} to ${gpa(q975)} GPa`,
  covers: q025 <= handbookSteel.young && handbookSteel.young <= q975,
});

/** A measured plate of steel with a hole: with independent noise, and with a process for what the model lacks. */
export async function plateAnalysis(run: Run<PlateObservation>): Promise<Analysis> {
  const { observation, effort, seed } = run;
  const plate = await platePhase(run);
  const { facts, chains, quadrature, independent } = plate;
  const compared = await comparePhase(run, { fits: [chains, independent], oracle: quadrature, classified: [chains.key] });
  const [formal, honest] = [verdictOf(facts.independent.young), verdictOf(facts.withDiscrepancy.young)];
  const c2st = compared.differences.find(({ key }) => key === chains.key)!.c2st!;
  const costs: Cost[] = [
    { label: "calibration and chains", seconds: plate.seconds, kind: "infer" },
    { label: "comparison with quadrature", seconds: compared.seconds, kind: "check" },
  ];
  const young = facts.withDiscrepancy.young;
  const observed = Float64Array.from({ length: 2 * plate.kept.length }, (_, k) => observation.readings[2 * plate.kept[k >> 1]! + (k & 1)]!);
  return {
    answer:
      `Young's modulus is *${gpa(young.mean)} ± ${gpa(young.sd, 2)} GPa* and Poisson's ratio ${formatNumber(facts.withDiscrepancy.poisson.mean, 3)} ± ${formatNumber(facts.withDiscrepancy.poisson.sd, 2)}, with a process for what the model does not explain. ` +
      `Its 95 % interval, ${honest.interval}, ${honest.covers ? "*covers*" : "*does not cover*"} the handbook's 210 GPa; with independent noise the interval is ${formal.interval} and ${formal.covers ? "covers it" : "does not"}. ${sayLengthScales(facts)}`,
    cards: [
      { label: "E with discrepancy", value: gpa(young.mean), unit: "GPa", note: `95 %: ${honest.interval}` },
      { label: "E with independent noise", value: gpa(facts.independent.young.mean), unit: "GPa", note: `95 %: ${formal.interval}` },
      {
        label: "handbook",
        value: 210,
        unit: "GPa",
        note: honest.covers ? "covered with discrepancy" : "missed, discrepancy included",
      },
      { label: "C2ST, chains against quadrature", value: c2st, note: "0.5 is indistinguishable" },
    ],
    sections: [await inferred(run, plate), await discrepancy(run, plate), told(facts), costSection(costs)],
    main: chains,
    oracle: quadrature,
    published: observation.published!,
    checks: {
      c2stOracle: c2st,
      // The noise is that of the residuals: this is 1 but for the digits, and no test.
      chiSquarePerDatum: chiSquareOf(plate),
      handbookInside95: { independent: formal.covers, withDiscrepancy: honest.covers },
      againstEarlierCalibration: {
        young: facts.independent.young.mean / earlier.young - 1,
        poisson: facts.independent.poisson.mean - earlier.poisson,
      },
      independent: { ...facts.independent },
      freeScale: { ...facts.freeScale },
      withDiscrepancy: { ...facts.withDiscrepancy },
      byLengthScale: facts.byLengthScale.map((entry) => ({ ...entry })),
      discrepancy: facts.discrepancy.map((entry) => ({ ...entry })),
      noiseMm: [...facts.noise],
      kept: facts.kept,
      inside: facts.inside,
      methods: compared.differences.map(({ key, shifts, sdRatios, correlation, c2st: accuracy }) => ({
        key,
        shifts,
        sdRatios,
        correlation,
        c2st: accuracy,
      })),
    },
    costs,
    simulations: 0,
    prior: priorDraws(effort.draws, priorRange.mu(80_000), seed),
    replicated: replicatesOf(plate, observed, derivedSeed(seed, 20)),
    observed,
  };
}

/** What the answer becomes where the length scale of the process is held. */
function sayLengthScales({ byLengthScale }: PlateFacts): string {
  if (byLengthScale.length === 0) return "";
  const means = byLengthScale.map(({ young }) => young.mean);
  const covering = byLengthScale.filter(({ young }) => verdictOf(young).covers).map(({ lengthScale }) => formatNumber(lengthScale));
  return (
    `What counts as discrepancy decides: with its length scale held, E ranges from ${gpa(Math.min(...means), 3)} to ${gpa(Math.max(...means), 3)} GPa, ` +
    `and ${covering.length === 0 ? "no interval covers 210 GPa" : `the interval covers 210 GPa at ${covering.join(" and ")} mm`}.`
  );
}

function chiSquareOf({ residuals, facts: { noise } }: PlateRun): number {
  return residuals.reduce((sum, r, k) => sum + (r / noise[k % 2]!) ** 2, 0) / residuals.length;
}

/** Replicated data sets; each has as many numbers as 5,000 points read. */
const replicateCount = 20;

/** Readings as the independent fit would make them anew. */
function replicatesOf({ residuals, facts: { noise } }: PlateRun, observed: Float64Array, seed: number): Float64Array {
  const size = observed.length;
  const error = program(() => random.normal(random.key(seed), [replicateCount * size], { dtype: "f64" }))().data();
  return Float64Array.from({ length: replicateCount * size }, (_, k) => {
    const i = k % size;
    return observed[i]! - residuals[i]! + noise[i % 2]! * error[k]!;
  });
}

async function inferred(
  { observation }: Run<PlateObservation>,
  { facts, chains, quadrature, independent }: PlateRun,
): Promise<ReportSection> {
  const row = (label: string, { young, poisson }: PlateFacts["independent"]) => [
    label,
    young.mean / 1000,
    young.sd / 1000,
    `${gpa(young.q025)} to ${gpa(young.q975)}`,
    poisson.mean,
    poisson.sd,
  ];
  return {
    heading: "What was inferred",
    paragraphs: [
      "Plane stress in the parallel zone of 80 x 20 mm, hole of radius 4 mm, pulled with 106.2629 N/mm². Along the left end u_x is one number; a shift and a rotation of the camera are marginalised. Flat prior over lambda and mu.",
      `${facts.kept} of ${facts.inside} points in the plate are kept; the others lie more than four standard deviations from the fit. Residuals have sds of ${formatNumber(1000 * facts.noise[0]!, 3)} µm in x and ${formatNumber(1000 * facts.noise[1]!, 3)} µm in y.`,
      `*${chains.facts.label}*: largest R-hat ${formatNumber(facts.rHatMax, 4)}, smallest effective sample size ${formatNumber(facts.essMin)}.`,
      ...facts.warnings.map((warning) => `${warning.replace(/\.?$/, ".")}`),
    ],
    figures: [
      {
        figure: await corner(chains, quadrature, observation, ["young", "poisson"]),
        caption: `Filled: *${chains.facts.label}*. Lines: *${quadrature.facts.label}*.`,
      },
      {
        figure: await corner(
          chains,
          independent,
          observation,
          ["young", "poisson"],
          [{ label: "handbook", values: [handbookSteel.young, handbookSteel.poisson] }],
        ),
        caption: `Filled: *${chains.facts.label}*. Lines: *${independent.facts.label}*, which is far too sure of itself.`,
      },
    ],
    tables: [
      {
        caption:
          "Young's modulus and Poisson's ratio. The last rows hold the length scale of the process: how much the answer hangs on what counts as discrepancy.",
        columns: [
          { label: "" },
          { label: "E", unit: "GPa" },
          { label: "its sd", unit: "GPa" },
          { label: "95 % interval", unit: "GPa" },
          { label: "nu" },
          { label: "its sd" },
        ],
        rows: [
          row("independent noise", facts.independent),
          row("with discrepancy", facts.withDiscrepancy),
          row("independent noise, camera of unknown scale", facts.freeScale),
          ...facts.byLengthScale.map((entry) => row(`length scale ${formatNumber(entry.lengthScale)} mm`, entry)),
          ["earlier finite-element calibration", earlier.young / 1000, null, null, earlier.poisson, null],
          ["handbook, S235", handbookSteel.young / 1000, null, null, handbookSteel.poisson, null],
        ],
      },
      parameterTable(chains, observation),
    ],
  };
}

/** Points on a map: more would lie on one another. */
const shownMax = 1200;

async function discrepancy(
  { observation }: Run<PlateObservation>,
  { facts, kept, residuals, discrepancyAt }: PlateRun,
): Promise<ReportSection> {
  const step = Math.max(1, Math.ceil(kept.length / shownMax));
  const rows = Array.from({ length: Math.floor(kept.length / step) }, (_, i) => i * step);
  const place = (k: number): number[] => rows.map((i) => observation.places[kept[i]!]![k]!);
  const micrometres = (values: Float64Array, k: number): number[] => rows.map((i) => 1000 * values[2 * i + k]!);
  const map = (panels: { title: string; values: number[] }[]) =>
    pointMap({ x: place(0), y: place(1), panels, unit: "µm", xLabel: "x [mm]", yLabel: "y [mm]" });
  return {
    heading: "What the model does not explain",
    paragraphs: [
      `Residuals are no independent noise: neighbours agree over centimetres. A Gaussian process with a Matern kernel takes them up, amplitude ${facts.discrepancy.map(({ amplitude }) => formatNumber(1000 * amplitude, 2)).join(" and ")} µm, length scale ${facts.discrepancy.map(({ lengthScale }) => formatNumber(lengthScale, 2)).join(" and ")} mm for u_x and u_y, noise ${facts.discrepancy.map(({ noise }) => formatNumber(1000 * noise, 2)).join(" and ")} µm, whose variance counts ${facts.inflation.map((value) => formatNumber(value, 2)).join(" and ")} times since neighbouring facets share some of it.`,
    ],
    figures: [
      {
        figure: await map([
          { title: "residual of u_x", values: micrometres(residuals, 0) },
          { title: "residual of u_y", values: micrometres(residuals, 1) },
        ]),
        caption: `Readings less the independent fit, at ${rows.length} of ${kept.length} points.`,
      },
      {
        figure: await map([
          { title: "discrepancy of u_x", values: micrometres(discrepancyAt, 0) },
          { title: "discrepancy of u_y", values: micrometres(discrepancyAt, 1) },
        ]),
        caption: "Mean of the process: what is smooth in them.",
      },
    ],
  };
}

function told(facts: PlateFacts): ReportSection {
  const { young } = facts.withDiscrepancy;
  const off = 100 * (handbookSteel.young / young.mean - 1);
  return {
    heading: "What cannot be told",
    paragraphs: [
      `The handbook's 210 GPa lies ${formatNumber(Math.abs(off), 2)} % ${off < 0 ? "below" : "above"} the estimate. Displacements know only load over stiffness: a load, a thickness or a scale of the camera that is wrong by ${formatNumber(Math.abs(off), 2)} % would make up for all of it, and no reading of this test can tell. None of the intervals above holds that.`,
      "Formal intervals with independent noise are a statement about the noise of 10,000 readings, not about steel. The process widens them by what is smooth in the residuals; what resembles the effect of a stiffness, such as a bending of the specimen or a slip in the clamp, it can tell from it only as far as its length scale allows.",
    ],
  };
}
