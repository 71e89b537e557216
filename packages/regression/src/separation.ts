import {
  array,
  cholesky,
  concat,
  eye,
  matmul,
  matrixTranspose,
  ones,
  program,
  repeat,
  sigmoid,
  type Tensor,
  triangularSolve,
  where,
  zeros,
} from "@credence/tensor";
import type { Features } from "./features.ts";

/** Newton's steps grow a separating direction by about one logit each, and faster once they overshoot; WDBC's thirty features take thirteen. */
const steps = 40;
/** A ridge that keeps the Hessian invertible and is far too weak to hold a separating direction back. */
const ridge = 1e-6;

/**
 * Newton's method on the penalised likelihood of a logistic regression with an intercept. The smallest of the signed margins (2y - 1) (b0 + x b),
 * where it was largest: a step that overshoots may leave a plane that separates.
 */
const smallestMargin = program(
  (x: Tensor, y: Tensor) => {
    const [rows, width] = x.shape as [number, number];
    const design = concat([ones([rows, 1], "f64"), x], 1);
    const label = y.expandDims(1);
    const sign = label.mul(2).sub(1);
    const step = ([b, best]: readonly [Tensor, Tensor]): readonly [Tensor, Tensor] => {
      const p = sigmoid(matmul(design, b));
      const weight = p.mul(p.neg().add(1));
      const gradient = matmul(matrixTranspose(design), label.sub(p)).sub(b.mul(ridge));
      const lower = cholesky(matmul(matrixTranspose(design), design.mul(weight)).add(eye(width + 1, "f64").mul(ridge)));
      const next = b.add(triangularSolve(lower, triangularSolve(lower, gradient), { transpose: true }));
      const margin = matmul(design, next).mul(sign).min();
      return [next, where(margin.greater(best), margin, best)];
    };
    const start = [zeros([width + 1, 1], "f64"), zeros([], "f64")] as const;
    return repeat(steps, step, start)[1];
  },
  { name: "separation of classes" },
);

/**
 * A sentence where a plane through the features tells the two classes apart without an error, undefined where none was found. The maximum
 * likelihood is then at infinity (Albert and Anderson, Biometrika 71, 1984), and how far out the posterior lies is the prior's word alone.
 * A plane that is found is a proof; a separable set whose plane Newton's method misses within its steps goes unnoticed.
 */
export async function separationWarning(features: Features, outcome: ArrayLike<number>): Promise<string | undefined> {
  const { names, rows, x } = features;
  const width = names.length;
  const alone = names.filter((_, d) => {
    const of = (label: number): number[] =>
      Array.from({ length: rows }, (_, i) => i).flatMap((i) => (outcome[i] === label ? [x[i * width + d]!] : []));
    const [zeros, ones] = [of(0), of(1)];
    const [max, min] = [(all: number[]) => all.reduce((a, b) => Math.max(a, b)), (all: number[]) => all.reduce((a, b) => Math.min(a, b))];
    return max(zeros) < min(ones) || max(ones) < min(zeros);
  });
  const consequence =
    "there is no maximum likelihood, and the size of the coefficients is what the prior says it is. " +
    "Give the coefficients a prior that you believe (standard deviation 1 to 2.5 for standardised features), or leave features out; probabilities near 0 and 1 are not to be trusted beyond that";
  if (alone.length > 0) {
    return `${alone.join(", ")} ${alone.length === 1 ? "tells" : "each tell"} the two classes apart without an error: ${consequence}`;
  }
  using data = array(x, { shape: [rows, width] });
  using label = array(Float64Array.from(outcome));
  using margin = await smallestMargin.runAsync([data, label]);
  return margin.item() > 0 ? `the ${width} features together tell the two classes apart without an error: ${consequence}` : undefined;
}
