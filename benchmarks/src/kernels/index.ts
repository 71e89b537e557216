import type { Benchmark } from "../measurement.ts";
import { numbers, words } from "../options.ts";
import { elasticity } from "./elasticity.ts";
import { elementwise } from "./elementwise.ts";
import { families } from "./families.ts";
import { overhead } from "./overhead.ts";
import { products } from "./products.ts";

const groups = { products, elementwise, overhead, elasticity, families } as const;

/** One thread: what a core does; the gradient of elasticity on two as well. */
export const kernels: Benchmark = {
  summary: "one operation at a time on one core (and CUDA where it is), against a peer and what the machine can do",
  options: {
    groups: { type: "string", default: Object.keys(groups).join(",") },
    seconds: { type: "string", default: "1" },
  },
  async run(options, emit) {
    for (const group of words(options, "groups", groups)) await groups[group](numbers(options, "seconds")[0]!, emit);
  },
};
