// The addon itself, and a plan written word by word: what the tests of the native door share.
import { createRequire } from "node:module";

export const path = createRequire(import.meta.url).resolve("../build/Release/credence.node");

export interface Handle {
  readonly handle: unique symbol;
}

export interface Addon {
  planVersion(): number;
  opcodes(): Record<"steps" | "monoids" | "rows" | "instructions", Record<string, number>>;
  devices(): { name: string; kind: string; instructionSet: string; cores: number; memoryBytes: number }[];
  allocate(device: string, bytes: number): Handle;
  release(buffer: unknown): void;
  byteLength(buffer: unknown): number;
  write(buffer: unknown, byteOffset: number, array: unknown): void;
  read(buffer: unknown, byteOffset: number, array: unknown): void;
  compile(device: string, plan: unknown): Handle;
  releaseExecutable(executable: unknown): void;
  createControl(): Handle;
  cancel(control: unknown): void;
  progress(control: unknown): number;
  run(executable: unknown, inputs: unknown, outputs: unknown, threads: unknown): void;
  runAsync(executable: unknown, inputs: unknown, outputs: unknown, threads: unknown, control?: unknown): Promise<void>;
}

export const native = createRequire(import.meta.url)(path) as Addon;
const { instructions, steps } = native.opcodes();
const code = (table: Record<string, number>, name: string): number => {
  const found = table[name];
  if (found === undefined) throw new Error(`no opcode ${name}`);
  return found;
};
const instruction = (kind: string, body: number[]): number[] => [code(instructions, kind), body.length + 2, ...body];

/** `trips` times: work <- work + x; then y = work. Input x, output y, of `count` f32 each. */
export function summingPlan(trips: number, count = 16): Uint32Array {
  const bytes = 4 * count;
  const slot = (kind: number): number[] => [kind, 0, 0, 0, bytes, 0, 0, 0];
  const slots = [...slot(1), ...slot(2), ...slot(0)];
  const [x, y, work] = [0, 1, 2];
  const view = (register: number, at: number): number[] => [register, 0, at, 0, 1];
  const cluster = (loads: number[][], steps: number[][], stores: number[][]): number[] =>
    instruction("cluster", [1, 1, loads.length, 3, steps.length, stores.length, count, ...loads.flat(), ...steps.flat(), ...stores.flat()]);
  const body = cluster([view(0, x), view(1, work)], [[code(steps, "add"), 0, 2, 0, 1, 0]], [view(2, work)]);
  const words = [
    ...cluster([], [[code(steps, "constant"), 0, 0, 0, 0, 0]], [view(0, work)]),
    ...instruction("barrier", []),
    ...instruction("loop", [0, trips, 0, 0, body.length, ...body]),
    ...cluster([view(0, work)], [], [view(0, y)]),
  ];
  return Uint32Array.from([0x4e445243, native.planVersion(), 3, words.length, bytes, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, ...slots, ...words]);
}

export const forever = 0xffffffff;
