import {
  any,
  concat,
  iota,
  logicalAnd,
  type NdArray,
  program,
  random,
  type Tensor,
  type Tree,
  where,
  whileLoop,
  zeros,
} from "@credence/tensor";
import { type LbfgsState, lbfgs, lbfgsStatus } from "../optimize/lbfgs.ts";
import { meanGradient } from "../optimize/mean-gradient.ts";
import { packing } from "../optimize/pack.ts";
import type { Base } from "./family.ts";
import type { FitProblem, Fitted } from "./fit-problem.ts";
import { factorOf, placeFactor, standardFactor } from "./full-rank.ts";
import { matchedNoise } from "./matched-noise.ts";
import { naturalGradient } from "./natural-gradient.ts";

/**
 * Nats that a step gains, in a running mean, below which a family with a flat valley stops: loadings of a low-rank normal can turn among themselves, and L-BFGS
 * would follow them for a thousand steps that no Monte Carlo error of an ELBO could show.
 */
const idleGain = 1e-7;

export interface FixedDrawsOptions {
  readonly draws: number;
  /** Steps at most. */
  readonly steps: number;
  /** The fit is done when no component of the gradient exceeds this. */
  readonly tolerance: number;
}

/**
 * The highest ELBO over draws that are made once: with these fixed, the ELBO is an ordinary function of the parameters, and L-BFGS climbs it to rounding (Giordano,
 * Ingram and Broderick 2024). The draws match the first two moments of the normal, so that for a normal target the function is the exact ELBO. {@link naturalGradient} brings it near first.
 */
export async function fitFixedDraws<P extends Tree<Tensor>>(problem: FitProblem<P>, options: FixedDrawsOptions): Promise<Fitted> {
  const { family, logDensity, placement, signal } = problem;
  const { draws, steps, tolerance } = options;
  const flat = family.noise > family.dimension;
  const entropy = family.entropy;
  if (!entropy) throw new TypeError(`method "lbfgs" needs a family whose entropy has a closed form, got ${family.name}; take "adam"`);
  const run = program(
    (mean: Tensor, factor: Tensor, key: Tensor) => {
      const { base, trace: approached } = approach(problem, { mean, factor }, random.fold(key, 3));
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
      const first = method.init(layout.pack(initial).expandDims(0));
      type Walk = { readonly state: LbfgsState; readonly trace: Tensor; readonly number: Tensor; readonly gain: Tensor };
      const { state, trace, gain } = whileLoop(
        ({ state, gain }: Walk) => logicalAnd(any(state.status.equal(lbfgsStatus.running)), gain.greater(idleGain)),
        ({ state, trace, number, gain }: Walk): Walk => {
          const next = method.step(state);
          return {
            state: next,
            trace: where(iota([steps]).equal(number), next.value.neg(), trace),
            number: number.add(1),
            gain: flat ? gain.mul(0.9).add(state.value.sub(next.value).mul(0.1).squeeze(0)) : gain,
          };
        },
        { state: first, trace: zeros([steps], "f64").add(Number.NaN), number: zeros([], "i32"), gain: zeros([], "f64").add(1) },
        { maxIterations: steps },
      );
      return {
        params: family.place(layout.unpack(state.position.squeeze(0)), base),
        trace: concat([approached, first.value.neg(), trace]),
        value: state.value.neg(),
        gradientMax: state.gradient.abs().max(),
        status: state.status,
        gain,
      };
    },
    { ...placement, name: `${family.name} by L-BFGS` },
  );
  const result = await run.runAsync([problem.mean, problem.factor, problem.key], signal ? { signal } : {});
  const { params, ...rest } = result as { params: unknown } & Record<"trace" | "value" | "gradientMax" | "status" | "gain", NdArray>;
  const trace = (rest.trace.data() as Float64Array).filter((value) => !Number.isNaN(value));
  const [value, gradientMax, status, gain] = [rest.value, rest.gradientMax, rest.status, rest.gain].map((t) => t.item()) as [
    number,
    number,
    number,
    number,
  ];
  for (const array of Object.values(rest)) array.dispose();
  return {
    params,
    trace,
    value,
    gradientMax,
    converged: status === lbfgsStatus.converged || gradientMax < 100 * tolerance + 1e-7 || gain <= idleGain,
  };
}

/**
 * A base near the optimum, by the natural gradient, which does not mind how the target is scaled: L-BFGS from there has little left to do, in coordinates where all
 * directions are alike. A mean-field or low-rank normal takes the scales of its coordinates from it.
 */
function approach<P extends Tree<Tensor>>(
  { family, logDensity }: FitProblem<P>,
  base: Base,
  key: Tensor,
): { readonly base: Base; readonly trace: Tensor } {
  const { dimension } = family;
  const noise = matchedNoise(key, Math.max(approachDraws, 2 * dimension), dimension);
  const found = naturalGradient((v) => logDensity(v, base), noise, family.base, { steps: approachSteps, tolerance: 1e-3 });
  const at = placeFactor(placeFactor(standardFactor(dimension), { mean: found.mean, factor: found.factor }), base);
  return { base: { mean: at.location, factor: factorOf(at) }, trace: found.trace };
}

const approachDraws = 256;
const approachSteps = 30;
