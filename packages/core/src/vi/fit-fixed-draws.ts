import { any, iota, type NdArray, program, random, type Tensor, type Tree, where, whileLoop, zeros } from "@credence/tensor";
import { type LbfgsState, lbfgs, lbfgsStatus } from "../optimize/lbfgs.ts";
import { meanGradient } from "../optimize/mean-gradient.ts";
import { packing } from "../optimize/pack.ts";
import type { FitProblem, Fitted } from "./fit-problem.ts";
import { matchedNoise } from "./matched-noise.ts";

export interface FixedDrawsOptions {
  readonly draws: number;
  /** Steps at most. */
  readonly steps: number;
  /** The fit is done when no component of the gradient exceeds this. */
  readonly tolerance: number;
}

/**
 * The highest ELBO over draws that are made once: with these fixed, the ELBO is an ordinary function of the parameters, and L-BFGS climbs it to rounding (Giordano,
 * Ingram and Broderick 2024). The draws match the first two moments of the normal, so that for a normal target the function is the exact ELBO.
 */
export async function fitFixedDraws<P extends Tree<Tensor>>(problem: FitProblem<P>, options: FixedDrawsOptions): Promise<Fitted> {
  const { family, logDensity, placement, signal } = problem;
  const { draws, steps, tolerance } = options;
  const entropy = family.entropy;
  if (!entropy) throw new TypeError(`method "lbfgs" needs a family whose entropy has a closed form, got ${family.name}; take "adam"`);
  const run = program(
    (mean: Tensor, factor: Tensor, key: Tensor) => {
      const base = { mean, factor };
      const initial = family.init(random.fold(key, 1));
      const layout = packing(initial);
      const noise = matchedNoise(random.fold(key, 2), draws, family.noise);
      const loss = meanGradient((vector: Tensor, rows: Tensor) => {
        const params = layout.unpack(vector);
        return logDensity(family.transform(params, rows), base).mean().add(entropy(params)).neg();
      });
      const method = lbfgs(
        (x) => {
          const [value, gradient] = loss(x.squeeze(0), noise);
          return [value.expandDims(0), gradient.expandDims(0)];
        },
        { gradientTolerance: tolerance },
      );
      type Walk = { readonly state: LbfgsState; readonly trace: Tensor; readonly number: Tensor };
      const { state, trace } = whileLoop(
        ({ state }: Walk) => any(state.status.equal(lbfgsStatus.running)),
        ({ state, trace, number }: Walk): Walk => {
          const next = method.step(state);
          return { state: next, trace: where(iota([steps]).equal(number), next.value.neg(), trace), number: number.add(1) };
        },
        { state: method.init(layout.pack(initial).expandDims(0)), trace: zeros([steps], "f64").add(Number.NaN), number: zeros([], "i32") },
        { maxIterations: steps },
      );
      return {
        params: family.place(layout.unpack(state.position.squeeze(0)), base),
        trace,
        value: state.value.neg(),
        gradientMax: state.gradient.abs().max(),
        status: state.status,
      };
    },
    { ...placement, name: `${family.name} by L-BFGS` },
  );
  const result = await run.runAsync([problem.mean, problem.factor, problem.key], signal ? { signal } : {});
  const { params, ...rest } = result as { params: unknown } & Record<"trace" | "value" | "gradientMax" | "status", NdArray>;
  const trace = (rest.trace.data() as Float64Array).filter((value) => !Number.isNaN(value));
  const [value, gradientMax, status] = [rest.value.item(), rest.gradientMax.item(), rest.status.item()];
  for (const array of Object.values(rest)) array.dispose();
  return { params, trace, value, gradientMax, converged: status === lbfgsStatus.converged || gradientMax < 100 * tolerance + 1e-7 };
}
