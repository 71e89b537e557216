import { correlation, summarizeDraws } from "@credence/core";
import { formatEstimate, formatNumber } from "@credence/report";
import { array, program, type Tensor } from "@credence/tensor";
import { engineeringOf } from "../material.ts";
import { type DisplacementModel, displacementModel } from "../oracle/displacement-model.ts";
import { problemOf } from "../oracle/problem.ts";
import { type QuadraturePosterior, quadraturePosterior } from "../oracle/quadrature-posterior.ts";
import { amortisedChecks, amortisedPhase } from "./amortised-phase.ts";
import type { Analysis, Cost } from "./analysis.ts";
import { calibratePhase, coverage90Of } from "./calibrate-phase.ts";
import { comparePhase } from "./compare-phase.ts";
import { normalOfDraws } from "./coordinates.ts";
import { attemptPhase, type Fit, fitPhase, quantity, unitOf } from "./fit.ts";
import { laplaceMethod, networkMethod, nutsMethod, quadratureMethod } from "./methods.ts";
import { type SensorObservation, sayMaterial } from "./observation.ts";
import { predictPhase } from "./predict-phase.ts";
import { priorDraws, priorRange } from "./prior.ts";
import type { Run } from "./run.ts";
import {
  amortisedSection,
  calibrationSection,
  costSection,
  identifiabilitySection,
  inferredSection,
  methodsSection,
  predictionSection,
  twinSection,
} from "./sections.ts";
import { twinPhase } from "./twin-phase.ts";

/** Sensors on a body whose loads are known: the material, by several methods, and a digital twin of it. */
export async function sensorAnalysis(run: Run<SensorObservation>): Promise<Analysis> {
  const { observation, effort, context, seed } = run;
  const { field, places, readings, noiseSd, truth } = observation;
  const problem = problemOf(field);
  context.progress("reduced model", 0, 1);
  const model: DisplacementModel = await displacementModel(problem, places, {
    order: effort.order,
    poisson: priorRange.poisson,
    signal: context.signal,
  });
  context.progress("reduced model", 1, 1);
  const mu = priorRange.mu(truth.mu);
  const exact: QuadraturePosterior = await quadraturePosterior(model, readings, {
    noise: noiseSd,
    bounds: { mu },
    signal: context.signal,
  });
  const oracle = await fitPhase(run, quadratureMethod(run, exact));
  const about = normalOfDraws(oracle.draws.data());
  const chains = await fitPhase(run, nutsMethod(run, exact.misfit, about));
  const laplace = await fitPhase(run, laplaceMethod(run, exact.misfit, about));
  const networks = [await attemptPhase(run, networkMethod(run, "conditional")), await attemptPhase(run, networkMethod(run, "joint"))];
  const served = networks.filter((answer) => "draws" in answer);
  const refusals = networks.filter((answer) => "refusal" in answer);
  const fits: readonly Fit[] = [...served, chains, laplace];
  // Where the network gives no posterior, or one whose material does not explain the readings, chains answer, and the report says so.
  const network = served.find(({ key }) => key === "random-features-conditional");
  const misfit = network === undefined ? undefined : chiSquareOf(model, readings, noiseSd, network);
  const explains = misfit !== undefined && misfit < readings.length + 5 * Math.sqrt(2 * readings.length);
  const main = network !== undefined && explains ? network : chains;
  if (misfit !== undefined && !explains)
    refusals.push({
      label: network!.facts.label,
      refusal: `the material that it finds leaves a chi-square of ${formatNumber(misfit / readings.length, 3)} a reading: its features do not meet this displacement to within the noise`,
    });
  const compared = await comparePhase(run, { fits, oracle, classified: [...served, chains].map(({ key }) => key) });
  const predicted = await predictPhase(run, model, main, noiseSd);
  const twin = await twinPhase(run, { model, noiseSd, mu, material: { lambda: exact.lambda.mean, mu: exact.mu.mean } });
  const calibrated = await calibratePhase(run, { model, noiseSd, prior: normalOfDraws(oracle.draws.data(), 3) });
  const amortised = observation.dataset === "simulated" ? await amortisedPhase(run) : undefined;
  const prior = priorDraws(effort.draws, mu, seed);
  const costs: Cost[] = [
    ...[oracle, ...fits].map((fit): Cost => ({ label: fit.facts.label, seconds: fit.seconds, kind: "infer" })),
    { label: "comparison with the exact posterior", seconds: compared.seconds, kind: "check" },
    { label: "replicated readings", seconds: predicted.seconds, kind: "check" },
    { label: "digital twin", seconds: twin.seconds, kind: "check" },
    { label: "calibration", seconds: calibrated.seconds, kind: "check" },
    ...(amortised ? [{ label: "network for random loads", seconds: amortised.seconds, kind: "train" } as const] : []),
  ];
  const summary = (name: "lambda" | "mu" | "young" | "poisson") => summarizeDraws(quantity(main, name), unitOf(name, observation));
  const [lambda, shear, young, poisson] = [summary("lambda"), summary("mu"), summary("young"), summary("poisson")];
  const difference = compared.differences.find(({ key }) => key === main.key)!;
  const coverage90 = coverage90Of(calibrated.facts);
  const unit = observation.stressUnit === "" ? "" : ` ${observation.stressUnit}`;
  const known = engineeringOf(truth);
  return {
    answer:
      `lambda is *${formatEstimate(lambda.mean, lambda.sd)}*${unit} and mu *${formatEstimate(shear.mean, shear.sd)}*${unit}: Young's modulus ${formatEstimate(young.mean, young.sd)}${unit}, ` +
      `Poisson's ratio ${formatEstimate(poisson.mean, poisson.sd)}. The readings were simulated from ${sayMaterial(truth)}.`,
    cards: [
      { label: "Young's modulus", value: young.mean, unit: observation.stressUnit, note: `truth ${formatNumber(known.young, 4)}` },
      {
        label: "C2ST against the exact posterior",
        value: difference.c2st!,
        note: "0.5 is indistinguishable, 1 is disjoint",
      },
      { label: "chi-square per reading", value: predicted.facts.chiSquarePerDatum, note: `${readings.length} readings` },
      {
        label: "coverage of 90 % intervals",
        value: coverage90,
        note: `${calibrated.facts.replicates} replicates`,
      },
    ],
    sections: [
      await inferredSection(run, { main, oracle, truth }),
      await methodsSection(run, { oracle, fits, refusals, differences: compared.differences, exact }),
      await calibrationSection(calibrated),
      await predictionSection(run, predicted),
      await twinSection(run, twin, { truth, exact }),
      ...(amortised ? [await amortisedSection(amortised)] : []),
      identifiabilitySection(run, { main, prior, correlation: correlation(quantity(main, "lambda"), quantity(main, "mu")) }),
      costSection(costs),
    ],
    main,
    oracle,
    checks: {
      c2stOracle: difference.c2st!,
      sbc: { lambda: { pValue: calibrated.facts.pValues[0]! }, mu: { pValue: calibrated.facts.pValues[1]! } },
      coverage90,
      chiSquarePerDatum: predicted.facts.chiSquarePerDatum,
      chiSquarePValue: predicted.facts.chiSquarePValue,
      predictiveCoverage90: predicted.facts.coverage90,
      logEvidence: exact.logEvidence,
      correlation: { oracle: exact.correlation, answer: difference.correlation },
      methods: compared.differences.map(({ key, shifts, sdRatios, correlation: r, c2st }) => ({
        key,
        shifts,
        sdRatios,
        correlation: r,
        c2st,
      })),
      refusals: Object.fromEntries(refusals.map(({ label, refusal }) => [label, refusal])),
      twin: { ...twin.facts },
      truthInside90: { lambda: inside(truth.lambda, lambda), mu: inside(truth.mu, shear) },
      truncation: model.truncation,
      ...(amortised && { amortised: amortisedChecks(amortised) }),
    },
    costs,
    simulations: amortised ? effort.simulations : 0,
    prior,
    replicated: predicted.replicated.data() as Float64Array,
    observed: readings,
  };
}

/** Squared residuals over squared noise, at the mean material of a posterior. */
function chiSquareOf(model: DisplacementModel, readings: Float64Array, noiseSd: number, fit: Fit): number {
  const [lambda, mu] = (["lambda", "mu"] as const).map((name) => array(Float64Array.of(summarizeDraws(quantity(fit, name), "").mean)));
  const predicted = program((l: Tensor, m: Tensor) => model.predict(l, m))(lambda!, mu!).data();
  return readings.reduce((sum, value, k) => sum + ((value - predicted[k]!) / noiseSd) ** 2, 0);
}

const inside = (value: number, { q05, q95 }: { readonly q05: number; readonly q95: number }): boolean => q05 <= value && value <= q95;
