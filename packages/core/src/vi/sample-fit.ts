import { array, program, random, type Tensor, type Tree } from "@credence/tensor";
import type { Draws, Target } from "../model/index.ts";
import { requireSeed } from "../simulate/streams.ts";
import { drawsAt } from "./draws-at.ts";
import type { VariationalFamily } from "./family.ts";
import { type Placement, placementOf } from "./starts.ts";

/** A stream of its own: "draw". */
const streamOfDraws = 0x64726177;

/** `n` independent draws of q as one chain, with log p - log q of each in `stats.log_ratio`. */
export async function sampleFit(
  target: Target,
  family: VariationalFamily,
  params: unknown,
  n: number,
  options: Placement & { readonly seed: number; readonly warnings: readonly string[]; readonly signal?: AbortSignal },
): Promise<Draws> {
  requireSeed(options.seed);
  if (!(Number.isInteger(n) && n >= 1)) throw new RangeError(`sample: n must be an integer >= 1, got ${n}`);
  const run = program(
    (at: Tree<Tensor>, key: Tensor) => {
      const u = family.transform(at, random.normal(key, [n, family.noise], { dtype: "f64" }));
      return { u, logProb: family.logProb(at, u) };
    },
    { ...placementOf(options), name: `draws of ${family.name}` },
  );
  const drawn = await run.runAsync([params, Uint32Array.of(options.seed, streamOfDraws)], options.signal ? { signal: options.signal } : {});
  using u = drawn.u;
  using logProb = drawn.logProb;
  const draws = await drawsAt(target, u, options);
  const own = logProb.data();
  const ratios = Float64Array.from(draws.logDensity.data(), (value, i) => value - own[i]!);
  return { ...draws, stats: { log_ratio: array(ratios, { shape: [1, n] }) } };
}
