import {
  any,
  argmin,
  cholesky,
  eigenSymmetric,
  eye,
  isFinite,
  jvp,
  log,
  logicalAnd,
  matmul,
  matrixTranspose,
  type NdArray,
  program,
  random,
  repeat,
  sqrt,
  type Tensor,
  take,
  where,
  whileLoop,
} from "@credence/tensor";
import { improperAlong, improperSentence } from "../check/improper-along.ts";
import type { Draws, Target } from "../model/index.ts";
import { requireTarget } from "../model/require-target.ts";
import { type LbfgsState, lbfgs, lbfgsStatus, rowGradient } from "../optimize/lbfgs.ts";
import type { ValueAndGradient } from "../optimize/line-search.ts";
import { requireSeed } from "../simulate/streams.ts";
import { type Elbo, evaluateFit } from "./elbo.ts";
import { fullRankNormal } from "./full-rank.ts";
import { kHatLimit, kHatWarning } from "./k-hat-warning.ts";
import { separated } from "./minibatch.ts";
import { sampleFit } from "./sample-fit.ts";
import { type Placement, placementOf, startingPoints } from "./starts.ts";

export interface LaplaceOptions extends Placement {
  readonly seed: number;
  /** Descents from different starts, of which the highest mode counts; 4 if absent. */
  readonly starts?: number;
  /** Steps of a descent at most; 1000 if absent. */
  readonly steps?: number;
  /** Fresh draws that the ELBO and k-hat are estimated with; 4000 if absent. */
  readonly evaluationDraws?: number;
  readonly signal?: AbortSignal;
}

export interface LaplaceFit {
  /** [D], where the log density is highest. */
  readonly mode: Float64Array;
  readonly logDensityAtMode: number;
  /** Inverse of minus the Hessian there, [D, D]. */
  readonly covariance: NdArray;
  /** log p(mode) + D/2 log 2 pi + log |covariance| / 2. */
  readonly logEvidence: number;
  /** Of the normal with this mode and covariance. */
  readonly elbo: Elbo;
  readonly kHat: number;
  readonly warnings: readonly string[];
  /** `n` independent draws of that normal, as one chain; `stats.log_ratio` holds log p - log q. */
  sample(n: number, options: { readonly seed: number; readonly signal?: AbortSignal }): Promise<Draws>;
}

/** Gradients larger than this are no mode's. */
const modeTolerance = 1e-4;
/** Curvatures below this share of the largest are flat. */
const flatTolerance = 1e-12;

/**
 * The normal at the mode of the target, with the curvature that it has there (Laplace 1774; Tierney and Kadane 1986). The mode is found by L-BFGS from several starts and
 * Newton steps with the exact Hessian; the log evidence is exact where the target is normal. Where minus the Hessian is not positive definite, a warning names the
 * coordinate; its directions that are not curved downwards are then given the size of their curvature, and the log evidence is NaN.
 * @throws RangeError where no mode is found, with the coordinate along which the log density still rises, or where there is no finite log density to start from
 */
export async function laplaceApproximation(target: Target, options: LaplaceOptions): Promise<LaplaceFit> {
  requireTarget("laplaceApproximation", target, options);
  const { seed, starts = 4, steps = 1000, signal } = options;
  requireSeed(seed);
  for (const [name, value] of Object.entries({ starts, steps }))
    if (!(Number.isInteger(value) && value >= 1))
      throw new RangeError(`laplaceApproximation: ${name} must be an integer >= 1, got ${value}`);
  const { dimension, coordinates } = target;
  using start = await startingPoints("laplaceApproximation", target, starts, options);
  const run = program((position: Tensor) => atMode(target, position, steps), { ...placementOf(options), name: "laplace" });
  const found = await run.runAsync([start], signal ? { signal } : {});
  const { covariance, params, ...rest } = found;
  const host = Object.fromEntries(
    Object.entries(rest).map(([name, values]) => {
      const data = values.data() as Float64Array;
      values.dispose();
      return [name, data];
    }),
  ) as Record<keyof typeof rest, Float64Array>;
  const { mode, curvatures, directions } = host;
  const largest = curvatures.at(-1)!;
  refuseNoMode(target, host, curvatures[0]! > flatTolerance * largest);
  const warnings = [...curvatures].flatMap((curvature, k) => {
    if (curvature > flatTolerance * largest) return [];
    // Columns are the directions; the coordinate with the largest share gives its name.
    const share = (d: number): number => Math.abs(directions[d * dimension + k]!);
    const at = coordinates.reduce((best, _, d) => (share(d) > share(best) ? d : best), 0);
    return [
      `the log density is not curved downwards at its mode along ${coordinates[at]} (curvature ${curvature.toPrecision(3)}): the normal there means nothing in that direction, and there is no evidence; give that parameter a tighter prior, or use NUTS`,
    ];
  });
  const family = fullRankNormal(dimension);
  const evaluation = await evaluateFit(target, family, params, {
    ...placementOf(options),
    seed,
    owner: "laplaceApproximation",
    ...(options.evaluationDraws !== undefined && { draws: options.evaluationDraws }),
    ...(separated(target) && { logLikelihood: (u: Tensor) => target.logLikelihood(u) }),
    ...(signal && { signal }),
  });
  const doubtful = warnings.length > 0 || evaluation.kHat > kHatLimit;
  const improper = doubtful ? await improperAlong(target, mode, { ...placementOf(options), ...(signal && { signal }) }) : [];
  const all = [
    ...(target.warnings ?? []),
    ...improperSentence(improper),
    ...warnings,
    ...evaluation.warnings,
    ...kHatWarning("the Laplace normal's draws", evaluation.kHat, "use fitVariational or NUTS"),
  ];
  return {
    mode,
    logDensityAtMode: host.logDensity[0]!,
    covariance,
    logEvidence:
      warnings.length + improper.length > 0
        ? Number.NaN
        : host.logDensity[0]! + (dimension / 2) * Math.log(2 * Math.PI) + host.logVolume[0]!,
    elbo: evaluation.elbo,
    kHat: evaluation.kHat,
    warnings: all,
    sample: (n, given) => sampleFit(target, family, params, n, { ...given, ...placementOf(options), warnings: all }),
  };
}

/** The highest mode that is met from the rows of `position`, and the normal there. Traced. */
function atMode(target: Target, position: Tensor, steps: number) {
  const { dimension } = target;
  const method = lbfgs(rowGradient((u) => target.logDensity(u).neg()));
  const end = whileLoop((s: LbfgsState) => any(s.status.equal(lbfgsStatus.running)), method.step, method.init(position), {
    maxIterations: steps,
  });
  const values = where(isFinite(end.value), end.value, Number.POSITIVE_INFINITY);
  const best = take(end.position, argmin(values, 0).reshape([1]));
  const f = rowGradient((u) => target.logDensity(u));
  const point = (x: Tensor): ModePoint => {
    const [logDensity, gradient] = f(x);
    return { x, logDensity: logDensity.squeeze(0), gradient: gradient.squeeze(0), ...curvatureAt(f, x) };
  };
  // Newton, as long as it brings the gradient down: L-BFGS ends where values no longer tell points apart.
  const polished = repeat(
    newtonSteps,
    (at: ModePoint): ModePoint => {
      const next = point(at.x.add(matmul(at.covariance, at.gradient)));
      const better = logicalAnd(isFinite(next.logDensity), next.gradient.abs().max().less(at.gradient.abs().max()));
      const pick = (a: Tensor, b: Tensor): Tensor => where(better, a, b);
      return {
        x: pick(next.x, at.x),
        logDensity: pick(next.logDensity, at.logDensity),
        gradient: pick(next.gradient, at.gradient),
        curvatures: pick(next.curvatures, at.curvatures),
        directions: pick(next.directions, at.directions),
        covariance: pick(next.covariance, at.covariance),
      };
    },
    point(best),
  );
  const { x, logDensity, gradient, curvatures, directions, covariance } = polished;
  const mean = x.squeeze(0);
  const family = fullRankNormal(dimension);
  return {
    mode: mean,
    logDensity,
    gradient,
    shift: sqrt(matmul(covariance, gradient).mul(gradient).sum()),
    curvatures,
    directions,
    covariance,
    logVolume: log(curvatures.abs()).sum().mul(-0.5),
    params: family.place(family.init(random.key(0)), { mean, factor: cholesky(covariance) }),
  };
}

type ModePoint = {
  /** [1, D] */
  readonly x: Tensor;
  readonly logDensity: Tensor;
  readonly gradient: Tensor;
  /** Eigenvalues of minus the Hessian, ascending, and its eigenvectors in columns. */
  readonly curvatures: Tensor;
  readonly directions: Tensor;
  readonly covariance: Tensor;
};

const newtonSteps = 4;

/** Minus the Hessian at x [1, D], from one forward derivative of the gradient along every coordinate at once. */
function curvatureAt(f: ValueAndGradient, x: Tensor) {
  const d = x.shape[1]!;
  const identity = eye(d, "f64");
  const [, rows] = jvp((u: Tensor) => f(u)[1], [x.broadcastTo([d, d])], [identity]);
  const hessian = (rows as Tensor).neg();
  const [curvatures, directions] = eigenSymmetric(hessian);
  const sizes = curvatures.abs();
  const usable = sizes.maximum(sizes.max().mul(flatTolerance)).maximum(Number.MIN_VALUE);
  const covariance = matmul(directions.div(usable), matrixTranspose(directions));
  return { curvatures, directions, covariance: covariance.add(matrixTranspose(covariance)).mul(0.5) };
}

/** The gradient in sds of the normal where there is one, else as it is: a huge curvature along one coordinate would hide a slope along another. */
function refuseNoMode(
  { coordinates, warnings = [] }: Target,
  { mode, gradient, shift }: { readonly mode: Float64Array; readonly gradient: Float64Array; readonly shift: Float64Array },
  curved: boolean,
): void {
  const at = gradient.reduce((best, g, d) => (!(Math.abs(g) <= Math.abs(gradient[best]!)) ? d : best), 0);
  const slope = gradient[at]!;
  if ((curved ? shift[0]! : Math.abs(slope)) < modeTolerance) return;
  throw new RangeError(
    `laplaceApproximation: no mode was found: at ${coordinates[at]} = ${mode[at]!.toPrecision(4)} the log density still rises with ${slope > 0 ? "higher" : "lower"} ${coordinates[at]}, by ${Math.abs(slope).toPrecision(3)} a unit. It may have no mode; use pathfinder, fitVariational or NUTS${warnings.map((warning) => `. ${warning}`).join("")}`,
  );
}
