export { collinearWarnings } from "./collinear.ts";
export * from "./conjugate/index.ts";
export * from "./gaussian-process/index.ts";
export { type LinearGaussianOptions, type LinearGaussianPosterior, linearGaussian } from "./linear-gaussian.ts";
export { type LinearRegression, type LinearRegressionOptions, linearRegression, type RegressionNoise } from "./linear-regression.ts";
export { type ProbabilisticPca, type ProbabilisticPcaOptions, probabilisticPca } from "./probabilistic-pca.ts";
export type { NormalPrior, NormalSpread } from "./spread.ts";
export type { Column, Table } from "./table.ts";
export { type TallQr, tallQr } from "./tall-qr.ts";
