import type { Benchmark } from "../measurement.ts";
import { twinUpdates } from "./twin.ts";

export const elasticity: Benchmark = {
  summary: "a digital twin of an elastic plate, reading by reading",
  options: {},
  async run(_, emit) {
    emit(await twinUpdates());
  },
};
