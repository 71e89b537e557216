export { type CensusDesign, countMaxFor } from "./design.ts";
export { type MaximumLikelihood, maximumLikelihood } from "./maximum-likelihood.ts";
export { birthDeathParameters, type RateName, type RatePriors, type Rates, rateNames } from "./model.ts";
export { covariance, mean, type Stationary, stationary, variance } from "./moments.ts";
export { type CountSeries, logLikelihood, type OracleOptions, samplePosterior } from "./oracle.ts";
export { type RateScale } from "./quasi-likelihood.ts";
export { censusSimulator, simulateCounts, simulateEvents } from "./simulator.ts";
export { rateScale, summarize, summaryNames } from "./summary.ts";
