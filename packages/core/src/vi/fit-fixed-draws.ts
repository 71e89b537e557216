import { concat, type NdArray, program, random, type Tensor, type Tree } from "@credence/tensor";
import { approach } from "./approach.ts";
import { type ClimbOptions, climb } from "./climb.ts";
import { type FitProblem, type Fitted, inBase } from "./fit-problem.ts";
import { matchedNoise } from "./matched-noise.ts";

/**
 * The highest ELBO over draws that are made once (Giordano, Ingram and Broderick 2024): {@link approach}, then {@link climb}. The draws match the first two
 * moments of the normal, so that for a normal target their ELBO is the exact one.
 * @throws TypeError for a family without a closed form of the entropy
 */
export async function fitFixedDraws<P extends Tree<Tensor>>(
  problem: FitProblem<P>,
  options: ClimbOptions & { readonly draws: number },
): Promise<Fitted> {
  const { family, placement, signal } = problem;
  const logDensity = (u: Tensor): Tensor => problem.logDensity(u);
  if (!family.entropy)
    throw new TypeError(`method "lbfgs" needs a family whose entropy has a closed form, got ${family.name}; take "adam"`);
  const run = program(
    (mean: Tensor, factor: Tensor, key: Tensor) => {
      const near = approach(family, logDensity, { mean, factor }, random.fold(key, 3));
      const noise = matchedNoise(random.fold(key, 2), options.draws, family.noise);
      const found = climb(family, inBase(logDensity, near.base), family.init(random.fold(key, 1)), noise, options);
      const { value, gradientMax, converged } = found;
      return {
        params: family.place(found.params, near.base),
        trace: concat([near.trace, found.startValue, found.trace]),
        value,
        gradientMax,
        converged,
      };
    },
    { ...placement, name: `${family.name} by L-BFGS` },
  );
  const result = await run.runAsync([problem.mean, problem.factor, problem.key], signal ? { signal } : {});
  const { params, ...rest } = result as { params: unknown } & Record<"trace" | "value" | "gradientMax" | "converged", NdArray>;
  const trace = (rest.trace.data() as Float64Array).filter((value) => !Number.isNaN(value));
  const [value, gradientMax, converged] = [rest.value.item(), rest.gradientMax.item(), rest.converged.item()];
  for (const array of Object.values(rest)) array.dispose();
  return { params, trace, value, gradientMax, converged: converged > 0 };
}
