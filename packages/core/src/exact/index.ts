export * from "./conjugate/index.ts";
export { type LinearGaussianOptions, type LinearGaussianPosterior, linearGaussian } from "./linear-gaussian.ts";
export { type LinearRegression, type LinearRegressionOptions, linearRegression, type RegressionNoise } from "./linear-regression.ts";
export type { NormalPrior, NormalSpread } from "./spread.ts";
export type { Column, Table } from "./table.ts";
