import { clamp, exp, full, less, maximum, repeat, type Tensor, where, zeros } from "@credence/tensor";

/*
 * Maximum quasi-likelihood from the first two moments of a count given the one before (Wedderburn, Biometrika 61, 1974, p. 439):
 *   E[n'] = n E + ν φ,   Var[n'] = σ (n E φ + ν φ²/2) + ν φ (1 + r φ/2),   r = λ-μ, σ = λ+μ, E = e^{rΔ}, φ = (E-1)/r.
 * Gauss-Newton steps for (r, ν), weighted by 1/Var, alternate with a weighted regression of squared residuals for σ.
 * A faint Gaussian pull towards the middle of the rates' range keeps an estimate finite where the counts say nothing.
 */

/** Transitions between successive counts; one row a series. */
export interface Transitions {
  /** [rows, intervals] f64. */
  readonly before: Tensor;
  readonly after: Tensor;
  /** 1 where a transition is used, 0 where a count was saturated. */
  readonly used: Tensor;
  /** Years, [1, intervals], or [1, 1] where all are equal. */
  readonly years: Tensor;
}

/** The largest rates to be expected: estimates are held within a moderate multiple of them. */
export interface RateScale {
  /** Of birth and death, per year. */
  readonly perCapita: number;
  /** Individuals per year. */
  readonly immigration: number;
}

/** Estimates, each [rows, 1]. */
export interface Estimate {
  /** r, per year. */
  readonly growth: Tensor;
  /** ν, individuals per year. */
  readonly immigration: Tensor;
  /** σ, per year. */
  readonly turnover: Tensor;
}

/** Moments of each transition at an estimate, [rows, intervals]. */
export interface Residuals {
  /** n' - E[n'], individuals. */
  readonly residual: Tensor;
  /** Var[n']. */
  readonly variance: Tensor;
  /** What σ multiplies in the variance, years · individuals². */
  readonly perTurnover: Tensor;
  /** The variance that does not depend on σ. */
  readonly remainder: Tensor;
  /** d E[n'] / dr and d E[n'] / dν. */
  readonly byGrowth: Tensor;
  readonly byImmigration: Tensor;
}

/** Expected information, [rows, 1]: on r, on ν, on both, and on σ. */
export interface Information {
  readonly growth: Tensor;
  readonly immigration: Tensor;
  readonly cross: Tensor;
  readonly turnover: Tensor;
}

/** After six rounds one series in a hundred is further than 0.01 from convergence; eight more change no posterior. */
const rounds = 6;

/** Estimates of all rows at once. Traced. */
export function fitQuasiLikelihood(transitions: Transitions, scale: RateScale): Estimate {
  const rows = transitions.before.shape[0]!;
  const start: Estimate = {
    growth: zeros([rows, 1], "f64"),
    immigration: full([rows, 1], scale.immigration / 5, "f64"),
    turnover: full([rows, 1], scale.perCapita / 2, "f64"),
  };
  return repeat(rounds, (estimate: Estimate) => improve(estimate, transitions, scale), start);
}

export function residualsAt({ before, after, years }: Transitions, { growth, immigration, turnover }: Estimate): Residuals {
  const exponent = growth.mul(years);
  const E = exp(exponent);
  const tiny = less(exponent.abs(), 1e-4);
  const safeGrowth = where(tiny, 1, growth);
  // The series leave relative errors below 1e-12 where |rΔ| < 1e-4; the closed forms lose as little above it.
  const phi = where(tiny, years.mul(exponent.mul(exponent.div(6).add(0.5)).add(1)), E.sub(1).div(safeGrowth));
  const phiByGrowth = where(tiny, years.square().mul(exponent.div(3).add(0.5)), years.mul(E).sub(phi).div(safeGrowth));

  const grown = before.mul(E);
  const perTurnover = grown.mul(phi).add(immigration.mul(phi.square()).div(2));
  // Held above a small share of the interval: at r far below zero the true remainder may vanish, and a weight must not.
  const remainder = maximum(immigration.mul(phi).mul(growth.mul(phi).div(2).add(1)), years.mul(0.02));
  return {
    residual: after.sub(grown).sub(immigration.mul(phi)),
    variance: turnover.mul(perTurnover).add(remainder),
    perTurnover,
    remainder,
    byGrowth: years.mul(grown).add(immigration.mul(phiByGrowth)),
    byImmigration: phi,
  };
}

export function informationOf({ used }: Transitions, { variance, perTurnover, byGrowth, byImmigration }: Residuals): Information {
  const weight = used.div(variance);
  return {
    growth: total(weight.mul(byGrowth.square())),
    immigration: total(weight.mul(byImmigration.square())),
    cross: total(weight.mul(byGrowth).mul(byImmigration)),
    turnover: total(used.mul(perTurnover.div(variance).square())),
  };
}

/** One Gauss-Newton step for (r, ν) and one regression for σ. */
function improve(estimate: Estimate, transitions: Transitions, { perCapita, immigration: immigrationScale }: RateScale): Estimate {
  const at = residualsAt(transitions, estimate);
  const information = informationOf(transitions, at);
  const weighted = transitions.used.mul(at.residual).div(at.variance);

  // The pull: r ~ N(0, (2 s)²), ν ~ N(v/5, v²), with s and v the scales.
  const middle = immigrationScale / 5;
  const growthCurvature = information.growth.add(0.25 / perCapita ** 2);
  const immigrationCurvature = information.immigration.add(1 / immigrationScale ** 2);
  const growthScore = total(weighted.mul(at.byGrowth)).sub(estimate.growth.mul(0.25 / perCapita ** 2));
  const immigrationScore = total(weighted.mul(at.byImmigration)).sub(estimate.immigration.sub(middle).div(immigrationScale ** 2));
  const determinant = growthCurvature.mul(immigrationCurvature).sub(information.cross.square());
  const growthStep = immigrationCurvature.mul(growthScore).sub(information.cross.mul(immigrationScore)).div(determinant);
  const immigrationStep = growthCurvature.mul(immigrationScore).sub(information.cross.mul(growthScore)).div(determinant);

  const excess = at.residual.square().sub(at.remainder);
  const turnoverScore = total(transitions.used.mul(at.perTurnover).mul(excess).div(at.variance.square()));
  return {
    growth: clamp(estimate.growth.add(clamp(growthStep, -perCapita / 2, perCapita / 2)), -1.2 * perCapita, 1.2 * perCapita),
    immigration: clamp(estimate.immigration.add(immigrationStep), 0.002 * immigrationScale, 1.6 * immigrationScale),
    turnover: clamp(
      turnoverScore.add(0.5 / perCapita).div(information.turnover.add(1 / perCapita ** 2)),
      0.02 * perCapita,
      2.5 * perCapita,
    ),
  };
}

/** Sum over the intervals, [rows, 1]. */
export function total(x: Tensor): Tensor {
  return x.sum(1, true);
}
