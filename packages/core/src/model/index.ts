export type { Draws } from "./draws.ts";
export type { Target } from "./target.ts";
