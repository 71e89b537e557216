import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PeerTiming, Seconds } from "./measurement.ts";

const folder = fileURLToPath(new URL("../peers/", import.meta.url));

/** The first Python that imports torch: CREDENCE_PEER_PYTHON, the one on the path, the system's. */
const python: string | undefined = [process.env.CREDENCE_PEER_PYTHON, "python3", "/usr/bin/python3"].find((candidate) => {
  if (!candidate) return false;
  try {
    execFileSync(candidate, ["-c", "import torch"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

/** Runs `benchmarks/peers/<script>.py` in eager PyTorch with `threads` threads and reads its one JSON line. */
export function pytorch(script: string, args: readonly string[], threads: number): Promise<PeerTiming & { version?: string }> {
  const peer = "PyTorch, eager";
  if (!python)
    return Promise.resolve({
      peer,
      threads,
      note: "no python3 imports torch; apt-get install python3-torch, or name one in CREDENCE_PEER_PYTHON",
    });
  // OpenBLAS threads of its own would fight with torch's for the same cores.
  const env = { ...process.env, OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: "1", PYTHONDONTWRITEBYTECODE: "1" };
  return new Promise((resolve) => {
    execFile(python, [`${script}.py`, ...args, "--threads", String(threads)], { cwd: folder, env }, (error, stdout, stderr) => {
      if (error) return resolve({ peer, threads, note: stderr.trim().split("\n").at(-1) || error.message });
      const { seconds, version } = JSON.parse(stdout) as { seconds: Seconds; version: string };
      resolve({ peer: version.split(",")[0] ?? peer, threads, seconds, version });
    });
  });
}
