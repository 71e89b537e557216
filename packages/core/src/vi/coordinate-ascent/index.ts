export {
  type Ascent,
  AscentError,
  type AscentOptions,
  type CoordinateAscentMethod,
  coordinateAscent,
  type ElboPart,
} from "./ascend.ts";
export { type GaussianMixture, type GaussianMixtureOptions, gaussianMixture } from "./gaussian-mixture.ts";
export { type NormalMeanField, type NormalMeanFieldOptions, normalMeanField } from "./normal-mean-field.ts";
export { type VariationalLinear, type VariationalLinearOptions, variationalLinear } from "./variational-linear.ts";
export { type VariationalLogistic, type VariationalLogisticOptions, variationalLogistic } from "./variational-logistic.ts";
