import { logSumExp, type NdArray, program, random, type Tensor, type Tree } from "@credence/tensor";
import type { Target } from "../model/index.ts";
import { requireSeed } from "../simulate/streams.ts";
import type { VariationalFamily } from "./family.ts";
import { mapRows } from "./map-rows.ts";
import { type Placement, placementOf } from "./starts.ts";

export interface ImportanceWeightedOptions extends Placement {
  readonly seed: number;
  /** K, draws of one weighted mean. */
  readonly samples: number;
  /** Weighted means; 1000 if absent. */
  readonly draws?: number;
  readonly signal?: AbortSignal;
}

/** In nats. */
export interface ImportanceWeightedBound {
  readonly value: number;
  readonly standardError: number;
}

/**
 * The importance-weighted bound L_K = E log (1/K sum over k of p(u_k) / q(u_k)), u_k from q (Burda, Grosse and Salakhutdinov 2016): the ELBO for K = 1, it does not fall
 * as K grows, and tends to the log evidence.
 * @param fit of `fitVariational`, or any family with its parameters
 */
export async function importanceWeightedBound(
  target: Target,
  fit: { readonly family: VariationalFamily; readonly params: unknown },
  options: ImportanceWeightedOptions,
): Promise<ImportanceWeightedBound> {
  const { seed, samples, draws = 1000, signal } = options;
  requireSeed(seed);
  for (const [name, value, least] of [
    ["samples", samples, 1],
    ["draws", draws, 2],
  ] as const)
    if (!(Number.isInteger(value) && value >= least))
      throw new RangeError(`importanceWeightedBound: ${name} must be an integer >= ${least}, got ${value}`);
  const { family } = fit;
  const run = program(
    (params: Tree<Tensor>, key: Tensor) => {
      const noise = random.normal(key, [samples * draws, family.noise], { dtype: "f64" });
      const ratio = mapRows((rows) => {
        const u = family.transform(params, rows);
        return target.logDensity(u).sub(family.logProb(params, u));
      }, noise);
      const means = logSumExp(ratio.reshape([samples, draws]), 0).sub(Math.log(samples));
      return {
        value: means.mean(),
        variance: means
          .sub(means.mean())
          .square()
          .sum()
          .div(draws - 1),
      };
    },
    { ...placementOf(options), name: "importance-weighted bound" },
  );
  const result: { value: NdArray; variance: NdArray } = await run.runAsync(
    [fit.params, Uint32Array.of(seed, 0x69776165)],
    signal ? { signal } : {},
  );
  const [value, variance] = [result.value.item(), result.variance.item()];
  result.value.dispose();
  result.variance.dispose();
  if (!Number.isFinite(value))
    throw new RangeError(`importanceWeightedBound: the bound is ${value}; the log density is not finite at some draws of q`);
  return { value, standardError: Math.sqrt(variance / draws) };
}
