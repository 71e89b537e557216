export type * from "./application.ts";
export * from "./file/index.ts";
export * from "./flow/index.ts";
export * from "./network/index.ts";
export * from "./npe/index.ts";
export * from "./optimize/index.ts";
export * from "./simulate/index.ts";
