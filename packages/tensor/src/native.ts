import { createRequire } from "node:module";
import type { TypedArray } from "./dtype.ts";

/** Memory on a device, an executable plan, and the switch of a run. All are opaque here; native code checks their type tags. */
export interface NativeBuffer {
  readonly kind?: "buffer";
}
export interface NativeExecutable {
  readonly kind?: "executable";
}
export interface NativeControl {
  readonly kind?: "control";
}

export interface DeviceInfo {
  readonly name: string;
  readonly kind: "cpu" | "cuda";
  readonly description: string;
  readonly instructionSet?: string;
  readonly cores?: number;
  readonly memoryBytes: number;
}

export interface Opcodes {
  readonly steps: Readonly<Record<string, number>>;
  readonly monoids: Readonly<Record<string, number>>;
  readonly rows: Readonly<Record<string, number>>;
  readonly instructions: Readonly<Record<string, number>>;
}

/** The whole native surface; native/addon exports exactly these. */
export interface Native {
  planVersion(): number;
  opcodes(): Opcodes;
  devices(): DeviceInfo[];
  allocate(device: string, bytes: number): NativeBuffer;
  release(buffer: NativeBuffer): void;
  byteLength(buffer: NativeBuffer): number;
  write(buffer: NativeBuffer, byteOffset: number, data: TypedArray): void;
  read(buffer: NativeBuffer, byteOffset: number, out: TypedArray): void;
  compile(device: string, plan: Uint32Array): NativeExecutable;
  releaseExecutable(executable: NativeExecutable): void;
  createControl(): NativeControl;
  cancel(control: NativeControl): void;
  progress(control: NativeControl): number;
  run(executable: NativeExecutable, inputs: NativeBuffer[], outputs: NativeBuffer[], threads: number): void;
  runAsync(
    executable: NativeExecutable,
    inputs: NativeBuffer[],
    outputs: NativeBuffer[],
    threads: number,
    control: NativeControl | undefined,
  ): Promise<void>;
}

/** The native binary is missing, does not load or is of another version. The message lists every place that was tried. */
export class NativeLoadError extends Error {
  override readonly name = "NativeLoadError";
  readonly code = "ERR_NATIVE_LOAD";
}

/** The form of plans that this package writes: native/include/credence/plan.hpp. */
export const planVersion = 2;

const target = `${process.platform}-${process.arch}`;

/** A local build wins over the prebuilt package. Either one carries every backend. */
const candidates = ["@credence/native/credence.node", `@credence/tensor-${target}/credence.node`];

export function load(require: (id: string) => unknown = createRequire(import.meta.url)): Native {
  const tried: string[] = [];
  for (const candidate of candidates) {
    try {
      const binary = require(candidate) as Native;
      const takes = binary.planVersion();
      if (takes === planVersion) return binary;
      tried.push(`  ${candidate}: takes plans of version ${takes}, expected ${planVersion}; it was built from other sources`);
    } catch (error) {
      tried.push(`  ${candidate}: ${(error as Error).message.split("\n", 1)[0]}`);
    }
  }
  throw new NativeLoadError(
    `No native binary for ${target} (node ${process.version}). Tried:\n${tried.join("\n")}\n` +
      `Possible solutions:\n  npm run build -w @credence/native   (needs CMake and a C++20 compiler)\n  npm install --include=optional @credence/tensor`,
  );
}

let loaded: Native | undefined;

/** The binary, loaded on first use so that importing the package never fails. */
export function native(): Native {
  loaded ??= load();
  return loaded;
}
