import { clamp, less, sigmoid, sqrt, type Tensor, where } from "@credence/tensor";

/*
 * Unconstrained coordinates of rates inside a box, in which a difference λ-μ known well is one coordinate known well. With X = λ - λ_low in
 * (0, a), Y = μ - μ_low in (0, b) and ρ = X - Y in (-b, a):
 *   first  = logit((ρ + b) / (a + b)),   second = ½ (logit(X/a) + logit(Y/b)),   third = logit of ν's place between its bounds.
 * Along a line of constant ρ the second runs through all real numbers, and the map is smooth throughout: logits of λ and μ would bend that
 * line, and any straight measure of λ+μ would have a kink where the line meets another side of the box.
 */

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Birth, death and immigration rates, or the three coordinates: tensors that broadcast, f64. */
export type Triple = readonly [Tensor, Tensor, Tensor];

/** The last axis of [..., 3], apart: [rows, 1] of [rows, 3], or [rows, draws] of [rows, draws, 3]. */
export function columnsOf(x: Tensor): Triple {
  return [0, 1, 2].map((i) => (x.rank === 2 ? x.slice([0, i], [undefined, i + 1]) : x.index(i, 2))) as unknown as Triple;
}

const logit = (share: Tensor): Tensor => share.log().sub(share.neg().log1p());

const width = ({ low, high }: Bounds): number => high - low;

export function toCoordinates(rates: Triple, bounds: readonly Bounds[]): Triple {
  // A rate on its bound counts as half a unit of the last place of f32 inside.
  const [x, y, z] = bounds.map((bound, i) =>
    clamp(rates[i]!.sub(bound.low).div(width(bound)), 2 ** -25, 1 - 2 ** -25),
  ) as unknown as Triple;
  const [a, b] = bounds.map(width) as [number, number];
  const first = logit(
    x
      .mul(a)
      .sub(y.mul(b))
      .add(b)
      .div(a + b),
  );
  return [first, logit(x).add(logit(y)).mul(0.5), logit(z)];
}

/**
 * The inverse of {@link toCoordinates}: (1-κ) X Y = κ (a-X) (b-Y) with κ = sigmoid(2 second) is a quadratic in X,
 * (1-2κ) X² + (κ (a+b+ρ) - (1-κ) ρ) X - κ a (b+ρ) = 0, of which one root lies in the box.
 */
export function fromCoordinates([first, second, third]: Triple, bounds: readonly Bounds[]): Triple {
  const [a, b] = bounds.map(width) as [number, number];
  const rho = sigmoid(first)
    .mul(a + b)
    .sub(b);
  const odds = sigmoid(second.mul(2));
  const against = sigmoid(second.mul(-2));
  const quadratic = against.sub(odds);
  const linear = odds.mul(rho.add(a + b)).sub(against.mul(rho));
  const constant = odds.mul(rho.add(b)).mul(a);
  const root = sqrt(linear.square().add(quadratic.mul(constant).mul(4)));
  // Of the two forms of the root, the one that adds numbers of one sign; the other's divisor is replaced where it is not used.
  const rising = less(0, linear);
  const x = where(
    rising,
    constant.mul(2).div(where(rising, linear.add(root), 1)),
    root.sub(linear).div(where(rising, 1, quadratic.mul(2))),
  );
  const inside = clamp(x, where(less(0, rho), rho, 0), where(less(rho, a - b), rho.add(b), a));
  return [inside.add(bounds[0]!.low), inside.sub(rho).add(bounds[1]!.low), sigmoid(third).mul(width(bounds[2]!)).add(bounds[2]!.low)];
}

/** Derivatives of growth r, turnover σ = λ+μ and immigration by the coordinates. */
export interface Slopes {
  /** dr / d first. */
  readonly growthByFirst: Tensor;
  /** dσ / dr at a second held fixed. */
  readonly turnoverByGrowth: Tensor;
  /** dσ / d second. */
  readonly turnoverBySecond: Tensor;
  /** dν / d third. */
  readonly immigrationByThird: Tensor;
}

export function slopes([first, , third]: Triple, rates: Triple, bounds: readonly Bounds[]): Slopes {
  const [a, b, c] = bounds.map(width) as [number, number, number];
  // d logit(X/a) / dX, and the same of Y.
  const [gx, gy] = [0, 1].map((i) => {
    const share = clamp(rates[i]!.sub(bounds[i]!.low).div(width(bounds[i]!)), 1e-9, 1 - 1e-9);
    return share.mul(share.neg().add(1)).mul(width(bounds[i]!)).pow(-1);
  }) as [Tensor, Tensor];
  const both = gx.add(gy);
  const logistic = (u: Tensor): Tensor => sigmoid(u).mul(sigmoid(u.neg()));
  return {
    growthByFirst: logistic(first).mul(a + b),
    turnoverByGrowth: gy.sub(gx).div(both),
    turnoverBySecond: both.pow(-1).mul(4),
    immigrationByThird: logistic(third).mul(c),
  };
}
