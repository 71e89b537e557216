import { type NativeBuffer, native } from "./native.ts";

/**
 * Small CPU buffers whose arrays were disposed of, for the next results of their size: to make a handle and to let it go costs more than to
 * run a program on it. Few are kept, and only where nothing else may know the handle.
 */
const bytesMax = 4096;
const sparesMax = 256;

const spares = new Map<number, NativeBuffer[]>();
let count = 0;

/** A buffer with any content. */
export function takeBuffer(device: string, bytes: number): NativeBuffer {
  const spare = device === "cpu" && bytes <= bytesMax ? spares.get(bytes)?.pop() : undefined;
  if (!spare) return native().allocate(device, bytes);
  count--;
  return spare;
}

/** Takes back a buffer that nobody else holds. */
export function giveBuffer(buffer: NativeBuffer, device: string, bytes: number): void {
  if (device !== "cpu" || bytes > bytesMax || count === sparesMax) return native().release(buffer);
  count++;
  const list = spares.get(bytes);
  if (list) list.push(buffer);
  else spares.set(bytes, [buffer]);
}
