import { array, cast, concat, type NdArray, program, random, repeat, scan, type Tensor } from "@credence/tensor";
import { samplerWarnings } from "../check/sampler-warnings.ts";
import { componentNames } from "../distribution/components.ts";
import type { Draws } from "../model/index.ts";
import { type Blocks, type BlockUpdate, fixSweep, initSweep, type JointDensity, type SweepTuning, sweep } from "./gibbs.ts";
import { type ChainOptions, checkedOptions } from "./options.ts";

export interface GibbsOptions extends Pick<ChainOptions, "chains" | "thin" | "seed" | "threads" | "device" | "signal" | "onProgress"> {
  /** log of the joint density of all blocks, up to a constant, [n]. Traced, in f64. */
  readonly logDensity: JointDensity;
  /** One sweep: which block is drawn how, in this order. Every block must be named at least once. */
  readonly updates: readonly BlockUpdate[];
  /** Where n chains start, each block [n, d], spread wider than the target; a function of the key. Traced. */
  readonly initial: (key: Tensor, n: number) => Blocks;
  /** Sweeps that tune what is not drawn exactly, and are thrown away; 500 if absent. */
  readonly warmup?: number;
  /** 1,000 if absent. */
  readonly draws?: number;
}

/**
 * Draws by a Gibbs sampler over many chains, in one program: blocks with a known distribution given the others are drawn from it, the others by steps of
 * Metropolis, HMC or NUTS on that block alone. Names of the draws are the blocks', `mu`, or `theta[0]`, `theta[1]` where one has more numbers.
 *
 *     gibbs({
 *       logDensity: ({ mu, logVariance }) => ...,
 *       updates: [{ block: "mu", draw: (key, { logVariance }) => ... }, { block: "logVariance", by: "nuts" }],
 *       initial: (key, n) => ({ mu: ..., logVariance: ... }),
 *       seed: 1,
 *     });
 * @throws TypeError, RangeError for blocks and updates that do not fit each other, or a start without density, with the name of the block
 */
export async function gibbs(options: GibbsOptions): Promise<Draws> {
  const { logDensity, updates, initial, signal, onProgress } = options;
  const { chains, warmup, draws, thin, seed, threads = 1, place } = checkedOptions("gibbs", { ...options, warmup: options.warmup ?? 500 });
  const placement = { threads, ...place };
  const begin = program(
    (key: Tensor) => {
      const blocks = initial(key, chains);
      checkBlocks(blocks, updates, chains);
      return { blocks, logDensity: logDensity(blocks) };
    },
    { ...placement, name: "gibbs: start" },
  );
  using startKey = array(Uint32Array.of(seed, 0x73746172), place);
  const start = (await begin.runAsync([startKey])) as unknown as { blocks: Record<string, NdArray>; logDensity: NdArray };
  checkStart(start, chains);

  const run = program(
    (given: Blocks, key: Tensor) => {
      const at = (number: Tensor, stage: number): Tensor => random.fold(random.fold(key, stage), number);
      type Warm = { readonly blocks: Blocks; readonly tuning: SweepTuning };
      const warm: Warm = repeat(
        warmup,
        ({ blocks, tuning }: Warm, number: Tensor): Warm => {
          const [next, tuned] = sweep(logDensity, updates, at(number, 0), blocks, tuning, { number, adapting: true });
          return { blocks: next, tuning: tuned };
        },
        { blocks: given, tuning: initSweep(updates, given) },
      );
      const tuning = fixSweep(warm.tuning);
      type Carry = { readonly blocks: Blocks; readonly number: Tensor };
      const step = ({ blocks, number }: Carry): Carry => {
        const [next] = sweep(logDensity, updates, at(number, 1), blocks, tuning, { number, adapting: false });
        return { blocks: next, number: number.add(1) };
      };
      const [, kept] = scan(
        (carry: Carry) => {
          const next = repeat(thin, step, carry);
          return [next, { position: concat(Object.values(next.blocks), -1), logDensity: logDensity(next.blocks) }] as const;
        },
        { blocks: warm.blocks, number: cast(0, "i32") },
        undefined,
        { length: draws },
      );
      return { position: kept.position.transpose([1, 0, 2]), logDensity: kept.logDensity.T };
    },
    { ...placement, name: "gibbs" },
  );
  using key = array(Uint32Array.of(seed, 0), place);
  const out = await run.runAsync([start.blocks, key], {
    ...(signal && { signal }),
    ...(onProgress && {
      onProgress: (turns: number) =>
        onProgress(
          turns < warmup ? { phase: "warmup", done: turns, total: warmup } : { phase: "draws", done: turns - warmup, total: draws },
        ),
    }),
  });
  const names = Object.entries(start.blocks).flatMap(([name, block]) =>
    block.shape[1] === 1 ? [name] : componentNames(name, [block.shape[1]!]),
  );
  const made = {
    names,
    draws: out.position,
    unconstrained: array(out.position.data(), { shape: out.position.shape, ...place }),
    logDensity: out.logDensity,
    stats: {},
  };
  return { ...made, warnings: samplerWarnings(made) };
}

function checkBlocks(blocks: Blocks, updates: readonly BlockUpdate[], chains: number): void {
  const names = Object.keys(blocks);
  for (const [name, block] of Object.entries(blocks))
    if (block.shape.length !== 2 || block.shape[0] !== chains || block.dtype !== "f64")
      throw new RangeError(`gibbs: the block ${name} must start as f64 [${chains}, d], got ${block.dtype} [${block.shape.join(", ")}]`);
  for (const { block } of updates)
    if (!names.includes(block)) throw new RangeError(`gibbs: an update is for the block ${block}; there are ${names.join(", ")}`);
  const never = names.filter((name) => !updates.some(({ block }) => block === name));
  if (never.length > 0) throw new RangeError(`gibbs: no update is for the block ${never.join(", ")}, which would stay where it starts`);
}

function checkStart(start: { blocks: Record<string, NdArray>; logDensity: NdArray }, chains: number): void {
  for (const [name, block] of Object.entries(start.blocks)) {
    const lost = block.data().findIndex((value) => !Number.isFinite(value));
    if (lost >= 0)
      throw new RangeError(`gibbs: the block ${name} of chain ${Math.floor(lost / block.shape[1]!) + 1} starts at ${block.data()[lost]}`);
  }
  if (start.logDensity.shape.join() !== `${chains}`)
    throw new RangeError(`gibbs: logDensity must give shape [${chains}], got [${start.logDensity.shape.join(", ")}]`);
  const lost = start.logDensity.data().findIndex((value) => !Number.isFinite(value));
  if (lost >= 0)
    throw new RangeError(`gibbs: chain ${lost + 1} starts at a log density of ${start.logDensity.data()[lost]}; start inside the support`);
}
