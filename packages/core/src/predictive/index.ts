export type { ClassPredictive } from "./binary.ts";
export { type McDropoutDrawsOptions, type McDropoutOptions, mcDropout, mcDropoutDraws } from "./mc-dropout.ts";
export type { PredictiveMoments } from "./predictive.ts";
export { splitEntropy } from "./split-entropy.ts";
export { type PredictiveDraws, splitVariance, totalVariance } from "./split-variance.ts";
