export type { Failure } from "./block.ts";
export * from "./errors.ts";
export type { FunctionSimulator } from "./function-simulator.ts";
export type { Prior } from "./prior.ts";
export type { ProgramSimulator } from "./program-simulator.ts";
export * from "./random.ts";
export * from "./simulate.ts";
