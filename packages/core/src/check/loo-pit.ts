import type { NdArray } from "@credence/tensor";
import { Random } from "../simulate/random.ts";
import { listed, logLikelihoodColumns } from "./elpd.ts";
import { weightsWithout } from "./loo.ts";
import { kolmogorovSmirnovUniform, type TestResult } from "./uniformity.ts";

export interface LooPitOptions {
  /** log p(y_i | theta_s), [chains, draws, N]. */
  readonly logLikelihood: NdArray;
  /** A datum drawn anew at each draw, [chains, draws, N]. */
  readonly replicated: NdArray;
  /** [N] */
  readonly observed: NdArray | ArrayLike<number>;
  readonly names?: readonly string[];
  /** Spreads the values of counts, which would be in steps. */
  readonly seed?: number;
}

export interface LooPit {
  readonly names: readonly string[];
  /** P(replicated <= observed given the other data), [N]: uniform where the model predicts each datum as it should. */
  readonly values: Float64Array;
  readonly kolmogorovSmirnov: TestResult;
  /** Plain sentences; empty where nothing was found. */
  readonly remarks: readonly string[];
}

/**
 * Leave-one-out probability integral transform (Gelfand, Dey and Chang 1992; Gabry et al. 2019): where in the prediction of it from all
 * other data each datum lies, by the weights of `loo`. No datum judges itself, so uniform is uniform. Values between a handful of data are
 * nearly independent.
 * @throws RangeError for shapes that do not fit each other, or numbers that are not finite
 */
export function looPit(options: LooPitOptions): LooPit {
  const { logLikelihood, replicated, seed = 0 } = options;
  const data = logLikelihoodColumns("looPit", logLikelihood, options.names);
  const { names, chains, draws } = data;
  const count = names.length;
  const observed = "data" in options.observed ? options.observed.data() : options.observed;
  if (replicated.shape.join() !== logLikelihood.shape.join() || observed.length !== count)
    throw new RangeError(
      `looPit: expected replicated data [${logLikelihood.shape.join(", ")}] and ${count} observed, got [${replicated.shape.join(", ")}] and ${observed.length}`,
    );
  const drawn = replicated.data();
  const random = new Random(seed);
  const values = Float64Array.from({ length: count }, (_, i) => {
    const { logWeights } = weightsWithout(data.column(i), data);
    const target = observed[i]!;
    let below = 0;
    let equal = 0;
    for (let s = 0; s < chains * draws; s++) {
      const value = drawn[s * count + i]!;
      if (!Number.isFinite(value) || !Number.isFinite(target))
        throw new RangeError(`looPit: expected finite numbers, got ${target} observed and ${value} replicated of ${names[i]}`);
      if (value < target) below += Math.exp(logWeights[s]!);
      else if (value === target) equal += Math.exp(logWeights[s]!);
    }
    return Math.min(1, below + (equal > 0 ? equal * random.uniform() : 0));
  });
  const kolmogorovSmirnov = kolmogorovSmirnovUniform(values);
  const extreme = names.filter((_, i) => Math.min(values[i]!, 1 - values[i]!) < 0.005 / count);
  const spread = values.reduce((sum, u) => sum + (u - 0.5) ** 2, 0) / count;
  const remarks = [
    ...(kolmogorovSmirnov.pValue < 0.01 ? [`Predictions of single data are ${wrongness(spread, values)}: ${advice}`] : []),
    ...(extreme.length > 0
      ? [
          `${listed(extreme)} lie where the model, given all other data, would hardly have any: check them, or use a likelihood with heavier tails.`,
        ]
      : []),
  ];
  return { names, values, kolmogorovSmirnov, remarks };
}

const advice = "the likelihood lacks something that the data have (spread, tails, a trend).";

/** The second moment about 1/2 is 1/12 where uniform; the mean is 1/2. */
function wrongness(spread: number, values: Float64Array): string {
  const z = (spread - 1 / 12) / Math.sqrt(1 / 180 / values.length);
  const mean = values.reduce((sum, u) => sum + u / values.length, 0);
  const shift = (mean - 0.5) / Math.sqrt(1 / 12 / values.length);
  if (Math.abs(shift) > Math.abs(z)) return shift > 0 ? "too low" : "too high";
  return z > 0 ? "too narrow" : "too wide";
}
