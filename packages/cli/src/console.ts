import type { ProgressStream } from "./progress.ts";

/** Where a command writes: answers to stdout, everything else to stderr. */
export interface Console {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: ProgressStream;
}
