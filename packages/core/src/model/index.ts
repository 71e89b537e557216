export type { Data } from "./data.ts";
export type { Draws } from "./draws.ts";
export type { Likelihood, ObservationInfo } from "./likelihood.ts";
export { type Model, type ModelOptions, model, type ParameterInfo } from "./model.ts";
export { type Observed, observed } from "./observed.ts";
export type { ParameterPrior, Values } from "./slot.ts";
export type { Target } from "./target.ts";
