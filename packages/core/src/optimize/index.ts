export * from "./adam.ts";
export * from "./average.ts";
export * from "./clip.ts";
export * from "./mean-gradient.ts";
export * from "./pack.ts";
export * from "./schedule.ts";
