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
export { initNuts, type NutsState, type NutsTuning, stepNuts } from "./nuts.ts";
export { leavesOf } from "./nuts-leaves.ts";
export type { ChainOptions } from "./options.ts";
export { type PosteriorChainsOptions, posteriorChains } from "./posterior-chains.ts";
export { type Chains, type MetropolisOptions, metropolis } from "./run-metropolis.ts";
export { type NutsOptions, nuts } from "./run-nuts.ts";
