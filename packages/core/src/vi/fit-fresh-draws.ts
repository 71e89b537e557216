import {
  arange,
  logSumExp,
  type NdArray,
  program,
  random,
  scan,
  softmax,
  stopGradient,
  type Tensor,
  type Tree,
  tree,
  valueAndGrad,
} from "@credence/tensor";
import { type AdamState, adam } from "../optimize/adam.ts";
import { packing } from "../optimize/pack.ts";
import { cosineRate } from "../optimize/schedule.ts";
import { type FitProblem, type Fitted, inBase } from "./fit-problem.ts";

export interface FreshDrawsOptions {
  /** Draws of a step. */
  readonly draws: number;
  readonly steps: number;
  readonly learningRate: number;
  /** K of the importance-weighted bound, 1 for the ELBO. */
  readonly importanceSamples: number;
}

/** log p(u) as one step sees it, with a key of its own for the rows of data that it may draw. */
export type StepDensity = (u: Tensor, key: Tensor) => Tensor;

/**
 * Adam (Kingma and Ba 2015) on the bound with new draws at every step. The gradient goes along the draws only, q's own parameters in log q held still (Roeder, Wu and Duvenaud
 * 2017, "Sticking the landing"): where q is the target, every draw's gradient is zero, and steps end there without noise. For K > 1 the draws of a group weigh
 * as the squares of their normalised weights: the doubly reparameterised gradient of Tucker, Lawson, Gu and Maddison (2019).
 */
export async function fitFreshDraws<P extends Tree<Tensor>>(
  problem: FitProblem<P> & { readonly stepDensity?: StepDensity },
  options: FreshDrawsOptions,
): Promise<Fitted> {
  const { family, placement, signal, onProgress } = problem;
  const { draws, steps, learningRate, importanceSamples } = options;
  const density: StepDensity = problem.stepDensity ?? ((u) => problem.logDensity(u));
  const run = program(
    (mean: Tensor, factor: Tensor, key: Tensor) => {
      const base = { mean, factor };
      const initial = family.init(random.fold(key, 1));
      const layout = packing(initial);
      const optimiser = adam<Tensor>({ learningRate: cosineRate({ rate: learningRate, steps }), clipNorm: 1e3 });
      const loss = valueAndGrad(
        (vector: Tensor, stepKey: Tensor): [Tensor, Tensor] => {
          const params = layout.unpack(vector);
          const noise = random.normal(random.fold(stepKey, 0), [draws * importanceSamples, family.noise], { dtype: "f64" });
          const v = family.transform(params, noise);
          const still = tree.map((t: Tensor) => stopGradient(t), params as Tree<Tensor>) as P;
          const ratio = inBase((u) => density(u, random.fold(stepKey, 1)), base)(v).sub(family.logProb(still, v));
          if (importanceSamples === 1) return [ratio.mean().neg(), ratio.mean()];
          const groups = ratio.reshape([draws, importanceSamples]);
          const weights = stopGradient(softmax(groups, 1)).square();
          return [weights.mul(groups).sum(1).mean().neg(), logSumExp(groups, 1).mean().sub(Math.log(importanceSamples))];
        },
        { hasAux: true },
      );
      type Walk = { readonly vector: Tensor; readonly state: AdamState<Tensor>; readonly last: Tensor };
      const start = layout.pack(initial);
      const [end, trace] = scan(
        ({ vector, state }: Walk, number: Tensor): [Walk, Tensor] => {
          const [[, bound], gradient] = loss(vector, random.fold(random.fold(key, 3), number));
          const next = optimiser.step(state, vector, gradient);
          return [{ vector: next.params, state: next.state, last: gradient.abs().max() }, bound];
        },
        { vector: start, state: optimiser.init(start), last: start.sum().mul(0) },
        arange(steps),
      );
      return { params: family.place(layout.unpack(end.vector), base), trace, gradientMax: end.last, taken: end.state.count };
    },
    { ...placement, name: `${family.name} by Adam` },
  );
  const result = await run.runAsync([problem.mean, problem.factor, problem.key], {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const { params, ...rest } = result as { params: unknown } & Record<"trace" | "gradientMax" | "taken", NdArray>;
  const trace = rest.trace.data() as Float64Array;
  const [gradientMax, taken] = [rest.gradientMax.item(), rest.taken.item()];
  for (const array of Object.values(rest)) array.dispose();
  return { params, trace, value: trace.at(-1)!, gradientMax, converged: taken > 0.9 * steps && settled(trace) };
}

/** Whether the last tenth of a trace lies no higher than the tenth before it, beyond its noise. */
function settled(trace: Float64Array): boolean {
  const tenth = Math.floor(trace.length / 10);
  if (tenth < 5) return true;
  const statistics = (values: Float64Array) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return { mean, variance: values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length ** 2 };
  };
  const last = statistics(trace.subarray(trace.length - tenth));
  const before = statistics(trace.subarray(trace.length - 2 * tenth, trace.length - tenth));
  const rise = last.mean - before.mean;
  return !(rise > 0.05 && rise > 4 * Math.sqrt(last.variance + before.variance));
}
