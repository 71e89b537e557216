export { adaptChees, type CheesTuning, cheesSteps, initChees } from "./chees.ts";
export { type Blocks, type BlockUpdate, fixSweep, initSweep, type JointDensity, type SweepTuning, sweep } from "./gibbs.ts";
export { type HmcInfo, type HmcState, type HmcTuning, initHmc, stepHmc } from "./hmc.ts";
export {
  adaptMetropolis,
  bestAcceptance,
  initMetropolis,
  initTuning,
  type LogDensity,
  type MetropolisInfo,
  type MetropolisState,
  type MetropolisTuning,
  type Propose,
  randomWalk,
  stepFactor,
  stepMetropolis,
  stepMetropolisHastings,
} from "./metropolis.ts";
export { initNuts, type NutsInfo, type NutsState, type NutsTuning, standing, stepNuts } from "./nuts.ts";
export type { ChainOptions } from "./options.ts";
export { type PosteriorChainsOptions, posteriorChains, posteriorTarget } from "./posterior-chains.ts";
export { type CheesOptions, chees } from "./run-chees.ts";
export { type GibbsOptions, gibbs } from "./run-gibbs.ts";
export { type HmcOptions, hmc } from "./run-hmc.ts";
export { type MetropolisOptions, metropolis, type WalkTuning } from "./run-metropolis.ts";
export { type NutsOptions, nuts } from "./run-nuts.ts";
