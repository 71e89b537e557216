export { type FitGaussianProcessOptions, type FittedGaussianProcess, fitGaussianProcess } from "./fit-gaussian-process.ts";
export { type GaussianProcess, type GaussianProcessOptions, gaussianProcess } from "./gaussian-process.ts";
export { type Kernel, productOfKernels, sumOfKernels } from "./kernel.ts";
export {
  linearKernel,
  matern12,
  matern32,
  matern52,
  type PeriodicOptions,
  periodic,
  type StationaryOptions,
  squaredExponential,
} from "./stationary.ts";
