import { availableParallelism } from "node:os";
import { DeviceError } from "./errors.ts";
import { type DeviceInfo, native } from "./native.ts";

/** The devices of this machine: always `cpu`, and `cuda:0`, `cuda:1`, ... where a driver and a card are found. */
export const devices = (): readonly DeviceInfo[] => native().devices();

const present = new Set<string>();

/** `name` if such a device is here. Throws `DeviceError`, naming those that are, and why there is no GPU: nothing falls back in silence. */
export function checkDevice(name: string): string {
  if (present.has(name)) return name;
  try {
    native().release(native().allocate(name, 0));
  } catch (error) {
    throw new DeviceError((error as Error).message);
  }
  present.add(name);
  return name;
}

let threads: number | undefined;

/** How many threads a program uses unless told: `CREDENCE_THREADS`, else the cores of the machine. */
export function defaultThreads(): number {
  if (threads !== undefined) return threads;
  const given = process.env.CREDENCE_THREADS;
  const count = given === undefined ? availableParallelism() : Number(given);
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`CREDENCE_THREADS must be an integer >= 1, got "${given}"`);
  threads = count;
  return count;
}
