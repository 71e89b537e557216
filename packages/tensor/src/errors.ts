/** Where the user's own code called, as " (file:line)": the first stack frame outside this package and Node. */
export function callerLine(): string {
  const here = new URL(".", import.meta.url).pathname;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = limit;
  for (const frame of frames) {
    const place = /(?:file:\/\/)?(\/[^():]+|[A-Z]:[^():]+):(\d+):\d+\)?$/.exec(frame);
    if (!place || frame.includes("node:") || frame.includes("/node_modules/")) continue;
    if (place[1]!.startsWith(here) && !place[1]!.includes(".test.")) continue;
    return ` (${place[1]}:${place[2]})`;
  }
  return "";
}

/** Two shapes do not fit the operation. The message names the operation, the shapes and the caller's line. */
export class ShapeError extends RangeError {
  override readonly name = "ShapeError";
  readonly code = "ERR_SHAPE";
  constructor(message: string) {
    super(message + callerLine());
  }
}

/** An element type does not fit the operation. The message names the operation, the types and the caller's line. */
export class DTypeError extends TypeError {
  override readonly name = "DTypeError";
  readonly code = "ERR_DTYPE";
  constructor(message: string) {
    super(message + callerLine());
  }
}

/** An operation was used where it has no meaning: outside a program, or a derivative that does not exist. */
export class TraceError extends Error {
  override readonly name = "TraceError";
  readonly code = "ERR_TRACE";
  constructor(message: string) {
    super(message + callerLine());
  }
}

/** A device that was asked for is not there, or its memory does not suffice. The message lists the devices that are. */
export class DeviceError extends RangeError {
  override readonly name = "DeviceError";
  readonly code = "ERR_DEVICE";
}

/** A program failed while it ran (an index outside its table, a cancelled run). */
export class RunError extends Error {
  override readonly name = "RunError";
  readonly code: "ERR_RUN" | "ERR_CANCELLED";
  constructor(message: string, code: "ERR_RUN" | "ERR_CANCELLED" = "ERR_RUN") {
    super(message);
    this.code = code;
  }
}
