import {
  abs,
  cholesky,
  diagonal,
  eye,
  log,
  matmul,
  matrixTranspose,
  reshape,
  type Shape,
  type Tensor,
  triangularSolve,
} from "@credence/tensor";
import { type Argument, type FloatType, finite, hold, hostConstant } from "./argument.ts";
import { broadcastShapes } from "./broadcast.ts";

/** How a multivariate normal is spread, [..., D, D]. */
export type Spread = { readonly covariance: Argument } | { readonly cholesky: Argument } | { readonly precision: Argument };

/** A factor of the covariance, as maps of the last axis of [..., D]. */
export interface Scale {
  /** L^-1 d */
  whiten(d: Tensor): Tensor;
  /** L z */
  colour(z: Tensor): Tensor;
  /** log det L */
  logDeterminant(): Tensor;
  /** Diagonal of the covariance. */
  variance(): Tensor;
}

/** A checked spread. */
export interface Factor {
  readonly batchShape: Shape;
  readonly dtype: FloatType | undefined;
  at(dtype: FloatType): Scale;
}

const kinds = ["covariance", "cholesky", "precision"] as const;

/** Checks a spread of `size` dimensions and factors host values once. */
export function factored(spread: Spread, size: number): Factor {
  const given = kinds.filter((kind) => kind in spread);
  if (given.length !== 1)
    throw new TypeError(
      `multivariateNormal: expected exactly one of covariance, cholesky and precision, got ${given.join(" and ") || "none"}`,
    );
  const kind = given[0]!;
  const held = hold("multivariateNormal", kind, (spread as Record<string, Argument>)[kind]!, finite);
  const { shape } = held;
  if (shape.length < 2 || shape.at(-1) !== size || shape.at(-2) !== size)
    throw new RangeError(
      `multivariateNormal: ${kind} must have shape [..., ${size}, ${size}] as the mean has ${size} elements, got [${shape.join(", ")}]`,
    );
  const triangle = held.values && hostTriangle(kind, held.values, size);
  return {
    batchShape: shape.slice(0, -2),
    dtype: held.dtype,
    at(dtype) {
      const lower = triangle
        ? hostConstant(triangle, shape, held.dtype ?? dtype)
        : kind === "cholesky"
          ? held.at(dtype)
          : cholesky(held.at(dtype));
      return kind === "precision" ? fromPrecision(lower) : fromCovariance(lower);
    },
  };
}

/** d' = A d for each vector along the last axis: one product where A serves all of them. */
const each = (d: Tensor, lower: Tensor, solve: (lower: Tensor, columns: Tensor) => Tensor): Tensor => {
  const size = lower.shape.at(-1)!;
  if (lower.rank > 2) {
    const lead = broadcastShapes("multivariateNormal", d.shape.slice(0, -1), lower.shape.slice(0, -2));
    return solve(lower.broadcastTo([...lead, size, size]), d.broadcastTo([...lead, size]).expandDims(-1)).squeeze(-1);
  }
  return reshape(matrixTranspose(solve(lower, matrixTranspose(reshape(d, [d.size / size, size])))), d.shape);
};

const logDiagonal = (lower: Tensor): Tensor => log(abs(diagonal(lower))).sum(-1);

/** Covariance = L L^T. */
const fromCovariance = (lower: Tensor): Scale => ({
  whiten: (d) => each(d, lower, (l, columns) => triangularSolve(l, columns)),
  colour: (z) => each(z, lower, matmul),
  logDeterminant: () => logDiagonal(lower),
  variance: () => lower.square().sum(-1),
});

/** Precision = R R^T, so that R^-T is a factor of the covariance. */
const fromPrecision = (lower: Tensor): Scale => ({
  whiten: (d) => each(d, matrixTranspose(lower), matmul),
  colour: (z) => each(z, lower, (l, columns) => triangularSolve(l, columns, { transpose: true })),
  logDeterminant: () => logDiagonal(lower).neg(),
  variance: () =>
    triangularSolve(lower, eye(lower.shape.at(-1)!, lower.dtype).broadcastTo(lower.shape))
      .square()
      .sum(-2),
});

/** The lower triangular factor of every [size, size] matrix of `values`; a given one is checked. */
function hostTriangle(kind: (typeof kinds)[number], values: Float64Array, size: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let offset = 0; offset < values.length; offset += size * size) {
    const a = values.subarray(offset, offset + size * size);
    const l = out.subarray(offset, offset + size * size);
    if (kind === "cholesky") {
      l.set(a);
      for (let i = 0; i < size; i++) {
        if (!(a[i * size + i]! > 0))
          throw new RangeError(`multivariateNormal: the diagonal of cholesky must be > 0, got ${a[i * size + i]} in row ${i}`);
        for (let j = i + 1; j < size; j++)
          if (a[i * size + j] !== 0)
            throw new RangeError(`multivariateNormal: cholesky must be lower triangular, got ${a[i * size + j]} in row ${i}, column ${j}`);
      }
    } else factor(kind, a, l, size);
  }
  return out;
}

/** L with L L^T = A (Cholesky and Banachiewicz), row by row. */
function factor(kind: string, a: Float64Array, l: Float64Array, size: number): void {
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      const [above, below] = [a[j * size + i]!, a[i * size + j]!];
      if (Math.abs(above - below) > 1e-6 * Math.sqrt(Math.abs(a[i * size + i]! * a[j * size + j]!)))
        throw new RangeError(
          `multivariateNormal: ${kind} must be symmetric, got ${below} in row ${i}, column ${j} and ${above} across the diagonal`,
        );
      let rest = below;
      for (let k = 0; k < j; k++) rest -= l[i * size + k]! * l[j * size + k]!;
      if (i === j && !(rest > 0))
        throw new RangeError(`multivariateNormal: ${kind} must be positive definite; its leading ${i + 1} x ${i + 1} part is not`);
      l[i * size + j] = i === j ? Math.sqrt(rest) : rest / l[j * size + j]!;
    }
}
