// What a call costs besides its arithmetic: one number through programs of one instruction and of many.
import type { Tensor } from "@credence/tensor";
import type { Seconds } from "../measurement.ts";
import { pytorch } from "../pytorch.ts";
import { type Emit, measure, uniform } from "./kernel.ts";

const instructions = 101;

/** A product is an instruction of its own, whatever stands beside it. */
const products = (n: number) => (x: Tensor) => Array.from({ length: n }).reduce((h: Tensor) => h.matmul(x), x);

export async function overhead(seconds: number, emit: Emit): Promise<void> {
  const peer = (budget: number) => pytorch("ops", ["neg", "--size", "1", "--budget", String(budget)], 1);
  const x = uniform([1, 1]);
  await measure({ name: "run", size: "one op", compute: (h) => h!.neg(), args: [x], peer, secondsMax: 2e-6 }, seconds, emit);

  let one: Seconds | undefined;
  const product = (budget: number) => pytorch("ops", ["product", "--size", "1", "--budget", String(budget)], 1);
  await measure({ name: "run", size: "one product", compute: products(1) as never, args: [x], peer: product }, seconds, (m) => {
    if (m.device === "cpu") one = m.seconds;
    emit(m);
  });
  await measure(
    {
      name: "further instruction",
      size: "1 x 1 product",
      compute: products(instructions) as never,
      args: [x],
      peer: product,
      secondsMax: 100e-9,
    },
    seconds,
    (m) => {
      if (m.device !== "cpu") return;
      const further = (time: number): number => (time - one!.median) / (instructions - 1);
      emit({ ...m, seconds: { min: further(m.seconds.min), median: further(m.seconds.median), max: further(m.seconds.max) } });
    },
  );
}
