import * as t from "../../index.ts";
import type { Tensor } from "../../tensor.ts";
import { type Case, m } from "./case.ts";

const spd = m([3, 3], 4, 1, 0.5, 1, 3, 0.2, 0.5, 0.2, 2);
const general = m([3, 3], 2, -1, 0.5, 3, 0.25, 1, -1, 4, 2);
const symmetric = (a: Tensor): Tensor => a.add(t.matrixTranspose(a)).mul(0.5);
/** Side 10, past the rotations: 2 on the diagonal and -1 beside it, whose values are 2 - 2 cos(pi k / 11), apart from a slope. */
const chain = m(
  [10, 10],
  ...Array.from({ length: 100 }, (_, k) => {
    const [i, j] = [Math.floor(k / 10), k % 10];
    return i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0;
  }),
);

// Numbers of NumPy 2.4 (numpy.linalg.solve, inv, slogdet, eigh; vectors turned to a positive largest component).
const logDeterminants = { general: 1.8123787564307912, spd: 3.0582374789053883 };

export const factorisations: readonly Case[] = [
  {
    ops: ["cholesky"],
    f: (x) => t.cholesky(symmetric(x)),
    at: [spd],
    want: () => [2, 0, 0, 0.5, Math.sqrt(2.75), 0, 0.25, 0.075 / Math.sqrt(2.75), Math.sqrt(2 - 0.0625 - 0.005625 / 2.75)],
  },
  {
    ops: ["triangularSolve"],
    f: (l, b) => t.triangularSolve(l, b),
    at: [m([2, 2], 2, 0, 1, 4), m([2, 2], 2, 4, 9, 6)],
    want: () => [1, 2, 2, 1],
  },
  {
    ops: ["triangularSolve"],
    f: (l, b) => t.triangularSolve(l, b, { transpose: true }),
    at: [m([2, 2], 2, 0, 1, 4), m([2, 1], 5, 8)],
    want: () => [1.5, 2],
  },
  {
    ops: ["triangularSolve"],
    f: (l, b) => t.triangularSolve(l, b),
    at: [m([2, 2], 2, 0, 1, 4), m([2, 2, 1], 2, 9, 4, 6)],
    want: () => [1, 2, 2, 1],
  },
  {
    ops: ["lu", "luSolve"],
    f: (a, b) => t.solve(a, b),
    at: [general, m([3, 2], 1, 2, 0, -1, 3, 0.5)],
    want: () => [-1.1224489795918362, -1.8877551020408154, -1.3877551020408154, -3.0612244897959178, 3.7142857142857126, 5.428571428571426],
  },
  {
    ops: ["lu", "luSolve"],
    f: (a, b) => t.solve(a, b),
    at: [m([2, 2, 2], 0, 2, 1, 0, 1, 1, 1, -1), m([2, 2], 4, 3, 5, 1)],
    want: () => [3, 2, 3, 2],
  },
  {
    ops: ["luSolve"],
    f: (a, b) => t.solve(a, b),
    at: [m([2, 2], 1, 1, 1, -1), m([3, 2, 1], 5, 1, 2, 0, 0, 4)],
    want: () => [3, 2, 1, 1, 2, -2],
  },
  {
    ops: ["luSolve"],
    f: (a, b) => t.solve(symmetric(a), b, { positiveDefinite: true }),
    at: [m([2, 2], 2, 1, 1, 3), m([2], 4, 7)],
    want: () => [1, 2],
  },
  {
    ops: ["luSolve"],
    f: (a) => t.inverse(a),
    at: [general],
    want: () => [
      -0.5714285714285712, 0.6530612244897958, -0.18367346938775503, -1.1428571428571426, 0.7346938775510202, -0.08163265306122443,
      1.9999999999999991, -1.1428571428571423, 0.5714285714285713,
    ],
  },
  { ops: ["luLogDeterminant"], f: (a) => t.logDeterminant(a), at: [general], want: () => [logDeterminants.general] },
  {
    ops: ["luLogDeterminant"],
    f: (a) => t.logDeterminant(symmetric(a), { positiveDefinite: true }),
    at: [spd],
    want: () => [logDeterminants.spd],
  },
  {
    ops: ["luLogDeterminant"],
    f: (a) => t.stack(t.signedLogDeterminant(a)),
    at: [m([2, 2, 2], 0, 2, 1, 0, 3, 1, 1, 1)],
    want: () => [-1, 1, Math.log(2), Math.log(2)],
  },
  {
    ops: ["eigenSymmetric"],
    f: (a) => t.eigenSymmetric(a)[0],
    at: [spd],
    want: () => [1.8800869029150529, 2.3983430193369966, 4.72157007774795],
  },
  {
    ops: ["eigenSymmetric"],
    f: (a) => t.eigenSymmetric(a)[1],
    at: [spd],
    want: () => [
      -0.2530423616352546, -0.4819496604261799, 0.8388647614682253, 0.05343872082877621, 0.8587971746720288, 0.5095210652088138,
      0.965978191438211, -0.17375827344454736, 0.1915572918876562,
    ],
  },
  {
    ops: ["eigenSymmetric"],
    f: (a) => t.eigenSymmetric(a)[0],
    at: [chain],
    want: () => Array.from({ length: 10 }, (_, k) => 2 - 2 * Math.cos((Math.PI * (k + 1)) / 11)),
  },
  // V diag(values) V^T is the matrix again, whatever the vectors' signs: derivatives of values and vectors together.
  {
    ops: ["eigenSymmetric"],
    f: (a) => {
      const [values, vectors] = t.eigenSymmetric(a);
      return t.matmul(t.mul(vectors, t.expandDims(values, -2)), t.matrixTranspose(vectors));
    },
    at: [m([2, 2], 1, 0.5, 0.5, -2)],
    want: (a) => a,
  },
];
