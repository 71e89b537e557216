import { expect, test } from "vitest";
import * as t from "../../index.ts";
import type { Tensor } from "../../tensor.ts";

const f64 = (shape: number[], ...data: number[]): t.NdArray => t.array(Float64Array.from(data), { shape });
const run = (f: (...x: Tensor[]) => unknown, ...x: t.NdArray[]): number[] => [
  ...(t.program(f as never)(...(x as never[])) as t.NdArray).data(),
];
const near = (got: readonly number[], want: readonly number[], tolerance = 1e-12): void =>
  want.forEach((w, i) => {
    expect(Math.abs(got[i]! - w), `${got[i]} against ${w}`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(w)));
  });
/** A Hilbert-like matrix of side n, well conditioned by its diagonal, without symmetry. */
const matrix = (n: number): number[] => Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 3 : Math.sin(2.1 * k)));

test("a matrix times its inverse is the identity", () => {
  for (const n of [1, 4, 30]) {
    const product = run((a) => t.matmul(a!, t.inverse(a!)), f64([n, n], ...matrix(n)));
    near(
      product,
      Array.from({ length: n * n }, (_, k) => Number(k % (n + 1) === 0)),
    );
  }
});

test("a singular matrix has determinant 0, and a solve with it is not finite", () => {
  const singular = f64([2, 2], 1, 2, 2, 4);
  expect(run((a) => t.stack(t.signedLogDeterminant(a!)), singular)).toEqual([0, Number.NEGATIVE_INFINITY]);
  expect(run((a) => t.solve(a!, t.ones([2], "f64")), singular).every((x) => !Number.isFinite(x))).toBe(true);
});

test("one matrix serves right sides of any rank, and stacks of matrices broadcast", () => {
  const a = f64([2, 2], 2, 1, 1, 3);
  const b = f64([2, 3, 2, 1], ...Array.from({ length: 12 }, (_, i) => i));
  const residual = (x: Tensor, ...[A, B]: Tensor[]): Tensor => t.sub(t.matmul(A!, x), B!);
  near(
    run((A, B) => residual(t.solve(A!, B!), A!, B!), a, b),
    new Array(12).fill(0),
  );
  near(
    run((A, B) => residual(t.solve(A!, B!, { positiveDefinite: true }), A!, B!), a, b),
    new Array(12).fill(0),
  );
  const stack = f64([3, 2, 2], 2, 1, 1, 3, 0, 1, 1, 0, 1, 5, 0, 2);
  near(
    run((A, B) => residual(t.solve(A!, B!), A!, B!), stack, b),
    new Array(12).fill(0),
  );
  expect(t.program((A: Tensor, B: Tensor) => t.solve(A, B))(stack, f64([3, 2], 1, 2, 3, 4, 5, 6)).shape).toEqual([3, 2]);
});

test("the gradient of a log-determinant is the inverse transposed, by either factorisation", () => {
  const a = f64([3, 3], 4, 1, 0.5, 1, 3, 0.2, 0.5, 0.2, 2);
  const want = run((A) => t.matrixTranspose(t.inverse(A!)), a);
  near(
    run((A) => t.grad((x: Tensor) => t.logDeterminant(x))(A!), a),
    want,
  );
  const lower = run(
    (A) => t.grad((x: Tensor) => t.logDeterminant(x.add(t.matrixTranspose(x)).mul(0.5), { positiveDefinite: true }))(A!),
    a,
  );
  near(lower, want);
});

test("eigenvalues of vmapped matrices sum to their traces, and f32 agrees with f64", () => {
  const stack = Array.from({ length: 4 * 144 }, (_, k) => Math.cos(0.9 * k));
  const values = (a: Tensor): Tensor => t.sum(t.vmap((x: Tensor) => t.eigenSymmetric(x)[0])(a) as Tensor, -1);
  const wide = run((a) => values(a!), f64([4, 12, 12], ...stack));
  near(
    wide,
    [0, 1, 2, 3].map((r) => Array.from({ length: 12 }, (_, i) => stack[r * 144 + i * 13]!).reduce((a, b) => a + b)),
  );
  const narrow = t.program((a: Tensor) => values(a))(t.array(Float32Array.from(stack), { shape: [4, 12, 12] }));
  near([...narrow.data()], wide, 1e-5);
});

test("the gradient of eigenvalues is finite where values repeat", () => {
  near(
    run((a) => t.grad((x: Tensor) => t.sum(t.square(t.eigenSymmetric(x)[0])))(a!), f64([2, 2], 3, 0, 0, 3)),
    [6, 0, 0, 6],
  );
});

test("shapes and types that do not fit are refused with what was given", () => {
  const traced = (f: (x: Tensor) => unknown) => () => t.program(f as never)(f64([2, 3], 1, 2, 3, 4, 5, 6));
  const square = (x: Tensor): Tensor => x.slice([0, 0], [2, 2]);
  for (const op of [t.cholesky, t.inverse, t.logDeterminant, t.eigenSymmetric])
    expect(traced((x) => op(x))).toThrow(
      new RegExp(`${op === t.inverse ? "inverse" : op.name}: expected \\[\\.\\.\\., n, n\\], got \\[2, 3\\]`),
    );
  expect(traced((x) => t.solve(square(x), t.ones([3], "f64")))).toThrow(/solve: expected matrices .* got \[2, 2\] and \[3\]/);
  expect(traced((x) => t.solve(square(x), t.ones([2])))).toThrow(/solve: expected f32 or f64 throughout, got f64\[2, 2\] and f32\[2\]/);
  expect(traced((x) => t.triangularSolve(square(x), x.T))).toThrow(/triangularSolve: expected matrices .* got \[2, 2\] and \[3, 2\]/);
  expect(traced((x) => t.eigenSymmetric(square(x).cast("i32")))).toThrow(/eigenSymmetric: expected f32 or f64, got i32\[2, 2\]/);
});
