import {
  any,
  isFinite,
  less,
  logicalAnd,
  logicalNot,
  logicalOr,
  minimum,
  type Tensor,
  where,
  whileLoop,
  zerosLike,
} from "@credence/tensor";

/** Values and gradients of a function of rows: [n, D] -> [n] and [n, D]. Traced. */
export type ValueAndGradient = (x: Tensor) => readonly [value: Tensor, gradient: Tensor];

/** Where a search stands or ends, row by row. */
export type SearchPoint = {
  /** [n, D] */
  readonly position: Tensor;
  /** [n] */
  readonly value: Tensor;
  /** [n, D] */
  readonly gradient: Tensor;
};

/** Sufficient decrease, and what share of the slope may be left. */
const decrease = 1e-4;
const curvature = 0.9;
/** Rounding of a value, relative: below it, slopes decide. */
const rounding = 1e-13;

type Search = {
  readonly step: Tensor;
  /** The longest step known to be short enough, with what is there; 0 at first. */
  readonly low: Tensor;
  readonly lowSlope: Tensor;
  readonly best: SearchPoint;
  /** The shortest step known to be too long; infinite while there is none. Its slope is NaN where it says nothing. */
  readonly high: Tensor;
  readonly highSlope: Tensor;
  readonly done: Tensor;
};

/**
 * Steps along `direction` [n, D] that satisfy the weak Wolfe conditions, of every row at once: a row that has its step waits for the others, and one
 * with `active` false does not move. Bracketing and secant steps; where values no longer tell two points apart, the approximate conditions of Hager
 * and Zhang (2005) do by slopes, so that a minimum is found to rounding rather than to its square root. A value that is not finite is too far.
 * @returns the points, and whether each row moved, bool [n]
 */
export function lineSearch(
  f: ValueAndGradient,
  from: SearchPoint,
  direction: Tensor,
  active: Tensor,
  evaluations = 30,
): readonly [SearchPoint, Tensor] {
  const slope0 = from.gradient.mul(direction).sum(1);
  const zero = zerosLike(from.value);
  const none = zero.add(Number.NaN);
  const { position, value, gradient } = from;
  const { best, low } = whileLoop(
    (s: Search) => any(logicalNot(s.done)),
    (s: Search): Search => {
      const position = from.position.add(direction.mul(s.step.expandDims(1)));
      const [value, gradient] = f(position);
      const slope = gradient.mul(direction).sum(1);
      const usable = logicalAnd(isFinite(value), isFinite(slope));
      const armijo = value.lessEqual(from.value.add(slope0.mul(s.step).mul(decrease)));
      const level = logicalAnd(
        value.lessEqual(from.value.add(from.value.abs().mul(rounding))),
        slope.lessEqual(slope0.mul(2 * decrease - 1)),
      );
      const lower = logicalAnd(usable, logicalOr(armijo, level));
      const flat = slope.greaterEqual(slope0.mul(curvature));
      const searching = logicalNot(s.done);
      const keep = logicalAnd(searching, lower);
      const row = keep.expandDims(1);
      const best: SearchPoint = {
        position: where(row, position, s.best.position),
        value: where(keep, value, s.best.value),
        gradient: where(row, gradient, s.best.gradient),
      };
      const low = where(keep, s.step, s.low);
      const lowSlope = where(keep, slope, s.lowSlope);
      const tooLong = logicalAnd(searching, logicalNot(lower));
      const high = where(tooLong, s.step, s.high);
      const highSlope = where(tooLong, where(usable, slope, none), s.highSlope);
      return {
        step: where(searching, nextStep(low, lowSlope, high, highSlope), s.step),
        low,
        lowSlope,
        best,
        high,
        highSlope,
        done: logicalOr(s.done, logicalAnd(lower, flat)),
      };
    },
    {
      step: zero.add(1),
      low: zero,
      lowSlope: slope0,
      best: { position, value, gradient },
      high: zero.add(Number.POSITIVE_INFINITY),
      highSlope: none,
      done: logicalNot(active),
    } satisfies Search,
    { maxIterations: evaluations },
  );
  return [best, low.greater(0)];
}

/** Further out while nothing is too long; then by the secant of the slopes, kept off the ends, or in the middle where they do not cross zero. */
function nextStep(low: Tensor, lowSlope: Tensor, high: Tensor, highSlope: Tensor): Tensor {
  const bracketed = isFinite(high);
  const end = where(bracketed, high, low);
  const width = end.sub(low);
  const crosses = less(lowSlope.mul(highSlope), 0);
  const share = where(crosses, lowSlope.neg().div(where(crosses, highSlope.sub(lowSlope), 1)), 0.5);
  const inside = low.add(width.mul(minimum(share, 0.9).maximum(0.1)));
  return where(bracketed, inside, low.mul(4));
}
