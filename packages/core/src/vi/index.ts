export * from "./family.ts";
export { type FlowFamilyParams, flowFamily } from "./flow-family.ts";
export { type FullRankParams, fullRankNormal } from "./full-rank.ts";
export { type LowRankParams, lowRankNormal } from "./low-rank.ts";
export { type MeanFieldParams, meanFieldNormal } from "./mean-field.ts";
