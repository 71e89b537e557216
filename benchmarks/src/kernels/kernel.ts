import { array, devices, type NdArray, program, type Shape, type Tensor } from "@credence/tensor";
import type { Measurement, PeerTiming } from "../measurement.ts";
import { count } from "../options.ts";
import { time } from "../timing.ts";

/** One operation at one size. */
export interface Kernel {
  readonly name: string;
  readonly size: string;
  readonly compute: (...args: Tensor[]) => Tensor | readonly Tensor[];
  readonly args: readonly Argument[];
  /** How many units of work one call of `compute` does; 1 unless given. */
  readonly units?: number;
  /** CPU threads; 1 unless given. */
  readonly threads?: number;
  /** Runs the peer's unit of work for about that long. */
  readonly peer: (seconds: number) => Promise<PeerTiming>;
  readonly bar?: number;
  readonly secondsMax?: number;
  readonly limit?: Measurement["limit"];
}

interface Argument {
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array | Int32Array;
}

export type Emit = (measurement: Measurement) => void;

/** A line for the CPU and one for every CUDA device; the bars are the CPU's. */
export async function measure(kernel: Kernel, seconds: number, emit: Emit): Promise<void> {
  const { name, size, units = 1, threads = 1, bar, secondsMax, limit } = kernel;
  const peer = await kernel.peer(seconds);
  for (const { name: device } of devices()) {
    const args = kernel.args.map(({ shape, data }) => array(data, { shape, device }));
    const run = program(kernel.compute, { device, threads, name }) as (...args: NdArray[]) => NdArray | readonly NdArray[];
    const call = (): void => {
      for (const result of [run(...args)].flat() as NdArray[]) {
        if (device !== "cpu") result.data(); // waits for the device
        result.dispose();
      }
    };
    const ours = await time(call, { seconds, unitsPerCall: units });
    for (const arg of args) arg.dispose();
    const promises = device === "cpu" ? { ...(bar && { bar }), ...(secondsMax && { secondsMax }), ...(limit && { limit }) } : {};
    emit({ name, size, device, threads, seconds: ours, peer, ...promises });
  }
}

/** Numbers in [-scale, scale) whose sums and products are all different: a linear congruential generator. */
export function uniform(shape: Shape, scale = 1): Argument & { readonly data: Float32Array } {
  let state = 1;
  const size = shape.reduce((product, extent) => product * extent, 1);
  const data = Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return scale * (state / 2 ** 31 - 1);
  });
  return { shape, data };
}

/** An even number of turns of a loop around work of `seconds`, so that one call takes about 20 ms. */
export const turnsFor = (seconds: number): number => 2 * count(Math.min(0.01 / seconds, 5000));
