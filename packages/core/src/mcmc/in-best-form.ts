import { array, program, type Tensor } from "@credence/tensor";
import type { Draws, Target } from "../model/index.ts";
import { fitVariational } from "../vi/fit-variational.ts";
import { pathfinder } from "../vi/pathfinder.ts";
import type { ChainOptions } from "./options.ts";

/** What the fits that choose between forms cost: enough to tell a funnel from a bell, and no more. Of two descents, one may end in a poor mode. */
const descents = { count: 2, paths: 2, elboDraws: 8, pathDraws: 50, draws: 1 } as const;
const fits = { family: "mean-field", draws: 128, steps: 200, tolerance: 1e-3, evaluationDraws: 500 } as const;

/**
 * Runs a sampler in the form of the target whose factorised normal has the highest ELBO (Gorinova, Moore and Hoffman 2020), and brings its draws back to
 * the target's own coordinates. Chains with starting points of their own stay in the target's form, which these are given in.
 */
export async function inBestForm(target: Target, options: ChainOptions, run: (target: Target) => Promise<Draws>): Promise<Draws> {
  const { forms } = target;
  if (!forms || options.init) return run(target);
  const noncentred = await bestForm(target, options);
  if (noncentred.length === 0) return run(target);
  const { target: other, back } = forms.noncentred(noncentred);
  const draws = await run(other);
  const place = options.device === undefined ? {} : { device: options.device };
  const returned = program(
    (u: Tensor) => {
      const own = back(u);
      return { unconstrained: own, logDensity: target.logDensity(own) };
    },
    { ...place, name: "draws in the model's own coordinates" },
  );
  const [chains, count, dimension] = draws.unconstrained.shape as [number, number, number];
  using flat = array(draws.unconstrained.data(), { shape: [chains * count, dimension], ...place });
  const { unconstrained, logDensity } = await returned.runAsync([flat]);
  return {
    ...draws,
    noncentred,
    unconstrained: array(unconstrained.data(), { shape: [chains, count, dimension], ...place }),
    logDensity: array(logDensity.data(), { shape: [chains, count], ...place }),
  };
}

/** Which parameters to draw in their non-centred form: all or none of them, whichever is better, less or more each one that improves on it. */
async function bestForm(target: Target, options: ChainOptions): Promise<readonly string[]> {
  const { undecided, noncentred } = target.forms!;
  let best: { readonly names: readonly string[]; readonly elbo: number } = { names: [], elbo: Number.NEGATIVE_INFINITY };
  const consider = async (names: readonly string[]): Promise<void> => {
    const elbo = await elboOf(names.length > 0 ? noncentred(names).target : target, options);
    if (elbo > best.elbo) best = { names, elbo };
  };
  await consider([]);
  await consider(undecided);
  if (undecided.length > 1)
    for (const name of undecided)
      await consider(best.names.includes(name) ? best.names.filter((other) => other !== name) : [...best.names, name]);
  return undecided.filter((name) => best.names.includes(name));
}

async function elboOf(target: Target, { seed, signal, device, threads }: ChainOptions): Promise<number> {
  const common = {
    ...(signal && { signal }),
    ...(device !== undefined && { device }),
    ...(threads !== undefined && { threads }),
  };
  let elbo = Number.NEGATIVE_INFINITY;
  for (let descent = 0; descent < descents.count; descent++) {
    const own = { ...common, seed: (seed + descent) % 2 ** 32 };
    try {
      const found = await pathfinder(target, { ...own, ...descents });
      const { mean } = found.paths.reduce((a, b) => (a.elbo > b.elbo ? a : b));
      const fit = await fitVariational(target, { ...own, ...fits, base: { mean, covariance: found.covariance } });
      elbo = Math.max(elbo, fit.elbo.value);
    } catch (error) {
      // A form that cannot be fitted is not the better one; what is wrong with the model itself is told by the sampler.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return elbo;
}
