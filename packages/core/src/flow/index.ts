export * from "./autoregressive.ts";
export * from "./conditional-affine.ts";
export * from "./coupling.ts";
export * from "./element.ts";
export * from "./flow.ts";
export * from "./lu-linear.ts";
export * from "./made.ts";
