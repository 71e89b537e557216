import { concat, index, isFinite, logicalAnd, logicalNot, sqrt, type Tensor, valueAndGrad, where, zeros } from "@credence/tensor";
import { lineSearch, type SearchPoint, type ValueAndGradient } from "./line-search.ts";

/** A function of rows to be minimised, [n, D] -> [n]: each row is a problem of its own. Traced. */
export type Objective = (x: Tensor) => Tensor;

export interface LbfgsOptions {
  /** Pairs of steps and changes of the gradient that are kept; 10 if absent. */
  readonly memory?: number;
  /** A row is done when no component of its gradient exceeds this; 1e-9 if absent. */
  readonly gradientTolerance?: number;
  /** Evaluations of one line search; 30 if absent. */
  readonly evaluations?: number;
}

/** What a row is at. */
export const lbfgsStatus = { running: 0, converged: 1, stalled: 2 } as const;

export type LbfgsState = SearchPoint & {
  /** The last steps, oldest first, [memory, n, D]. */
  readonly steps: Tensor;
  /** The changes of the gradient over them, [memory, n, D]. */
  readonly changes: Tensor;
  /** 1 / (step . change), [memory, n]; 0 where there is no pair yet. */
  readonly inverseCurvature: Tensor;
  /** Steps taken, i32 [n]. */
  readonly count: Tensor;
  /** {@link lbfgsStatus}, i32 [n]. */
  readonly status: Tensor;
};

export interface Lbfgs {
  /** Rows at `position` [n, D]. */
  init(position: Tensor): LbfgsState;
  /** One step of every row that runs. */
  step(state: LbfgsState): LbfgsState;
}

/**
 * Limited-memory quasi-Newton steps: direction -H g with the two-loop recursion over the last pairs (Nocedal 1980; Nocedal and Wright 2006, algorithm 7.4),
 * length by {@link lineSearch}. Many rows are minimised side by side, each with its own history.
 * @param f of an objective: `rowGradient(objective)`
 */
export function lbfgs(f: ValueAndGradient, options: LbfgsOptions = {}): Lbfgs {
  const { memory = 10, gradientTolerance = 1e-9, evaluations = 30 } = options;
  if (!(Number.isInteger(memory) && memory >= 1)) throw new RangeError(`memory must be an integer >= 1, got ${memory}`);
  if (!(gradientTolerance >= 0)) throw new RangeError(`gradientTolerance must be >= 0, got ${gradientTolerance}`);
  if (!(Number.isInteger(evaluations) && evaluations >= 1)) throw new RangeError(`evaluations must be an integer >= 1, got ${evaluations}`);
  const statusOf = (point: SearchPoint, otherwise: Tensor): Tensor =>
    where(
      logicalNot(isFinite(point.value)),
      lbfgsStatus.stalled,
      where(point.gradient.abs().max(1).lessEqual(gradientTolerance), lbfgsStatus.converged, otherwise),
    );

  return {
    init(position) {
      const [n, dimension] = position.shape as [number, number];
      const [value, gradient] = f(position);
      const point = { position, value, gradient };
      return {
        ...point,
        steps: zeros([memory, n, dimension], position.dtype),
        changes: zeros([memory, n, dimension], position.dtype),
        inverseCurvature: zeros([memory, n], position.dtype),
        count: zeros([n], "i32"),
        status: statusOf(point, zeros([n], "i32")),
      };
    },
    step(state) {
      const running = state.status.equal(lbfgsStatus.running);
      const [direction, remembered] = descent(state);
      const [point, moved] = lineSearch(f, state, direction, running, evaluations);
      const step = point.position.sub(state.position);
      const change = point.gradient.sub(state.gradient);
      const product = step.mul(change).sum(1);
      const curved = logicalAnd(moved, hasCurvature(step, change));
      // A row that did not move along a remembered direction forgets, and tries the gradient's own next.
      const lost = logicalAnd(running, logicalNot(moved));
      const push = (old: Tensor, latest: Tensor): Tensor => {
        const lead = old.shape.length === 3 ? [1, -1, 1] : [1, -1];
        const pushed = concat([old.slice([1], [memory]), latest.expandDims(0)], 0);
        return where(curved.reshape(lead), pushed, where(lost.reshape(lead), 0, old));
      };
      const stays = where(logicalAnd(lost, logicalNot(remembered)), lbfgsStatus.stalled, state.status);
      return {
        ...point,
        steps: push(state.steps, step),
        changes: push(state.changes, change),
        inverseCurvature: push(state.inverseCurvature, where(curved, product, 1).pow(-1)),
        count: state.count.add(moved.cast("i32")),
        status: where(running, statusOf(point, stays), state.status),
      };
    },
  };
}

/** Whether the gradient grew along each step [n, D], beyond rounding: a pair that a positive definite update can be made of, bool [n]. */
export const hasCurvature = (step: Tensor, change: Tensor): Tensor =>
  step
    .mul(change)
    .sum(1)
    .greater(sqrt(step.square().sum(1).mul(change.square().sum(1))).mul(1e-12));

/** Values of the rows and the gradient of each. */
export const rowGradient = (objective: Objective): ValueAndGradient => {
  const both = valueAndGrad(
    (x: Tensor): [Tensor, Tensor] => {
      const value = objective(x);
      return [value.sum(), value];
    },
    { hasAux: true },
  );
  return (x) => {
    const [[, value], gradient] = both(x);
    return [value, gradient];
  };
};

/** -H g of every row, and whether it remembers any step: the gradient's own direction, at most 1 long, where it does not. */
function descent({ gradient, steps, changes, inverseCurvature }: LbfgsState): readonly [Tensor, Tensor] {
  const memory = steps.shape[0]!;
  const pair = (i: number) => ({ s: index(steps, i), y: index(changes, i), rho: index(inverseCurvature, i) });
  const along = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum(1);
  const shares: Tensor[] = [];
  let q = gradient;
  for (let i = memory - 1; i >= 0; i--) {
    const { s, y, rho } = pair(i);
    shares[i] = rho.mul(along(s, q));
    q = q.sub(y.mul(shares[i]!.expandDims(1)));
  }
  const { s, y, rho } = pair(memory - 1);
  const remembered = rho.greater(0);
  const scale = along(s, y).div(where(remembered, along(y, y), 1));
  let r = q.mul(scale.expandDims(1));
  for (let i = 0; i < memory; i++) {
    const { s, y, rho } = pair(i);
    r = r.add(s.mul(shares[i]!.sub(rho.mul(along(y, r))).expandDims(1)));
  }
  const downhill = logicalAnd(remembered, along(gradient, r).greater(0));
  const length = sqrt(along(gradient, gradient)).maximum(1);
  return [where(downhill.expandDims(1), r, gradient.div(length.expandDims(1))).neg(), remembered];
}
