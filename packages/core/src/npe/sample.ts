import { array, cast, defaultThreads, type NdArray, program, random, type Tensor } from "@credence/tensor";
import type { Progress } from "../application.ts";
import { concurrent } from "../simulate/concurrent.ts";
import { Random } from "../simulate/random.ts";
import { requireSeed, streams } from "../simulate/streams.ts";
import { type Fitted, rowsOf } from "./fitted.ts";
import type { ModelParams } from "./model.ts";
import type { Scales } from "./prepare.ts";
import { arrange, inputsOf } from "./standardise.ts";
import { fromUnconstrained } from "./unconstrain.ts";

export interface SampleOptions {
  /** An integer in [0, 2^32). The same seed gives the same draws, for any number of threads. */
  readonly seed: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called with phase "sample". */
  readonly onProgress?: Progress;
}

/** Draws of one pass of the program, about: a balance between reuse of the program and waste at the end. */
const drawsPerPass = 4096;
const drawsOfOne = 1024;

/**
 * Draws from the mixture of members for each of many observations. A program draws `n` for each of `m` observations from one member; the
 * member of every draw is random, and passes are repeated until each member has given its share.
 */
export function makeSampler(fitted: Fitted) {
  const { model, embedding, bounds, rowShape, members, weights, scales, device } = fitted;
  const dimension = bounds.length;
  const width = rowShape.reduce((product, extent) => product * extent, 1);
  const programs = new Map<number, ReturnType<typeof passProgram>>();

  /** One pass: theta [m, n, D], f64. */
  const passProgram = (n: number) =>
    program(
      (params: ModelParams, s: Scales, x: Tensor, seed: Tensor, member: Tensor, block: Tensor, pass: Tensor) => {
        const key = [member, block, pass].reduce(random.fold, random.fold(random.key(seed), streams.sample));
        const inputs = inputsOf(arrange(x, embedding.layout), s.x, fitted.shape.missing);
        const z = cast(model.sample(params, key, inputs, n), "f64")
          .mul(s.z.sd)
          .add(s.z.mean);
        const m = x.shape[0]!;
        return fromUnconstrained(z.reshape([m * n, dimension]), bounds).reshape([m, n, dimension]);
      },
      { threads: 1, name: "sample", ...(device !== undefined && { device }) },
    );

  /** values: [count of observations, ...rowShape] -> theta [count of observations, draws, D]. */
  return async (values: Float64Array, draws: number, options: SampleOptions): Promise<Float64Array> => {
    const { seed, threads = defaultThreads(), signal, onProgress } = options;
    requireSeed(seed);
    if (!(Number.isInteger(draws) && draws > 0)) throw new RangeError(`count must be a positive integer, got ${draws}`);
    const observed = values.length / width;
    const memberOf = membersOfDraws(weights, observed * draws, seed);
    const share = Math.max(...weights);
    const expected = members.length === 1 ? draws : share * draws + 6 * Math.sqrt(share * (1 - share) * draws) + 1;
    const n = observed === 1 ? drawsOfOne : Math.min(drawsPerPass, Math.ceil(Math.min(draws, expected)));
    const m = Math.min(observed, Math.max(1, Math.floor(drawsPerPass / n)));
    const blocks = Math.ceil(observed / m);
    if (!programs.has(n)) programs.set(n, passProgram(n));
    const run = programs.get(n)!;

    const theta = new Float64Array(observed * draws * dimension);
    let done = 0;
    const task = async (t: number): Promise<void> => {
      const member = Math.floor(t / blocks);
      const block = t % blocks;
      const first = block * m;
      const rows = Math.min(m, observed - first);
      const x = array(rowsOf(values, width, first, m), { shape: [m, ...rowShape], ...(device !== undefined && { device }) });
      // Where each observation's next draw of this member goes; moves on to the draws that the member owns.
      const cursors = Array.from({ length: rows }, (_, r) => (first + r) * draws);
      const ends = cursors.map((start) => start + draws);
      const advance = (r: number) => {
        while (cursors[r]! < ends[r]! && memberOf[cursors[r]!] !== member) cursors[r]!++;
        return cursors[r]! < ends[r]!;
      };
      for (let pass = 0; cursors.some((_, r) => advance(r)); pass++) {
        const drawn = await run.runAsync(
          [members[member]!, scales, x, word(seed), word(member), word(block), word(pass)],
          signal ? { signal } : {},
        );
        const source = drawn.data();
        drawn.dispose();
        for (let r = 0; r < rows; r++) {
          for (let j = 0; j < n && advance(r); j++, cursors[r]!++, done++) {
            const from = (r * n + j) * dimension;
            for (let d = 0; d < dimension; d++) theta[cursors[r]! * dimension + d] = source[from + d]!;
          }
        }
        onProgress?.("sample", done, observed * draws);
      }
      x.dispose();
    };
    await concurrent(members.length * blocks, threads, task, signal);
    return theta;
  };
}

/** The member that each draw comes from. */
function membersOfDraws(weights: readonly number[], draws: number, seed: number): Uint16Array {
  const memberOf = new Uint16Array(draws);
  if (weights.length === 1) return memberOf;
  const host = new Random(seed, streams.member);
  for (let i = 0; i < draws; i++) {
    let rest = host.uniform();
    let member = 0;
    while (member < weights.length - 1 && rest >= weights[member]!) rest -= weights[member++]!;
    memberOf[i] = member;
  }
  return memberOf;
}

function word(value: number): NdArray {
  return array(Uint32Array.of(value), { shape: [] });
}
