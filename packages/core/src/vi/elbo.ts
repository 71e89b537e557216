import { type NdArray, program, random, type Tensor, type Tree, where } from "@credence/tensor";
import { psis } from "../check/psis.ts";
import { describePoint, faultyParts } from "../model/faulty-parts.ts";
import type { Target } from "../model/index.ts";
import { controlledMean, quadraticControl, sampleMean } from "./expectation.ts";
import type { VariationalFamily } from "./family.ts";
import { mapRows } from "./map-rows.ts";
import { matchedNoise } from "./matched-noise.ts";
import { type Placement, placementOf } from "./starts.ts";

/** The evidence lower bound of a fit, in nats: value = reconstruction - regularisation. */
export interface Elbo {
  readonly value: number;
  /** Monte Carlo error of the value. */
  readonly standardError: number;
  /** E_q log likelihood where that is known apart, else E_q of the log density. */
  readonly reconstruction: number;
  /** KL(q || prior) where the likelihood is known apart, else E_q log q, minus the entropy. */
  readonly regularisation: number;
}

/** What fresh draws say of an approximation. */
export interface Evaluation {
  readonly elbo: Elbo;
  /** Of the weights p / q; -Infinity where all are the same. */
  readonly kHat: number;
  /** log p - log q at the fresh draws; -Infinity where there is no mass. */
  readonly logRatios: Float64Array;
  readonly warnings: readonly string[];
}

export interface EvaluateOptions extends Placement {
  readonly seed: number;
  /** Fresh draws; 4000 if absent. */
  readonly draws?: number;
  /** log p(data | u) of every row, [n, D] -> [n], for the split of the ELBO. Traced. */
  readonly logLikelihood?: (u: Tensor) => Tensor;
  readonly signal?: AbortSignal;
  /** Whose name errors bear; `evaluateFit` if absent. */
  readonly owner?: string;
}

/** Numbers of noise up to which the quadratic that is taken away has all its products, and not only its squares. */
const matchedMax = 1024;

/** Share of draws at which the log density may be NaN before that is an error. */
const lostShare = 0.01;

/**
 * The ELBO of q by fresh draws: the mean of log p - log q, with what is quadratic in it taken exactly, and Pareto-smoothed k-hat of the weights.
 * @throws RangeError where the log density is NaN at more than one draw in a hundred, with one of them
 */
export async function evaluateFit<P extends Tree<Tensor>>(
  target: Target,
  family: VariationalFamily<P>,
  params: unknown,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { seed, draws = 4000, logLikelihood, signal, owner = "evaluateFit" } = options;
  if (!(Number.isInteger(draws) && draws >= 1)) throw new RangeError(`${owner}: draws must be an integer >= 1, got ${draws}`);
  const run = program(
    (at: P, key: Tensor) => {
      const ratio = (noise: Tensor): Tensor => {
        const u = family.transform(at, noise);
        return target.logDensity(u).sub(family.logProb(at, u));
      };
      const matched = matchedNoise(random.fold(key, 0), family.noise > matchedMax ? 256 : Math.max(256, 2 * family.noise), family.noise);
      const fresh = random.normal(random.fold(key, 1), [draws, family.noise], { dtype: "f64" });
      const values = mapRows((noise) => {
        const u = family.transform(at, noise);
        const logProb = family.logProb(at, u);
        const logDensity = target.logDensity(u);
        return { u, logProb, logDensity, ratio: logDensity.sub(logProb), ...(logLikelihood && { logLikelihood: logLikelihood(u) }) };
      }, fresh);
      const elbo = controlledMean(values.ratio, fresh, quadraticControl(ratio, matched));
      const entropy = family.entropy?.(at) ?? sampleMean(where(values.ratio.equal(values.ratio), values.logProb, Number.NaN)).value.neg();
      const reconstruction = logLikelihood
        ? controlledMean(
            values.logLikelihood!,
            fresh,
            quadraticControl((noise) => logLikelihood(family.transform(at, noise)), matched),
          ).value
        : elbo.value.sub(entropy);
      return { ...elbo, reconstruction, ratio: values.ratio, logProb: values.logProb, u: values.u };
    },
    { ...placementOf(options), name: "elbo" },
  );
  const result = (await run.runAsync([params, Uint32Array.of(seed, 0x656c626f)], signal ? { signal } : {})) as Record<string, NdArray>;
  const read = (name: string): Float64Array => {
    const values = result[name]!.data() as Float64Array;
    result[name]!.dispose();
    return values;
  };
  const ratios = read("ratio");
  const logProbs = read("logProb");
  const points = read("u");
  const [value, standardError, reconstruction] = ["value", "standardError", "reconstruction"].map((name) => read(name)[0]!);
  const warnings: string[] = [];
  const { dimension, coordinates } = target;
  const lost = [...ratios.keys()].filter((i) => Number.isNaN(ratios[i]!) || ratios[i] === Number.POSITIVE_INFINITY);
  if (lost.length > 0) {
    const u = points.subarray(lost[0]! * dimension, (lost[0]! + 1) * dimension);
    if (!Number.isFinite(logProbs[lost[0]!]))
      throw new RangeError(
        `${owner}: the fit has lost its digits: its own log density is ${logProbs[lost[0]!]} at ${describePoint(coordinates, u)}, as where the target is flat in some direction; give every parameter a proper prior, or data that tell combinations of them apart`,
      );
    const found = `the log density is no number at ${lost.length} of ${draws} draws from the fit, for one at ${describePoint(coordinates, u)}`;
    if (lost.length > lostShare * draws)
      throw new RangeError(`${owner}: ${found}${await faultyParts(target, u, options.device)}; check the model there`);
    warnings.push(`${found}; they are left out of the ELBO`);
  }
  for (const i of lost) ratios[i] = Number.NEGATIVE_INFINITY;
  const empty = ratios.filter((ratio) => ratio === Number.NEGATIVE_INFINITY).length - lost.length;
  if (empty > 0)
    warnings.push(
      `${empty} of ${draws} draws from the fit lie where the target has no mass, so that its ELBO is -Infinity; the one given leaves them out`,
    );
  return {
    elbo: { value: value!, standardError: standardError!, reconstruction: reconstruction!, regularisation: reconstruction! - value! },
    kHat: empty + lost.length === draws ? Number.POSITIVE_INFINITY : psis(ratios).kHat,
    logRatios: ratios,
    warnings,
  };
}
