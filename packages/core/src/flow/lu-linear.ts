import { constant, exp, eye, index, matmul, random, type Tensor, transpose, triangularSolve, zeros } from "@credence/tensor";
import type { Transform } from "./flow.ts";

/** lower, upper: [D, D], of which only the strict triangles count; logDiagonal, bias: [D]. */
export type LuLinearParams = { readonly lower: Tensor; readonly upper: Tensor; readonly logDiagonal: Tensor; readonly bias: Tensor };

/**
 * z = W theta + b with W = L U, L unit lower and U upper triangular with diagonal exp(d): log |det W| = sum d.
 * Starts close to the identity. Kingma and Dhariwal 2018, "Glow".
 */
export function luLinear(dimension: number): Transform<LuLinearParams> {
  const strictlyLower = Array.from({ length: dimension }, (_, i) => Array.from({ length: dimension }, (_, j) => (j < i ? 1 : 0)));
  /** W = L U, as its two factors; the upper one transposed, so that both are lower triangular. */
  const factors = (params: LuLinearParams): [lower: Tensor, upperTransposed: Tensor] => {
    const { dtype } = params.lower;
    const mask = constant(strictlyLower, dtype);
    const identity = eye(dimension, dtype);
    const lower = params.lower.mul(mask).add(identity);
    const upperTransposed = transpose(params.upper)
      .mul(mask)
      .add(identity.mul(exp(params.logDiagonal)));
    return [lower, upperTransposed];
  };
  return {
    init(key) {
      const keys = random.split(key, 2);
      const bound = 1e-3;
      const draw = (k: number) => random.uniform(index(keys, k), [dimension, dimension], { low: -bound, high: bound });
      return { lower: draw(0), upper: draw(1), logDiagonal: zeros([dimension]), bias: zeros([dimension]) };
    },
    forward(params, theta) {
      const [lower, upperTransposed] = factors(params);
      // theta W^T = theta (U^T L^T).
      return [theta.matmul(matmul(upperTransposed, transpose(lower))).add(params.bias), params.logDiagonal.sum()];
    },
    inverse(params, z) {
      const [lower, upperTransposed] = factors(params);
      const inverse = triangularSolve(upperTransposed, triangularSolve(lower, eye(dimension, z.dtype)), { transpose: true });
      return z.sub(params.bias).matmul(transpose(inverse));
    },
  };
}
