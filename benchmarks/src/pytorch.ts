import { pythonPeer } from "./python.ts";

/** Runs `benchmarks/peers/<script>.py` in eager PyTorch with `threads` threads and reads its one JSON line. */
export const pytorch = (script: string, args: readonly string[], threads: number): ReturnType<typeof pythonPeer> =>
  pythonPeer({ peer: "PyTorch, eager", module: "torch", debian: "python3-torch libopenblas0" }, script, args, threads);
