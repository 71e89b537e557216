export type { PredictiveMoments } from "./predictive.ts";
