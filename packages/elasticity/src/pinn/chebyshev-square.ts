/** Chebyshev's interpolant of a function on [-1, 1]^2, from its values at {@link squareNodes}. */
export interface SquareInterpolant {
  at(x: number, y: number): number;
}

/** cos(pi (k + 1/2) / n), k = 0 .. n - 1. */
const nodes = (n: number): number[] => Array.from({ length: n }, (_, k) => Math.cos((Math.PI * (k + 0.5)) / n));

/** n^2 places, x slowest. */
export const squareNodes = (n: number): readonly (readonly [number, number])[] =>
  nodes(n).flatMap((x) => nodes(n).map((y) => [x, y] as const));

/** T_0 .. T_(n-1) at x. */
function polynomials(n: number, x: number): number[] {
  const t = [1, x];
  for (let k = 2; k < n; k++) t.push(2 * x * t[k - 1]! - t[k - 2]!);
  return t.slice(0, n);
}

/** c_jk = (2 - [j=0]) (2 - [k=0]) / n^2 sum of values times T_j T_k. */
export function squareInterpolant(n: number, values: ArrayLike<number>): SquareInterpolant {
  const table = nodes(n).map((x) => polynomials(n, x));
  const coefficients = Array.from({ length: n }, (_, j) =>
    Array.from({ length: n }, (__, k) => {
      let sum = 0;
      for (let p = 0; p < n; p++) for (let q = 0; q < n; q++) sum += values[p * n + q]! * table[p]![j]! * table[q]![k]!;
      return (sum * (j ? 2 : 1) * (k ? 2 : 1)) / (n * n);
    }),
  );
  return {
    at(x, y) {
      const [s, t] = [polynomials(n, x), polynomials(n, y)];
      return coefficients.reduce((sum, row, j) => sum + s[j]! * row.reduce((inner, c, k) => inner + c * t[k]!, 0), 0);
    },
  };
}
