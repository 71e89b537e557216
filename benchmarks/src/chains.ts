import { type Draws, effectiveSampleSize, quantitiesOf, type Target } from "@credence/core";

/** What the samplers of @credence/core have in common. */
export type Sampler<O> = (
  target: Target,
  options: O & { readonly onProgress: (progress: { readonly phase: "warmup" | "draws" }) => void },
) => Promise<Draws>;

/** A run of a sampler and what it took. */
export interface Timed {
  readonly draws: Draws;
  /** Tracing is part of the warm-up; what is said of the draws afterwards, R-hat and the like, is `checks`. */
  readonly seconds: { readonly warmup: number; readonly draws: number; readonly checks: number };
  /** Gradient evaluations of all chains together, after the warm-up. */
  readonly gradients: number;
}

export async function timeChains<O>(sampler: Sampler<O>, target: Target, options: O): Promise<Timed> {
  const begin = performance.now();
  let [warm, drawn] = [begin, begin];
  const draws = await sampler(target, {
    ...options,
    onProgress: ({ phase }) => {
      drawn = performance.now();
      if (phase === "warmup") warm = drawn;
    },
  });
  const seconds = { warmup: (warm - begin) / 1e3, draws: (drawn - warm) / 1e3, checks: (performance.now() - drawn) / 1e3 };
  return { draws, seconds, gradients: total(draws, "n_steps") };
}

/** A statistic of all draws of all chains, added up. */
export function total({ stats }: Draws, name: string): number {
  const values = stats[name];
  if (!values) throw new Error(`the sampler says nothing of ${name}; it says ${Object.keys(stats).join(", ")}`);
  return Array.from(values.data()).reduce((sum, value) => sum + value, 0);
}

/** The smallest bulk effective sample size of the first `count` quantities. */
export const leastEss = (draws: Draws, count: number): number =>
  Math.min(
    ...quantitiesOf(draws.draws)
      .slice(0, count)
      .map((chains) => effectiveSampleSize(chains, "bulk")),
  );
