import { type Checks, columnOf, correlation, type Summary, summarizeDraws } from "@credence/core";
import { rateNames } from "./model.ts";
import type { Phases, Run } from "./run.ts";

/** Column `d` of row-major draws of the three rates. */
export function column(draws: Float64Array, d: number): Float64Array {
  return columnOf(draws, rateNames.length, d);
}

/** λ-μ of every draw: what the slope of a series tells, where λ and μ apart are told by its noise. */
export function growthOf(draws: Float64Array): Float64Array {
  const death = column(draws, 1);
  return column(draws, 0).map((birth, i) => birth - death[i]!);
}

/** What `summary.json` holds. */
export function summaryOf({ observation, settings }: Run, { simulated, trained, inferred, oracle, checked }: Phases): Summary {
  const { units } = settings.parameters;
  const draws = inferred.arrays.draws!;
  const byName = (all: Float64Array) => Object.fromEntries(rateNames.map((name, d) => [name, summarizeDraws(column(all, d), units[d]!)]));
  const { c2st, sbc, levels, coverage, predictive } = checked.facts;
  const at90 = levels.indexOf(0.9);
  const checks: Checks = {
    ...(c2st === null ? {} : { c2stOracle: c2st }),
    sbc: Object.fromEntries(sbc.map(({ name, pValue }) => [name, { pValue }])),
    coverage90: coverage.reduce((sum, curve) => sum + curve[at90]!, 0) / coverage.length,
    coverage90ByParameter: Object.fromEntries(rateNames.map((name, d) => [name, coverage[d]![at90]!])),
    predictiveCoverage90: predictive.coverage90,
    predictivePValues: Object.fromEntries(predictive.statistics.map(({ name, pValue }) => [name, pValue])),
    correlationBirthDeath: correlation(column(draws, 0), column(draws, 1)),
    growthRate: { ...summarizeDraws(growthOf(draws), "1/year") },
    ...(oracle && {
      growthRateOracle: { ...summarizeDraws(growthOf(oracle.arrays.draws!), "1/year") },
      oracleRHatMax: Math.max(...oracle.facts.rHat),
      oracleEssMin: Math.min(...oracle.facts.essBulk, ...oracle.facts.essTail),
      maximumLikelihood: {
        ...Object.fromEntries(rateNames.map((name, d) => [name, oracle.facts.maximum.rates[d]!])),
        logLikelihood: oracle.facts.maximum.logLikelihood,
      },
    }),
    ...(observation.truth && { truth: { ...observation.truth } }),
  };
  return {
    application: "birth-death",
    dataset: observation.dataset,
    parameters: byName(draws),
    ...(oracle && { oracle: byName(oracle.arrays.draws!) }),
    ...(observation.published && { published: observation.published }),
    checks,
    cost: {
      simulations: settings.effort.simulations,
      seconds: {
        simulate: simulated.seconds,
        train: trained.seconds,
        infer: inferred.seconds,
        check: checked.seconds + (oracle?.seconds ?? 0),
      },
    },
  };
}
