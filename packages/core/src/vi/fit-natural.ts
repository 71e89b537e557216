import { type NdArray, program, random, type Tensor, type Tree } from "@credence/tensor";
import { type FitProblem, type Fitted, inBase } from "./fit-problem.ts";
import { matchedNoise } from "./matched-noise.ts";
import { type NaturalGradientOptions, naturalGradient } from "./natural-gradient.ts";

/**
 * A mean-field or full-rank normal by {@link naturalGradient} alone, over draws that are made once.
 * @throws TypeError for another family
 */
export async function fitNaturalGradient<P extends Tree<Tensor>>(
  problem: FitProblem<P>,
  options: NaturalGradientOptions & { readonly draws: number },
): Promise<Fitted> {
  const { family, placement, signal } = problem;
  const logDensity = (u: Tensor): Tensor => problem.logDensity(u);
  const { draws, tolerance } = options;
  if (family.name !== "mean-field" && family.name !== "full-rank")
    throw new TypeError(
      `method "natural-gradient" is for the mean-field and full-rank families, got ${family.name}; take "lbfgs" or "adam"`,
    );
  const run = program(
    (mean: Tensor, factor: Tensor, key: Tensor) => {
      const base = { mean, factor };
      const noise = matchedNoise(random.fold(key, 2), draws, family.noise);
      const found = naturalGradient(inBase(logDensity, base), noise, family.base, options);
      const placed = family.place(family.place(family.init(key), { mean: found.mean, factor: found.factor }), base);
      return { params: placed, trace: found.trace, value: found.elbo, gradientMax: found.distance };
    },
    { ...placement, name: `${family.name} by natural gradient` },
  );
  const result = await run.runAsync([problem.mean, problem.factor, problem.key], signal ? { signal } : {});
  const { params, ...rest } = result as { params: unknown } & Record<"trace" | "value" | "gradientMax", NdArray>;
  const trace = (rest.trace.data() as Float64Array).filter((value) => !Number.isNaN(value));
  const [value, gradientMax] = [rest.value.item(), rest.gradientMax.item()];
  for (const array of Object.values(rest)) array.dispose();
  return { params, trace, value, gradientMax, converged: gradientMax < 10 * tolerance + 1e-7 };
}
