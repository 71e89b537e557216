export * from "./deep-set.ts";
export { type DropoutNoise, dropout } from "./dropout.ts";
export * from "./linear.ts";
export * from "./mlp.ts";
export type { Activation, Network } from "./network.ts";
export * from "./recurrent.ts";
export * from "./residual.ts";
