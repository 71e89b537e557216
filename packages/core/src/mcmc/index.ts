export {
  adaptMetropolis,
  bestAcceptance,
  initMetropolis,
  initTuning,
  type LogDensity,
  type MetropolisInfo,
  type MetropolisState,
  type MetropolisTuning,
  stepFactor,
  stepMetropolis,
} from "./metropolis.ts";
export { type PosteriorChainsOptions, posteriorChains } from "./posterior-chains.ts";
export { type Chains, type MetropolisOptions, metropolis } from "./run-metropolis.ts";
