export { type C2stOptions, type C2stResult, c2st, c2stDetails } from "./c2st.ts";
export { type CalibrationDraws, type CalibrationOptions, calibrationDraws, type PosteriorSampler } from "./calibration-draws.ts";
export type { ChainDraws } from "./chains.ts";
export { compareModels, type ModelComparison, type ModelScore } from "./compare-models.ts";
export { compareWithOracle, type OracleComparison, type OracleComparisonOptions } from "./compare-with-oracle.ts";
export { type DivergencePlace, type Divergences, divergences } from "./divergences.ts";
export { eBfmi, eBfmiMin } from "./e-bfmi.ts";
export { type Estimand, effectiveSampleSize } from "./effective-sample-size.ts";
export type { SumOverData } from "./elpd.ts";
export { type CoverageCurve, type ExpectedCoverage, expectedCoverage } from "./expected-coverage.ts";
export { chiSquareTail } from "./gamma-function.ts";
export {
  type Direction,
  type Identifiability,
  type IdentifiabilityOptions,
  identifiability,
  identifiabilityOfModel,
  type ParameterContraction,
} from "./identifiability.ts";
export { improperAlong } from "./improper-along.ts";
export { type Loo, type LooOptions, type LooPointwise, loo } from "./loo.ts";
export { type LooPit, type LooPitOptions, looPit } from "./loo-pit.ts";
export { chainSampler, eachSampler, productSampler, type TargetOf } from "./method-samplers.ts";
export type { DrawsOrMoments, Moments } from "./moments.ts";
export { monteCarloError } from "./monte-carlo-error.ts";
export {
  type Discrepancy,
  type PosteriorPredictive,
  type PosteriorPredictiveOptions,
  posteriorPredictive,
  type Statistic,
} from "./posterior-predictive.ts";
export { predictiveRemarks } from "./predictive-remarks.ts";
export { kHatThreshold, type Psis, type PsisOptions, psis } from "./psis.ts";
export { median, quantile } from "./quantile.ts";
export { rHat, rHatBasic } from "./r-hat.ts";
export { type SamplerWarningsOptions, samplerWarnings } from "./sampler-warnings.ts";
export { calibrationRanks, type SbcParameter, type SbcResult, sbc } from "./sbc.ts";
export { type Calibratedness, type SbcParameterVerdict, type SbcVerdict, sbcVerdict } from "./sbc-verdict.ts";
export {
  type SimulationBasedCalibration,
  type SimulationBasedCalibrationOptions,
  simulateFrom,
  simulationBasedCalibration,
} from "./simulation-based-calibration.ts";
export { type ChainSummary, quantitiesOf, summarizeChains } from "./summarize-chains.ts";
export { type TarpOptions, type TarpResult, tarp } from "./tarp.ts";
export { chiSquareUniform, kolmogorovSmirnov, kolmogorovSmirnovUniform, type TestResult } from "./uniformity.ts";
export { type Waic, waic } from "./waic.ts";
