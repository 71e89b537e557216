import { dense } from "./dense.ts";
import { flows } from "./flows.ts";
import type { Benchmark } from "./measurement.ts";
import { sbi } from "./sbi/index.ts";

/** Every `npm run bench -- NAME`. */
export const benchmarks: Readonly<Record<string, Benchmark>> = { sbi, flows, dense };
