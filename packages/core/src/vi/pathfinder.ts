import {
  any,
  argmax,
  array,
  cast,
  eye,
  isFinite,
  logicalAnd,
  type NdArray,
  program,
  random,
  type Tensor,
  take,
  where,
  whileLoop,
  zeros,
} from "@credence/tensor";
import { improperAlong, improperSentence } from "../check/improper-along.ts";
import { psis } from "../check/psis.ts";
import type { Draws, Target } from "../model/index.ts";
import { requireTarget } from "../model/require-target.ts";
import { hasCurvature, type LbfgsState, lbfgs, lbfgsStatus, rowGradient } from "../optimize/lbfgs.ts";
import { Random } from "../simulate/random.ts";
import { drawsAt } from "./draws-at.ts";
import { applyCovariance, colour, type FactoredCovariance, factoredInverseHessian, logVolume, updateDiagonal } from "./inverse-hessian.ts";
import { kHatLimit, kHatWarning } from "./k-hat-warning.ts";
import { mapRows } from "./map-rows.ts";
import { type Placement, placementOf, startingPoints } from "./starts.ts";

/** A coordinate this far out is on its way to infinity. */
const unboundedAt = 1e15;

export interface PathfinderOptions extends Placement {
  readonly seed: number;
  /** Descents from different starts; 8 if absent. With one, this is single-path Pathfinder. */
  readonly paths?: number;
  /** Draws handed back; 1000 if absent. */
  readonly draws?: number;
  /** Draws of the best normal of each path, from which those are chosen by their weights; 1000 if absent. */
  readonly pathDraws?: number;
  /** Steps of a descent at most; 1000 if absent. */
  readonly steps?: number;
  /** Pairs of steps and gradient changes from which the covariance is made; 6 if absent. */
  readonly memory?: number;
  /** Draws that estimate the ELBO of each normal along a path; 25 if absent. */
  readonly elboDraws?: number;
  readonly signal?: AbortSignal;
}

/** The best normal that one path came by. */
export interface PathfinderPath {
  /** Its ELBO, in nats; -Infinity where none of the path's normals could be drawn from. */
  readonly elbo: number;
  /** [D] */
  readonly mean: Float64Array;
  /** Steps after which it was met, and steps of the whole path. */
  readonly best: number;
  readonly steps: number;
}

export interface PathfinderFit {
  readonly paths: readonly PathfinderPath[];
  /** Covariance [D, D] of the best path's normal. */
  readonly covariance: NdArray;
  /** Of the importance weights of all paths' draws. Above 0.7 the draws are good to start chains from, and no more. */
  readonly kHat: number;
  /** One chain of draws, chosen by Pareto-smoothed weights from those of all paths. */
  readonly draws: Draws;
  readonly warnings: readonly string[];
  /** `n` of the draws in unconstrained space, [n, D], for chains to start from. */
  starts(n: number): NdArray;
}

/** The best normal so far of every path. */
type Best = {
  readonly elbo: Tensor;
  readonly mean: Tensor;
  readonly covariance: FactoredCovariance;
  readonly at: Tensor;
};

/**
 * Pathfinder (Zhang, Carpenter, Gelman and Vehtari 2022): quasi-Newton descents towards the mode, of all paths side by side, a normal with the inverse Hessian
 * seen so far at every step, and of these the one of the highest ELBO; then draws of all paths, resampled by their weights. It needs neither a mode that
 * exists nor a Hessian: the best normal lies on the way.
 * @throws RangeError where the target has no finite log density to start from, or none of the normals could be drawn from
 */
export const pathfinder = (target: Target, options: PathfinderOptions): Promise<PathfinderFit> => pathfinderFor(itself, target, options);

const itself = "pathfinder";

/** Pathfinder as a part of what `owner` does, whose name errors bear. */
export async function pathfinderFor(owner: string, target: Target, options: PathfinderOptions): Promise<PathfinderFit> {
  requireTarget(owner, target, options);
  const { seed, paths = 8, draws = 1000, pathDraws = 1000, steps = 1000, memory = 6, elboDraws = 25, signal } = options;
  for (const [name, value] of Object.entries({ paths, draws, pathDraws, steps, memory, elboDraws }))
    if (!(Number.isInteger(value) && value >= 1)) throw new RangeError(`pathfinder: ${name} must be an integer >= 1, got ${value}`);
  const { dimension } = target;
  using start = await startingPoints(owner, target, paths, options);
  const run = program(
    (position: Tensor, key: Tensor) => {
      const { best, state } = descend(target, position, key, { memory, steps, elboDraws });
      const chosen = argmax(best.elbo, 0);
      const one = (t: Tensor): Tensor => take(t, chosen.reshape([1]));
      const covariance = {
        scale: one(best.covariance.scale),
        basis: one(best.covariance.basis),
        core: one(best.covariance.core),
      };
      const columns = colour(covariance, eye(dimension, "f64").expandDims(0)).squeeze(0);
      return {
        elbo: best.elbo,
        mean: best.mean,
        at: best.at,
        steps: state.count,
        covariance: columns.T.matmul(columns),
        ...normalDraws(target, best, random.fold(key, 2), pathDraws),
      };
    },
    { ...placementOf(options), name: "pathfinder" },
  );
  using key = array(Uint32Array.of(seed, 0x70617468)); // a stream of its own: "path"
  const result = await run.runAsync([start, key], signal ? { signal } : {});
  const { covariance, u: drawn, ...rest } = result;
  using u = drawn;
  const host = Object.fromEntries(
    Object.entries(rest).map(([name, values]) => {
      const data = values.data();
      values.dispose();
      return [name, data];
    }),
  ) as Record<keyof typeof rest, Float64Array>;
  const found: PathfinderPath[] = Array.from({ length: paths }, (_, p) => ({
    elbo: host.elbo[p]!,
    mean: host.mean.slice(p * dimension, (p + 1) * dimension),
    best: host.at[p]!,
    steps: host.steps[p]!,
  }));
  if (found.every(({ elbo }) => elbo === Number.NEGATIVE_INFINITY))
    throw new RangeError(
      `${owner}: along none of the ${paths} paths was there a normal at whose draws the log density is finite; check the model, or give another initial()`,
    );
  const best = found.reduce((a, b) => (a.elbo > b.elbo ? a : b));
  const away = best.mean.findIndex((value) => !(Math.abs(value) < unboundedAt));
  if (away >= 0)
    throw new RangeError(
      `${owner}: the log density grows without bound along ${target.coordinates[away]}, followed to ${best.mean[away]}: the density is improper there; give that parameter a prior, or data`,
    );
  // Draws of a path that found nothing, or where the target has no mass, have no weight.
  const ratios = host.logDensity.map((value, i) => {
    const ratio = value - host.logProb[i]!;
    return found[Math.floor(i / pathDraws)]!.elbo > Number.NEGATIVE_INFINITY && Number.isFinite(ratio) ? ratio : Number.NEGATIVE_INFINITY;
  });
  const { kHat, logWeights } = psis(ratios);
  const rows = resample(logWeights, draws, new Random(seed, 1));
  const values = u.data();
  const points = Float64Array.from(rows.flatMap((row) => [...values.subarray(row * dimension, (row + 1) * dimension)]));
  const place = options.device === undefined ? {} : { device: options.device };
  const lost = host.logDensity.filter(Number.isNaN).length;
  // A method that starts from here looks for itself.
  const improper = owner === itself && kHat > kHatLimit ? await improperAlong(target, best.mean, placementOf(options)) : [];
  const warnings = [
    ...(target.warnings ?? []),
    ...improperSentence(improper),
    ...(lost > 0
      ? [
          `the log density is NaN at ${lost} of ${host.logDensity.length} draws from the normals, which count as having no mass; check the model`,
        ]
      : []),
    ...kHatWarning("the normals of Pathfinder", kHat, "start chains from these draws, and do not report them"),
  ];
  using kept = array(points, { shape: [draws, dimension], ...place });
  return {
    paths: found,
    covariance,
    kHat,
    draws: await drawsAt(target, kept, { warnings, ...placementOf(options) }),
    warnings,
    starts(n) {
      if (!(Number.isInteger(n) && n >= 1 && n <= draws))
        throw new RangeError(`starts: n must be an integer from 1 to the ${draws} draws, got ${n}`);
      return array(points.slice(0, n * dimension), { shape: [n, dimension], ...place });
    },
  };
}

/** Walks all paths to their ends, and keeps the best normal of each. Traced. */
function descend(
  target: Target,
  position: Tensor,
  key: Tensor,
  { memory, steps, elboDraws }: { readonly memory: number; readonly steps: number; readonly elboDraws: number },
): { readonly best: Best; readonly state: LbfgsState } {
  const [n, dimension] = position.shape as [number, number];
  const method = lbfgs(
    rowGradient((u) => target.logDensity(u).neg()),
    { memory, gradientTolerance: 1e-8 },
  );
  type Walk = { readonly state: LbfgsState; readonly alpha: Tensor; readonly best: Best; readonly number: Tensor };
  const start: Walk = {
    state: method.init(position),
    alpha: zeros([n, dimension], "f64").add(1),
    best: {
      elbo: zeros([n], "f64").add(Number.NEGATIVE_INFINITY),
      mean: position,
      covariance: {
        scale: zeros([n, dimension], "f64").add(1),
        basis: zeros([n, dimension, 2 * memory], "f64"),
        core: zeros([n, 2 * memory, 2 * memory], "f64").add(eye(2 * memory, "f64")),
      },
      at: zeros([n], "i32"),
    },
    number: cast(0, "i32"),
  };
  return whileLoop(
    ({ state }: Walk) => any(state.status.equal(lbfgsStatus.running)),
    ({ state: before, alpha: alphaBefore, best, number }: Walk): Walk => {
      const state = method.step(before);
      const step = state.position.sub(before.position);
      const change = state.gradient.sub(before.gradient);
      const curved = hasCurvature(step, change).expandDims(1);
      const alpha = where(curved, updateDiagonal(alphaBefore, where(curved, step, 1), where(curved, change, 1)), alphaBefore);
      const covariance = factoredInverseHessian(alpha, state);
      const mean = state.position.sub(applyCovariance(covariance, state.gradient));
      const here: Best = { elbo: best.elbo, mean, covariance, at: state.count };
      const drawn = normalDraws(target, here, random.fold(random.fold(key, 1), number), elboDraws);
      const gain = drawn.logDensity.sub(drawn.logProb).reshape([n, elboDraws]).mean(1);
      const better = logicalAnd(isFinite(gain), gain.greater(best.elbo));
      const pick = (a: Tensor, b: Tensor): Tensor => where(better.reshape([n, ...a.shape.slice(1).map(() => 1)]), a, b);
      return {
        state,
        alpha,
        best: {
          elbo: pick(gain, best.elbo),
          mean: pick(mean, best.mean),
          covariance: {
            scale: pick(covariance.scale, best.covariance.scale),
            basis: pick(covariance.basis, best.covariance.basis),
            core: pick(covariance.core, best.covariance.core),
          },
          at: pick(state.count, best.at),
        },
        number: number.add(1),
      };
    },
    start,
    { maxIterations: steps },
  );
}

/** K draws of every path's normal [n K, D], with log p and log q of each [n K]. */
function normalDraws(target: Target, { mean, covariance }: Best, key: Tensor, count: number) {
  const [n, dimension] = mean.shape as [number, number];
  const noise = random.normal(key, [n, count, dimension], { dtype: "f64" });
  const u = colour(covariance, noise)
    .add(mean.expandDims(1))
    .reshape([n * count, dimension]);
  const logProb = noise
    .square()
    .sum(2)
    .mul(-0.5)
    .sub(logVolume(covariance).expandDims(1))
    .sub((dimension / 2) * Math.log(2 * Math.PI))
    .reshape([n * count]);
  return { u, logDensity: mapRows((rows) => target.logDensity(rows), u), logProb };
}

/** `count` indices, each drawn with the probability of its weight, by stratified uniforms in a random order. */
function resample(logWeights: Float64Array, count: number, random: Random): number[] {
  const rows: number[] = [];
  let row = 0;
  let reached = Math.exp(logWeights[0]!);
  for (let i = 0; i < count; i++) {
    const level = (i + random.uniform()) / count;
    while (reached < level && row < logWeights.length - 1) reached += Math.exp(logWeights[++row]!);
    rows.push(row);
  }
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return rows;
}
