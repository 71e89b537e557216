import type { Tensor } from "../../tensor.ts";

/** What an op is tested on, and against which numbers (ops.test.ts says how). f64 throughout. */
export interface Case {
  readonly ops: readonly string[];
  readonly f: (...x: Tensor[]) => Tensor;
  /** Host data of each argument, with its shape. */
  readonly at: readonly { readonly data: readonly number[]; readonly shape: readonly number[] }[];
  readonly want?: (...x: number[][]) => number[];
  /** Derivatives are not provided (false), or only the first is checked (1). */
  readonly order?: 0 | 1 | 2;
}

export const v = (...data: number[]) => ({ data, shape: [data.length] });
export const m = (shape: number[], ...data: number[]) => ({ data, shape });
export const x5 = v(-1.7, -0.4, 0.3, 0.9, 2.6);
export const positive = v(0.2, 0.7, 1.3, 2.5, 7.1);
export const unit = v(-0.9, -0.3, 0.1, 0.5, 0.85);
export const each = (f: (x: number) => number) => (x: number[]) => x.map(f);
export const zip = (f: (a: number, b: number) => number) => (a: number[], b: number[]) => a.map((ai, i) => f(ai, b[i]!));

export const unary = (op: string, f: (x: Tensor) => Tensor, want: (x: number) => number, at = x5, order: 0 | 1 | 2 = 2): Case => ({
  ops: [op],
  f,
  at: [at],
  want: each(want),
  order,
});
export const binary = (
  op: string,
  f: (a: Tensor, b: Tensor) => Tensor,
  want: (a: number, b: number) => number,
  at = [positive, v(1.1, -0.6, 0.4, 2.2, -3)],
  order: 0 | 1 | 2 = 2,
): Case => ({ ops: [op], f, at, want: zip(want), order });
