import { array, matmul, matrixTranspose, type NdArray, program, type Tensor, type Tree } from "@credence/tensor";
import { improperAlong, improperSentence } from "../check/improper-along.ts";
import type { Draws, Target } from "../model/index.ts";
import { requireTarget } from "../model/require-target.ts";
import { requireSeed } from "../simulate/streams.ts";
import { type NormalBase, type PlacedBase, placeBase } from "./base.ts";
import { type Elbo, evaluateFit } from "./elbo.ts";
import type { VariationalFamily } from "./family.ts";
import { type FamilyChoice, familyOf } from "./family-choice.ts";
import { fitFixedDraws } from "./fit-fixed-draws.ts";
import { fitFreshDraws } from "./fit-fresh-draws.ts";
import { fitNaturalGradient } from "./fit-natural.ts";
import type { FitProblem, Fitted } from "./fit-problem.ts";
import { kHatLimit, kHatWarning } from "./k-hat-warning.ts";
import { minibatchDensity, type SeparatedTarget, separated } from "./minibatch.ts";
import { sampleFit } from "./sample-fit.ts";
import { type Placement, placementOf } from "./starts.ts";

export interface VariationalOptions extends Placement {
  readonly family: FamilyChoice;
  readonly seed: number;
  /**
   * `"lbfgs"`: L-BFGS over fixed draws, for normals, and what they take if absent; `"natural-gradient"`: for the mean-field and full-rank normal, one step where the model is
   * conjugate; `"adam"`: new draws at every step, what flows take, and what minibatches and the importance-weighted bound need.
   */
  readonly method?: "lbfgs" | "natural-gradient" | "adam";
  /** Fixed draws (16 for each number of noise, 512 to 2048 of them), or draws of a step of Adam (64). Fixed ones are even. */
  readonly draws?: number;
  /** Steps at most: 1000, or 2000 of Adam. */
  readonly steps?: number;
  /** Largest gradient component, in standard units, at which a fit over fixed draws is done; 1e-9 if absent. */
  readonly tolerance?: number;
  /** Of Adam, at the start; it falls to 0 along a cosine. 0.01 if absent. */
  readonly learningRate?: number;
  /** K of the importance-weighted bound (Burda, Grosse and Salakhutdinov 2016) that Adam climbs in place of the ELBO; 1 if absent. */
  readonly importanceSamples?: number;
  /** Rows of the data that a step of Adam sees, for a model with data given row by row; all if absent. */
  readonly batchSize?: number;
  /** The normal to start from; the best one of Pathfinder if absent. */
  readonly base?: NormalBase;
  /** Fresh draws that the ELBO and k-hat are estimated with; 4000 if absent. */
  readonly evaluationDraws?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly phase: string; readonly done: number; readonly total: number }) => void;
}

/** An approximation q of a target, in its unconstrained coordinates. */
export interface VariationalFit {
  readonly family: VariationalFamily;
  /** Of the family: a tree of f64 NdArrays. */
  readonly params: unknown;
  readonly coordinates: readonly string[];
  /** Mean [D] and covariance [D, D] of q: closed form for normals, from the evaluation's draws for flows. */
  readonly mean: Float64Array;
  readonly covariance: NdArray;
  /** By fresh draws, in nats: value = reconstruction - regularisation. */
  readonly elbo: Elbo;
  /** The bound at every step of the fit. */
  readonly trace: Float64Array;
  readonly converged: boolean;
  /** Of the importance weights p / q, by Pareto smoothing. Above 0.7, q misses part of the target. */
  readonly kHat: number;
  /** Plain sentences about what should not be trusted; empty if nothing was found. */
  readonly warnings: readonly string[];
  /** `n` independent draws as one chain; `stats.log_ratio` holds log p - log q, the log weights that correct them. */
  sample(n: number, options: { readonly seed: number; readonly signal?: AbortSignal }): Promise<Draws>;
}

/** A scale or a shift this many times that of the base is on its way to infinity. */
const divergedAt = 1e10;

/**
 * Variational inference: the member q of a family with the highest evidence lower bound E_q[log p(u) - log q(u)], which is log evidence minus KL(q || p).
 *
 *     const fit = await fitVariational(target, { family: "full-rank", seed: 1 });
 *     fit.elbo.value; // at most the log evidence
 *     const draws = await fit.sample(1000, { seed: 2 });
 *
 * For a target that tells its likelihood apart (`model` does), the ELBO's split is E log likelihood minus KL(q || prior), else E log p plus entropy. The fit is one
 * program. A normal family on a normal target is found to rounding.
 * @throws RangeError for options that make no sense; where the log density is not finite; where it is improper, so that the ELBO grows without bound, with the
 *   name of the coordinate
 */
export async function fitVariational(target: Target, options: VariationalOptions): Promise<VariationalFit> {
  requireTarget("fitVariational", target, options, "family, seed");
  const { seed, signal, onProgress } = options;
  requireSeed(seed);
  const family = familyOf(options.family, target.dimension);
  const method = options.method ?? (family.name === "flow" ? "adam" : "lbfgs");
  const settings = settingsOf(options, method, family, target);
  const placement = placementOf(options);
  const common = { ...placement, seed, ...(signal && { signal }) };
  // A flow bends the best full normal.
  const start =
    family.name === "flow" && !options.base
      ? await fitVariational(target, { ...common, family: "full-rank", evaluationDraws: 100 })
      : undefined;
  const attempt = async (number: number): Promise<{ readonly fitted: Fitted; readonly base: PlacedBase }> => {
    const own = (seed + number * seedStride) % 2 ** 32;
    const base = await placeBase(target, options.base ?? start, family.base, { ...common, seed: own });
    using key = array(Uint32Array.of(own, streamOfFit), placement.device === undefined ? {} : { device: placement.device });
    const problem: FitProblem<Tree<Tensor>> = {
      family,
      logDensity: (u) => target.logDensity(u),
      ...base,
      key,
      placement,
      ...(signal && { signal }),
      ...(onProgress && { onProgress: (done: number) => onProgress({ phase: `fit ${family.name}`, done, total: settings.steps }) }),
    };
    return { fitted: await climb(target, problem, method, settings), base };
  };
  let { fitted, base } = await attempt(0);
  // A fit that got lost on its way from a bad start is tried from others.
  for (let number = 1; number < attempts && !fitted.converged && method !== "adam" && !options.base; number++) {
    const again = await attempt(number);
    if (again.fitted.converged || again.fitted.value > fitted.value) ({ fitted, base } = again);
  }
  const moments = await momentsOf(family, fitted.params, common);
  refuseDivergence(target, moments, base);
  const evaluation = await evaluateFit(target, family, fitted.params, {
    ...common,
    owner: "fitVariational",
    ...(options.evaluationDraws !== undefined && { draws: options.evaluationDraws }),
    ...(separated(target) && { logLikelihood: (u: Tensor) => target.logLikelihood(u) }),
  });
  if (!fitted.converged || evaluation.kHat > kHatLimit) {
    const improper = await improperAlong(target, moments.mean, common);
    if (improper.length > 0) throw new RangeError(`fitVariational: ${improperSentence(improper)}`);
  }
  const name = family.name === "flow" ? "the flow's draws" : `the ${family.name} normal's draws`;
  const warnings = [
    ...(target.warnings ?? []),
    ...evaluation.warnings,
    ...convergenceWarnings(fitted, method, settings, evaluation.elbo),
    ...kHatWarning(name, evaluation.kHat, family.name === "flow" ? "use more transforms, or NUTS" : "use a richer family, a flow, or NUTS"),
  ];
  return {
    family,
    params: fitted.params,
    coordinates: target.coordinates,
    ...moments,
    elbo: evaluation.elbo,
    trace: fitted.trace,
    converged: fitted.converged,
    kHat: evaluation.kHat,
    warnings,
    sample: (n, given) => sampleFit(target, family, fitted.params, n, { ...given, ...placement, warnings }),
  };
}

/** Starts of a fit that does not converge, and the step from one's seed to the next one's. */
const attempts = 3;
const seedStride = 0x9e3779b1;

/** A stream of its own: "fit!". */
const streamOfFit = 0x66697421;

/**
 * Enough to match the normal's moments, and more where they are cheap: what a fit of P parameters owes to its own S draws is of the order of P / 2 S nats at most. A
 * factorised form of more than a thousand coordinates does without the match.
 */
const fixedDraws = ({ noise, base }: VariationalFamily): number =>
  base === "diagonal" && noise > matchedMax ? 512 : Math.max(512, Math.min(2048, 16 * noise), 2 * noise);

const matchedMax = 1024;

type Settings = ReturnType<typeof settingsOf>;

function settingsOf(options: VariationalOptions, method: string, family: VariationalFamily, target: Target) {
  if (!["lbfgs", "natural-gradient", "adam"].includes(method))
    throw new RangeError(`method must be "lbfgs", "natural-gradient" or "adam", got ${method}`);
  const adam = method === "adam";
  const {
    draws = adam ? 64 : fixedDraws(family),
    steps = adam ? 2000 : 1000,
    tolerance = 1e-9,
    learningRate = 0.01,
    importanceSamples = 1,
    batchSize,
  } = options;
  for (const [name, value] of Object.entries({ draws, steps, importanceSamples, ...(batchSize !== undefined && { batchSize }) }))
    if (!(Number.isInteger(value) && value >= 1)) throw new RangeError(`fitVariational: ${name} must be an integer >= 1, got ${value}`);
  for (const [name, value] of Object.entries({ tolerance, learningRate }))
    if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`fitVariational: ${name} must be positive and finite, got ${value}`);
  if (!adam && (importanceSamples > 1 || batchSize !== undefined))
    throw new RangeError(`fitVariational: importanceSamples and batchSize need method "adam", got "${method}"`);
  if (batchSize !== undefined) {
    const rows = separated(target) ? target.rows : undefined;
    if (rows === undefined)
      throw new RangeError(
        "fitVariational: batchSize needs a model with data given row by row, as model(parameters, likelihood, { data })",
      );
    if (batchSize > rows) throw new RangeError(`fitVariational: batchSize must be at most the ${rows} rows of the data, got ${batchSize}`);
  }
  return { draws, steps, tolerance, learningRate, importanceSamples, batchSize };
}

async function climb(target: Target, problem: FitProblem<Tree<Tensor>>, method: string, settings: Settings): Promise<Fitted> {
  if (method === "natural-gradient") return fitNaturalGradient(problem, settings);
  const { batchSize } = settings;
  if (method === "adam")
    return fitFreshDraws(
      {
        ...problem,
        ...(batchSize !== undefined && { stepDensity: minibatchDensity(target as SeparatedTarget, batchSize) }),
      },
      settings,
    );
  return fitFixedDraws(problem, settings);
}

async function momentsOf(family: VariationalFamily, params: unknown, options: Placement & { readonly seed: number }) {
  const run = program(
    (at: Tree<Tensor>, key: Tensor) => {
      if (family.moments) return family.moments(at);
      const u = family.sample(at, key, momentDraws);
      const mean = u.mean(0);
      const centred = u.sub(mean);
      return { mean, covariance: matmul(matrixTranspose(centred), centred).mul(1 / (momentDraws - 1)) };
    },
    { ...placementOf(options), name: "moments of the fit" },
  );
  const { mean, covariance } = await run.runAsync([params, Uint32Array.of(options.seed, 0x6d6f6d73)]);
  const host = mean.data() as Float64Array;
  mean.dispose();
  return { mean: host, covariance };
}

/** Of a flow, that its moments are estimated with. */
const momentDraws = 10_000;

function refuseDivergence(
  { coordinates }: Target,
  moments: { mean: Float64Array; covariance: NdArray },
  base: { mean: NdArray; factor: NdArray },
): void {
  const d = coordinates.length;
  const [before, factor, after] = [base.mean.data(), base.factor.data(), moments.covariance.data()];
  const sdOf = (covariance: ArrayLike<number>, i: number): number => Math.sqrt(covariance[i * d + i]!);
  const growths = coordinates.map((_, i) => {
    let variance = 0;
    if (factor.length === d) variance = factor[i]! ** 2;
    else for (let j = 0; j <= i; j++) variance += factor[i * d + j]! ** 2;
    const own = Math.max(sdOf(after, i), Math.abs(moments.mean[i]! - before[i]!)) / Math.sqrt(variance);
    return Number.isNaN(own) ? Number.POSITIVE_INFINITY : own;
  });
  const most = Math.max(...growths);
  const lost = [...moments.mean, ...after].some((value) => !Number.isFinite(value));
  if (most < divergedAt && !lost) return;
  if (most < divergedAt)
    throw new RangeError(
      "fitVariational: the fit has lost its digits: its moments are not finite, as where the density is improper in some combination of the parameters; give every parameter a proper prior, or data that tell such combinations apart",
    );
  const at = growths.indexOf(most);
  throw new RangeError(
    `fitVariational: the ELBO grows without bound along ${coordinates[at]}, whose sd has come to ${sdOf(after, at).toPrecision(3)}: the density is improper there; give that parameter a proper prior, or data`,
  );
}

function convergenceWarnings(fitted: Fitted, method: string, { steps, draws }: Settings, elbo: Elbo): string[] {
  const warnings: string[] = [];
  if (!fitted.converged)
    warnings.push(
      method === "adam"
        ? `the bound was still rising after ${steps} steps; give more steps, or another learningRate`
        : `the fit did not converge in ${fitted.trace.length} steps (its largest gradient component is ${fitted.gradientMax.toPrecision(2)}); ${fitted.trace.length < steps ? "no step raised the ELBO any more: bring the parameters to a scale near 1, or give another base" : "give more steps, or another base"}`,
    );
  const gap = fitted.value - elbo.value;
  if (method !== "adam" && gap > 0.5 && gap > 4 * elbo.standardError)
    warnings.push(
      `the ELBO is ${fitted.value.toFixed(2)} over the ${draws} draws of the fit and ${elbo.value.toFixed(2)} over fresh ones: the fit follows its own draws; give more draws`,
    );
  return warnings;
}
