import { elasticity } from "./elasticity/index.ts";
import { gravity } from "./gravity/index.ts";
import { kernels } from "./kernels/index.ts";
import { mcmc } from "./mcmc/index.ts";
import type { Benchmark } from "./measurement.ts";
import { posteriordb } from "./posteriordb/index.ts";
import { sbi } from "./sbi/index.ts";
import { training } from "./training.ts";

/** Every `npm run bench -- NAME`. */
export const benchmarks: Readonly<Record<string, Benchmark>> = { kernels, training, sbi, mcmc, posteriordb, gravity, elasticity };
