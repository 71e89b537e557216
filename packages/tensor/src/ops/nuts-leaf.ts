import { ShapeError } from "../errors.ts";
import { showShape } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { asTensor, zeros } from "./creation.ts";
import { defineRowOp, rowOperation } from "./rows.ts";
import { broadcastTo, concat, expandDims, squeeze } from "./shape.ts";

defineRowOp("nutsLeaf", "what a leaf of a No-U-Turn trajectory changes: weights, choices, U-turns, the next transition", () => {}, {
  flat: true,
  inPlace: true,
});

/** The scalars of a chain, in their order at the head of its row (`NutsRow` in native/include/credence/nuts.hpp says what they are). */
const scalars = [
  "count",
  "direction",
  "leaf",
  "depth",
  "weight",
  "candidateWeight",
  "energy",
  "product",
  "farSquare",
  "ending",
  "acceptanceSum",
  "candidateLogDensity",
  "candidateEnergy",
  "proposalLogDensity",
  "proposalEnergy",
  "done",
  "acceptance",
  "diverging",
  "doublings",
  "steps",
] as const;
const scalarRoom = 24;

/** The vectors of a chain, behind the scalars. */
const vectors = [
  "position",
  "momentum",
  "force",
  "farPosition",
  "farMomentum",
  "farForce",
  "proposalPosition",
  "proposalForce",
  "candidatePosition",
  "candidateForce",
  "momentumSum",
] as const;

export type NutsScalar = (typeof scalars)[number];
export type NutsVector = (typeof vectors)[number];

const slotsOf = (doublings: number): number => Math.max(1, doublings - 1);

/** Numbers of a chain in `dimension` dimensions whose trajectories double at most `doublings` times. */
export const nutsRowLength = (dimension: number, doublings: number): number =>
  scalarRoom + vectors.length * dimension + slotsOf(doublings) * (3 * dimension + 2);

/** A scalar [n] of the rows `state` [n, L]. */
export const nutsScalar = (state: Tensor, name: NutsScalar): Tensor => {
  const at = scalars.indexOf(name);
  return squeeze(state.slice([0, at], [state.shape[0]!, at + 1]), -1);
};

/** A vector [n, dimension] of the rows `state` [n, L]. */
export const nutsVector = (state: Tensor, name: NutsVector, dimension: number): Tensor => {
  const at = scalarRoom + vectors.indexOf(name) * dimension;
  return state.slice([0, at], [state.shape[0]!, at + dimension]);
};

/** Rows of chains at rest at a position, with force [n, D] and log density [n] there. */
export function nutsAtRest(
  at: { readonly position: Tensor; readonly force: Tensor; readonly logDensity: Tensor },
  doublings: number,
): Tensor {
  const [n, dimension] = at.position.shape as [number, number];
  const nothing = (length: number): Tensor => broadcastTo(zeros([1], at.position.dtype), [n, length]);
  const [density, position] = [scalars.indexOf("proposalLogDensity"), scalarRoom + vectors.indexOf("proposalPosition") * dimension];
  const rest = nutsRowLength(dimension, doublings) - position - 2 * dimension;
  const parts = [nothing(density), expandDims(at.logDensity, -1), nothing(position - density - 1), at.position, at.force, nothing(rest)];
  return concat(parts, -1);
}

/**
 * One leaf of the No-U-Turn trajectory of every chain: `state` [n, L] after the leapfrog step that has ended at `position`, with `momentum` and `force`
 * [n, D] and the log density [n] there. A chain whose direction is 0 is at rest, and begins a transition where it has ended fewer than `goal`.
 * @param key u32 [2], of this step alone
 * @param goal transitions to make, i32 scalar
 * @param doublings of a trajectory at most, 1 to 16; L = nutsRowLength(D, doublings)
 */
export function nutsLeaf(
  state: TensorLike,
  key: TensorLike,
  goal: TensorLike,
  at: { readonly position: Tensor; readonly momentum: Tensor; readonly force: Tensor; readonly logDensity: Tensor },
  doublings: number,
): Tensor {
  const rows = asTensor(state);
  const [n, dimension] = at.position.shape as [number, number];
  const length = nutsRowLength(dimension, doublings);
  if (rows.rank !== 2 || rows.shape[0] !== n || rows.shape[1] !== length)
    throw new ShapeError(`nutsLeaf: expected rows of [${n}, ${length}], got ${showShape(rows.shape)}`);
  const [out] = rowOperation(
    "nutsLeaf",
    [rows, asTensor(key), expandDims(asTensor(goal, "i32"), -1), at.position, at.momentum, at.force, expandDims(at.logDensity, -1)],
    {
      rows: [n],
      shared: [false, true, true, false, false, false, false],
      outputs: [{ length, dtype: rows.dtype }],
      integers: [n, slotsOf(doublings), doublings],
    },
  );
  return out!;
}
