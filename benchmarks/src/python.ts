import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PeerTiming, Seconds } from "./measurement.ts";

const folder = fileURLToPath(new URL("../peers/", import.meta.url));

/** What a script of `benchmarks/peers` needs, and what it is called where it cannot run. */
export interface PythonPeer {
  readonly peer: string;
  /** The module that a Python must have. */
  readonly module: string;
  /** The Debian package of it. */
  readonly debian: string;
}

const found = new Map<string, string | undefined>();

/** The first Python that imports the module: CREDENCE_PEER_PYTHON, the one on the path, the system's. */
function pythonWith(module: string): string | undefined {
  if (!found.has(module))
    found.set(
      module,
      [process.env.CREDENCE_PEER_PYTHON, "python3", "/usr/bin/python3"].find((candidate) => {
        if (!candidate) return false;
        try {
          execFileSync(candidate, ["-c", `import ${module}`], { stdio: "ignore" });
          return true;
        } catch {
          return false;
        }
      }),
    );
  return found.get(module);
}

/** Runs `benchmarks/peers/<script>.py` with `threads` threads and reads its one JSON line. */
export function pythonPeer(
  { peer, module, debian }: PythonPeer,
  script: string,
  args: readonly string[],
  threads: number,
): Promise<PeerTiming & { version?: string }> {
  const python = pythonWith(module);
  if (!python)
    return Promise.resolve({
      peer,
      threads,
      note: `no python3 imports ${module}; apt-get install ${debian}, or name one in CREDENCE_PEER_PYTHON`,
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
