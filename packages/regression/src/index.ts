export { type EstimatesPosterior, estimatesPosterior } from "./estimates-oracle.ts";
export { type Columns, completeRows, type Features, type FeaturesOptions, featuresOf } from "./features.ts";
export { type LinearModel, type LinearPrior, linearModel } from "./linear.ts";
export { type LogisticModel, type LogisticPrior, logisticModel } from "./logistic.ts";
export { gaussianMixtureModel, type MixturePrior, mixtureDraws } from "./mixture.ts";
export {
  type EstimatesData,
  type EstimatesOptions,
  estimatesModel,
  type MultilevelData,
  type MultilevelModel,
  type MultilevelOptions,
  multilevelModel,
} from "./multilevel.ts";
export { type MultilevelPosterior, multilevelPosterior } from "./multilevel-oracle.ts";
export { type MultitaskData, type MultitaskOptions, multitaskModel } from "./multitask.ts";
export { type OutcomeKind, outcomeOf } from "./outcome.ts";
export { type PoissonModel, type PoissonPrior, poissonModel } from "./poisson.ts";
export type { RegressionData, RegressionModel } from "./regression-model.ts";
export { application } from "./reproduce.ts";
export { type RobustPrior, robustModel } from "./robust.ts";
export { separationWarning } from "./separation.ts";
export { type Surprise, type SurpriseOptions, surpriseOf } from "./surprise.ts";
export { type Combination, sayCombination, type Tilt, tiltOf } from "./tilt.ts";
