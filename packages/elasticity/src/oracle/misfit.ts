import {
  array,
  cholesky,
  concat,
  jvp,
  logDeterminantTriangular,
  type NdArray,
  program,
  type Tensor,
  triangularSolve,
} from "@credence/tensor";
import type { Lame } from "../material.ts";
import type { DisplacementModel } from "./displacement-model.ts";
import { onceFor } from "./once-for.ts";

/** A likelihood of readings that are normal about a model's displacements, as a quadratic function of the model's features. */
export interface Misfit {
  readonly model: Pick<DisplacementModel, "name" | "setting" | "features" | "poisson">;
  /** Sum over readings of features times features, over squared noise, f64 [F, F]. */
  readonly gram: NdArray;
  /** Features at `best`, f64 [F]. */
  readonly centre: NdArray;
  /** Features times residuals of `best`, over squared noise, f64 [F]. */
  readonly moment: NdArray;
  /** Sum of squared residuals of `best` over squared noise. */
  readonly chiSquare: number;
  /** log likelihood = logScale - chi-square / 2, nats. */
  readonly logScale: number;
  readonly readings: number;
  /** Maximum likelihood. */
  readonly best: Lame;
  /** Fisher information of lambda and mu at `best`: [ll, lm, mm]. */
  readonly information: readonly [number, number, number];
}

/** Readings in units of their noise: values [M], the model's matrix [F, M], and what is added with unknown amounts, [k, M]. */
export interface Whitened {
  readonly values: NdArray;
  readonly coefficients: NdArray;
  /** Motions with flat priors, marginalised in closed form. */
  readonly nuisance?: NdArray;
  /** Sum of the logarithms of the noise's sds: half the log determinant of its covariance. */
  readonly logNoise: number;
}

/**
 * The likelihood of whitened readings. What is marginalised is projected out. The quadratic is kept about the best material, so that readings of any accuracy lose
 * no digits to cancellation.
 */
export async function misfitOf(model: DisplacementModel, given: Whitened, signal?: AbortSignal): Promise<Misfit> {
  const cancel = signal ? { signal } : {};
  const { nuisance, logNoise } = given;
  const m = given.values.size;
  const k = nuisance?.shape[0] ?? 0;
  const { values, coefficients, logVolume } = nuisance
    ? await projected.runAsync([given.values, given.coefficients, nuisance], cancel)
    : { ...given, logVolume: array(new Float64Array(1)) };
  const gram = await products.runAsync([coefficients], cancel);
  const about = nearby(model);
  const look = async (at: Lame) => about.runAsync([array(Float64Array.of(at.lambda, at.mu)), gram, coefficients, values], cancel);
  let best = await scanned(model, gram, coefficients, values);
  let now = await look(best);
  // Gauss and Newton; a step that does not lower the misfit is halved.
  for (let step = 0; step < 60; step++) {
    const [ll, lm, , mm] = now.information.data();
    const [fl, fm] = now.force.data();
    const determinant = ll! * mm! - lm! * lm!;
    if (!(determinant > 1e-14 * ll! * mm!)) break;
    const move = { lambda: (mm! * fl! - lm! * fm!) / determinant, mu: (ll! * fm! - lm! * fl!) / determinant };
    let length = 1;
    let next = now;
    let to = best;
    for (; length > 1e-6; length /= 2) {
      to = { lambda: best.lambda + length * move.lambda, mu: best.mu + length * move.mu };
      if (!holds(model, to)) continue;
      next = await look(to);
      if (next.chiSquare.item() <= now.chiSquare.item()) break;
    }
    if (length <= 1e-6) break;
    const done = Math.abs(to.lambda - best.lambda) < 1e-13 * Math.abs(to.lambda) && Math.abs(to.mu - best.mu) < 1e-13 * to.mu;
    [best, now] = [to, next];
    if (done) break;
  }
  const [ll, lm, , mm] = now.information.data();
  return {
    model,
    gram,
    centre: now.centre,
    moment: now.moment,
    chiSquare: now.chiSquare.item(),
    logScale: -logNoise - ((m - k) / 2) * Math.log(2 * Math.PI) - logVolume.item(),
    readings: m,
    best,
    information: [ll!, lm!, mm!],
  };
}

/** Misfit at a material, and what Gauss and Newton's step needs. */
const nearby = onceFor((model: Pick<DisplacementModel, "features">) =>
  program((at: Tensor, g: Tensor, c: Tensor, y: Tensor) => {
    const f = ([l, mu]: Tensor[]): Tensor => model.features(l!, mu!).squeeze(0);
    const place = [at.slice([0], [1]), at.slice([1], [2])];
    const along = (i: number): Tensor => jvp((p: Tensor[]) => f(p), [place], [place.map((p, j) => p.mul(0).add(Number(i === j)))])[1];
    const slopes = concat([along(0).expandDims(0), along(1).expandDims(0)], 0);
    const centre = f(place);
    const residual = y.sub(centre.expandDims(0).matmul(c).squeeze(0));
    const moment = c.matmul(residual.expandDims(1)).squeeze(1);
    const information = slopes.matmul(g).matmul(slopes.T);
    return { centre, moment, chiSquare: residual.square().sum(), information, force: slopes.matmul(moment.expandDims(1)).squeeze(1) };
  }),
);

/** Whether a material lies in a model's range. */
export function holds({ poisson: [low, high] }: Pick<DisplacementModel, "poisson">, { lambda, mu }: Lame): boolean {
  const nu = lambda / (2 * (lambda + mu));
  return mu > 0 && nu >= low && nu <= high;
}

const products = program((c: Tensor) => c.matmul(c.T), { name: "gram of features" });

/** Values and coefficients without what lies along the nuisance, and the log of half its determinant. */
const projected = program(
  (y: Tensor, c: Tensor, r: Tensor) => {
    const factor = cholesky(r.matmul(r.T));
    const q = triangularSolve(factor, r);
    const without = (rows: Tensor): Tensor => {
      const once = rows.sub(rows.matmul(q.T).matmul(q));
      // Twice is enough: Kahan, after Parlett 1980.
      return once.sub(once.matmul(q.T).matmul(q));
    };
    return { values: without(y.expandDims(0)).squeeze(0), coefficients: without(c), logVolume: logDeterminantTriangular(factor) };
  },
  { name: "without nuisance" },
);

/** The best of many Poisson's ratios, each with its best mu: for a given ratio the displacement is a line in 1 / mu. */
async function scanned(model: DisplacementModel, gram: NdArray, coefficients: NdArray, values: NdArray): Promise<Lame> {
  const count = 200;
  const [low, high] = model.poisson;
  const ratios = Float64Array.from({ length: count }, (_, i) => {
    // Evenly in -log(1 - 2 nu).
    const [a, b] = [-Math.log(1 - 2 * low), -Math.log(1 - 2 * high)];
    return Math.exp(a + ((b - a) * (i + 0.5)) / count) - 1;
  });
  const found = await alongRatios(model).runAsync([array(ratios), gram, coefficients, values]);
  const [inverses, misfits] = [found.inverse.data(), found.value.data()];
  let best = -1;
  for (let i = 0; i < count; i++) if (inverses[i]! > 0 && (best < 0 || misfits[i]! < misfits[best]!)) best = i;
  if (best < 0)
    throw new RangeError(
      `${model.name}: no material moves the sensors the way they read: loads and readings have opposite signs; check their units and signs`,
    );
  const mu = 1 / inverses[best]!;
  return { lambda: ratios[best]! * mu, mu };
}

/** Of each ratio lambda / mu, the best 1 / mu and the misfit there, less that of no displacement. */
const alongRatios = onceFor((model: Pick<DisplacementModel, "features">) =>
  program((rho: Tensor, g: Tensor, c: Tensor, y: Tensor) => {
    const at = (mu: number): Tensor => model.features(rho.mul(mu), rho.mul(0).add(mu));
    const [one, two] = [at(1), at(2)];
    const loaded = one.sub(two).mul(2);
    const fixed = two.mul(2).sub(one);
    const h = c.matmul(y.expandDims(1)).squeeze(1);
    const dot = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum(1);
    const pushed = loaded.matmul(g);
    const [square, cross] = [dot(pushed, loaded), loaded.mul(h).sum(1).sub(dot(pushed, fixed))];
    const rest = dot(fixed.matmul(g), fixed).sub(fixed.mul(h).sum(1).mul(2));
    return { inverse: cross.div(square), value: rest.sub(cross.square().div(square)) };
  }),
);

/** What a likelihood is made of, in a program. */
export type MisfitParts = { readonly [K in "gram" | "centre" | "moment" | "chiSquare" | "logScale"]: Tensor };

/** Log likelihood, [n], of materials lambda and mu [n] within the model's range. Traced. */
export function logLikelihoodOf(model: Pick<DisplacementModel, "features">, parts: MisfitParts, lambda: Tensor, mu: Tensor): Tensor {
  const apart = model.features(lambda, mu).sub(parts.centre);
  const change = apart.matmul(parts.gram).mul(apart).sum(1).sub(apart.mul(parts.moment).sum(1).mul(2));
  return change.add(parts.chiSquare).mul(-0.5).add(parts.logScale);
}
