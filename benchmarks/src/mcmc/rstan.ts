import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { ChainDraws } from "@credence/core";

const peers = fileURLToPath(new URL("../../peers/", import.meta.url));

/** A run of rstan. Seconds are those of the chains themselves, shared out over the cores: neither compilation nor R counts. */
export interface StanRun {
  readonly version: string;
  readonly seconds: { readonly warmup: number; readonly draws: number };
  /** Gradient evaluations of all chains together, after the warm-up. */
  readonly gradients: number;
  /** One array a chain of every quantity. */
  readonly draws: readonly ChainDraws[];
}

export interface StanOptions {
  readonly chains: number;
  readonly cores: number;
  readonly warmup: number;
  readonly draws: number;
}

/**
 * Runs `peers/<model>.stan` by Debian's r-cran-rstan. Its compiled model, which takes a minute, is kept under the system's temporary folder.
 * @param data as `peers/mcmc.R` reads it
 * @returns a sentence that says why where it cannot run here
 */
export async function rstan(model: "logistic" | "eight_schools", data: Float64Array, options: StanOptions): Promise<StanRun | string> {
  const cache = join(tmpdir(), "credence-rstan");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "credence-rstan-run-"));
  const [input, output] = [join(folder, "data"), join(folder, "draws")];
  try {
    writeFileSync(input, data);
    const { chains, cores, warmup, draws } = options;
    const args = [join(peers, "mcmc.R"), model, input, cache, output, ...[chains, cores, warmup, draws].map(String)];
    const { stdout } = await promisify(execFile)("Rscript", args, { maxBuffer: 1 << 24 });
    const told = JSON.parse(stdout.trim().split("\n").at(-1)!) as Told;
    const values = new Float64Array(readFileSync(output).buffer.slice(0, 8 * told.quantities * draws * chains));
    const total = (seconds: readonly number[]): number => seconds.reduce((sum, s) => sum + s, 0) / Math.min(cores, chains);
    return {
      version: told.version,
      seconds: { warmup: total(told.warmupSeconds), draws: total(told.drawsSeconds) },
      gradients: told.gradients,
      draws: Array.from({ length: told.quantities }, (_, q) =>
        Array.from({ length: chains }, (_, c) =>
          Float64Array.from({ length: draws }, (_, i) => values[(c * draws + i) * told.quantities + q]!),
        ),
      ),
    };
  } catch (error) {
    const { code, stderr, message } = error as Error & { code?: string; stderr?: string };
    if (code === "ENOENT") return "there is no Rscript; apt-get install r-cran-rstan";
    const last = (stderr ?? "").trim().split("\n").at(-1) || message;
    return /no package called .rstan/.test(stderr ?? "") ? "R has no rstan; apt-get install r-cran-rstan" : `rstan: ${last}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Told {
  readonly version: string;
  readonly quantities: number;
  readonly gradients: number;
  readonly warmupSeconds: readonly number[];
  readonly drawsSeconds: readonly number[];
}
