import { dense } from "./dense.ts";
import { flows } from "./flows.ts";
import type { Benchmark } from "./measurement.ts";

/** Every `npm run bench -- NAME`. */
export const benchmarks: Readonly<Record<string, Benchmark>> = { flows, dense };
