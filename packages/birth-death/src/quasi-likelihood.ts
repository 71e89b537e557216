import { clamp, exp, less, log, maximum, minimum, repeat, sigmoid, sign, sqrt, type Tensor, where, zeros } from "@credence/tensor";
import { type Bounds, fromCoordinates, slopes, type Triple, toCoordinates } from "./coordinates.ts";

/*
 * A Gaussian approximation to the posterior from the first two moments of a count given the one before
 * (quasi-likelihood: Wedderburn, Biometrika 61, 1974, p. 439). With r = λ-μ, σ = λ+μ, E = e^{rΔ}, φ = (E-1)/r:
 *   m = E[n'] = n E + ν φ,   V = Var[n'] = σ n E φ + ν φ (1 + λ φ).
 * Scores, e = n' - m:  r: Σ m_r e/V;  σ: ½ Σ V_σ (e²-V)/V²;  ν: Σ m_ν e/V + ½ Σ V_ν (e²-V)/V²   (V_r is left out: m tells more of r).
 * Fisher scoring climbs in the coordinates of coordinates.ts, in which the ridge of equal λ-μ is straight.
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

/** Moments of each transition, [rows, intervals]. */
export interface Moments {
  /** e, individuals. */
  readonly residual: Tensor;
  /** V. */
  readonly variance: Tensor;
  /** V_σ. */
  readonly perTurnover: Tensor;
  /** m_r and m_ν. */
  readonly byGrowth: Tensor;
  readonly byImmigration: Tensor;
}

/** N(centre, (C Cᵀ)⁻¹): approximate posterior of unconstrained coordinates. */
export interface Laplace {
  readonly centre: Triple;
  /** Lower Cholesky factor C of the information: c11, c21, c22, c31, c32, c33, each [rows, 1]. */
  readonly factor: readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  /** Its diagonal, and its correlations 21, 31, 32. */
  readonly information: Triple;
  readonly correlation: Triple;
  readonly moments: Moments;
}

/** Where an approximation is, and how wide. */
export type Place = Pick<Laplace, "centre" | "factor">;

/** Rounds of Fisher scoring; the last changes fewer than one series in a hundred by more than a hundredth of a standard deviation. */
const rounds = 10;

/** Longest step and furthest place of a coordinate: a logit of 9 is within 1.2e-4 of a bound. */
const stepMax = 1.5;
const placeMax = 9;

/** Approximate posteriors of all rows at once, for uniform priors on `bounds`. Traced. */
export function quasiLaplace(transitions: Transitions, bounds: readonly Bounds[]): Laplace {
  const rows = transitions.before.shape[0]!;
  const start: Triple = [zeros([rows, 1], "f64"), zeros([rows, 1], "f64"), zeros([rows, 1], "f64")];
  const centre = repeat(
    rounds,
    (u: Triple): Triple => {
      const { score, factor } = expand(u, transitions, bounds);
      const step = solve(factor, score);
      return u.map((value, i) => clamp(value.add(clamp(step[i]!, -stepMax, stepMax)), -placeMax, placeMax)) as unknown as Triple;
    },
    start,
  );
  const { factor, information, moments } = expand(centre, transitions, bounds);
  const [i11, i21, i22, i31, i32, i33] = information;
  return {
    centre,
    factor,
    information: [i11, i22, i33],
    correlation: [i21.div(sqrt(i11.mul(i22))), i31.div(sqrt(i11.mul(i33))), i32.div(sqrt(i22.mul(i33)))],
    moments,
  };
}

/** Standard coordinates beyond this many standard deviations are compressed logarithmically: the approximation has no say in the tails. */
const tail = 4;

/**
 * Standard coordinates of rates, η = Cᵀ (coordinates - centre), then `tail` asinh(η / tail): about N(0, I) wherever the approximation is good.
 *
 * @param rates each [rows, draws] f64.
 */
export function whiten(rates: Triple, { centre, factor }: Laplace, bounds: readonly Bounds[]): Triple {
  const [c11, c21, c22, c31, c32, c33] = factor;
  const [d1, d2, d3] = toCoordinates(rates, bounds).map((value, i) => value.sub(centre[i]!)) as unknown as Triple;
  const standard: Triple = [c11.mul(d1).add(c21.mul(d2)).add(c31.mul(d3)), c22.mul(d2).add(c32.mul(d3)), c33.mul(d3)];
  return standard.map((eta) => asinh(eta.div(tail)).mul(tail)) as unknown as Triple;
}

/** The rates of standard coordinates, each [rows, draws] f64: the inverse of {@link whiten}. */
export function unwhiten(standard: Triple, laplace: Place, bounds: readonly Bounds[]): Triple {
  return fromCoordinates(placeOf(standard, laplace), bounds);
}

/** The unconstrained coordinates of standard ones. */
export function placeOf(standard: Triple, { centre, factor }: Place): Triple {
  const [c11, c21, c22, c31, c32, c33] = factor;
  const [e1, e2, e3] = standard.map((x) => sinh(x.div(tail)).mul(tail)) as unknown as Triple;
  const d3 = e3.div(c33);
  const d2 = e2.sub(c32.mul(d3)).div(c22);
  const d1 = e1.sub(c21.mul(d2)).sub(c31.mul(d3)).div(c11);
  return [d1.add(centre[0]), d2.add(centre[1]), d3.add(centre[2])];
}

/** Signed logarithm: x near zero, sign(x) log 2|x| far from it. */
export function asinh(x: Tensor): Tensor {
  return sign(x).mul(log(x.abs().add(sqrt(x.square().add(1)))));
}

function sinh(x: Tensor): Tensor {
  return exp(x).sub(exp(x.neg())).mul(0.5);
}

/** Sum over the intervals, [rows, 1]. */
export function total(x: Tensor): Tensor {
  return x.sum(1, true);
}

type Factor = Laplace["factor"];

/** Score and information at a point, the prior's included. */
function expand(
  at: Triple,
  transitions: Transitions,
  bounds: readonly Bounds[],
): { score: Triple; information: Factor; factor: Factor; moments: Moments } {
  const { before, after, used, years } = transitions;
  const [birth, death, immigration] = fromCoordinates(at, bounds);
  const slope = slopes(at, [birth, death, immigration], bounds);

  const growth = birth.sub(death);
  const exponent = growth.mul(years);
  const E = exp(exponent);
  const tiny = less(exponent.abs(), 1e-4);
  const safeGrowth = where(tiny, 1, growth);
  // The series leave relative errors below 1e-12 where |rΔ| < 1e-4; the closed forms lose as little above it.
  const phi = where(tiny, years.mul(exponent.mul(exponent.div(6).add(0.5)).add(1)), E.sub(1).div(safeGrowth));
  const phiByGrowth = where(tiny, years.square().mul(exponent.div(3).add(0.5)), years.mul(E).sub(phi).div(safeGrowth));

  const grown = before.mul(E);
  const scatter = grown.mul(phi);
  const perImmigrant = phi.mul(birth.mul(phi).add(1));
  const variance = birth.add(death).mul(scatter).add(immigration.mul(perImmigrant));
  const perTurnover = scatter.add(immigration.mul(phi.square()).mul(0.5));
  const residual = after.sub(grown).sub(immigration.mul(phi));
  const byGrowth = years.mul(grown).add(immigration.mul(phiByGrowth));

  const weight = used.div(variance);
  const weighted = weight.mul(residual);
  // A residual of more than thirty standard deviations says no more than that the step must go on.
  const excess = weight.mul(minimum(residual.square().div(variance), 1e3).sub(1)).mul(0.5);
  const half = weight.div(variance).mul(0.5);
  const sr = total(weighted.mul(byGrowth));
  const sv = total(weighted.mul(phi).add(excess.mul(perImmigrant)));
  const ss = total(excess.mul(perTurnover));
  const irr = total(weight.mul(byGrowth.square()));
  const irv = total(weight.mul(byGrowth).mul(phi));
  const ivv = total(weight.mul(phi.square()).add(half.mul(perImmigrant.square())));
  const ivs = total(half.mul(perImmigrant).mul(perTurnover));
  const iss = total(half.mul(perTurnover.square()));

  // From (r, σ, ν) to the coordinates by the chain rule. The prior is taken for logistic in each: score 1 - 2s, curvature 2 s (1-s).
  const { growthByFirst: p, turnoverByGrowth: q, turnoverBySecond: m, immigrationByThird: d } = slope;
  const shares = at.map((value) => sigmoid(value));
  const priorScore = shares.map((share) => share.mul(-2).add(1));
  const curvature = shares.map((share) => maximum(share.mul(share.neg().add(1)).mul(2), 0.05));
  const information: Factor = [
    irr.add(iss.mul(q.square())).mul(p.square()).add(curvature[0]!),
    iss.mul(q).mul(p).mul(m),
    iss.mul(m.square()).add(curvature[1]!),
    irv.add(ivs.mul(q)).mul(p).mul(d),
    ivs.mul(m).mul(d),
    ivv.mul(d.square()).add(curvature[2]!),
  ];
  return {
    score: [sr.add(ss.mul(q)).mul(p).add(priorScore[0]!), ss.mul(m).add(priorScore[1]!), sv.mul(d).add(priorScore[2]!)],
    information,
    factor: cholesky(information),
    moments: { residual, variance, perTurnover, byGrowth, byImmigration: phi },
  };
}

/** Lower factor of a symmetric positive matrix, given and returned as 11, 21, 22, 31, 32, 33. */
function cholesky([a11, a21, a22, a31, a32, a33]: Factor): Factor {
  const c11 = sqrt(a11);
  const c21 = a21.div(c11);
  const c31 = a31.div(c11);
  // Rounding of nearly singular information must not turn a pivot negative.
  const c22 = sqrt(maximum(a22.sub(c21.square()), a22.mul(1e-12)));
  const c32 = a32.sub(c31.mul(c21)).div(c22);
  const c33 = sqrt(maximum(a33.sub(c31.square()).sub(c32.square()), a33.mul(1e-12)));
  return [c11, c21, c22, c31, c32, c33];
}

/** x of C Cᵀ x = b. */
function solve([c11, c21, c22, c31, c32, c33]: Factor, [b1, b2, b3]: Triple): Triple {
  const y1 = b1.div(c11);
  const y2 = b2.sub(c21.mul(y1)).div(c22);
  const y3 = b3.sub(c31.mul(y1)).sub(c32.mul(y2)).div(c33);
  const x3 = y3.div(c33);
  const x2 = y2.sub(c32.mul(x3)).div(c22);
  return [y1.sub(c21.mul(x2)).sub(c31.mul(x3)).div(c11), x2, x3];
}
