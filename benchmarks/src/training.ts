import { dense } from "./dense.ts";
import { flows } from "./flows.ts";
import type { Benchmark } from "./measurement.ts";

/** Everything that training is made of: the flows against PyTorch, the dense part against the array libraries of JavaScript too. */
export const training: Benchmark = {
  summary: "training steps and posterior draws: flows against eager PyTorch, dense layers against jax-js and TensorFlow.js too",
  options: { ...dense.options, ...flows.options },
  async run(options, emit) {
    await flows.run(options, emit);
    await dense.run(options, emit);
  },
};
