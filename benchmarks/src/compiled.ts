import { execFile, execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { PeerTiming, Seconds } from "./measurement.ts";

const folder = fileURLToPath(new URL("../peers/", import.meta.url));
const built = fileURLToPath(new URL("../../node_modules/.cache/credence/peers/", import.meta.url));

interface Source {
  /** `benchmarks/peers/<name>.cpp`. */
  readonly name: "sgemm" | "limits";
  readonly libraries?: readonly string[];
  /** Shown where it does not compile: what is probably missing. */
  readonly needs: string;
}

/** A peer in C++, compiled for this machine on first use. */
function compiled({
  name,
  libraries = [],
  needs,
}: Source): (peer: string, args: readonly string[], threads: number) => Promise<PeerTiming> {
  let program: string | Error | undefined;
  const make = (): string | Error => {
    const out = join(built, name);
    mkdirSync(built, { recursive: true });
    const options = ["-std=c++17", "-O3", "-march=native", "-ffp-contract=fast"];
    try {
      execFileSync("c++", [...options, join(folder, `${name}.cpp`), "-o", out, ...libraries.map((library) => `-l${library}`)], {
        stdio: "pipe",
      });
      return out;
    } catch (error) {
      const { stderr, message } = error as Error & { stderr?: Buffer };
      return new Error(
        `${
          String(stderr ?? message)
            .trim()
            .split("\n")[0]
        }; ${needs}`,
      );
    }
  };
  return async (peer, args, threads) => {
    program ??= make();
    if (program instanceof Error) return { peer, threads, note: program.message };
    const { stdout } = await promisify(execFile)(program, args, { env: { ...process.env, OMP_NUM_THREADS: String(threads) } });
    const { seconds, version } = JSON.parse(stdout) as { seconds: Seconds; version: string };
    return { peer: version, threads, seconds };
  };
}

const sgemm = compiled({ name: "sgemm", libraries: ["dnnl"], needs: "apt-get install libdnnl-dev" });
const limits = compiled({ name: "limits", needs: "a C++17 compiler is needed" });

/** oneDNN's f32 product alone: C[m, n] = A B, or with A stored transposed. */
export function oneDnnProduct(
  { m, n, k, transposed = false }: { m: number; n: number; k: number; transposed?: boolean },
  seconds: number,
): Promise<PeerTiming> {
  return sgemm("oneDNN sgemm", [transposed ? "T" : "N", ...[m, n, k, seconds].map(String)], 1);
}

/** A copy of `bytes` by one core. */
export const copy = (bytes: number, seconds: number): Promise<PeerTiming> => limits("memcpy", ["copy", String(bytes), String(seconds)], 1);

let fma: Promise<PeerTiming> | undefined;

/** Seconds that one core needs at least for `operations` f32 multiplications and additions; measured once. */
export async function arithmeticLimit(operations: number): Promise<number | undefined> {
  fma ??= limits("multiply and add", ["fma", "0.5"], 1);
  const { seconds } = await fma;
  return seconds && (seconds.min * operations) / 2e6;
}
