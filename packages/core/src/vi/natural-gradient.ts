import {
  cholesky,
  diagonal,
  eye,
  iota,
  isFinite,
  log,
  logicalAnd,
  logicalOr,
  matmul,
  matrixTranspose,
  type Tensor,
  triangularSolve,
  valueAndGrad,
  where,
  whileLoop,
  zeros,
} from "@credence/tensor";
import { standardEntropy } from "./family.ts";
import { mapRows } from "./map-rows.ts";

export interface NaturalGradientOptions {
  /** Steps at most. */
  readonly steps: number;
  /** Done when a whole step would change neither mean nor precision by more than this, in standard units. */
  readonly tolerance: number;
}

/** The normal that was climbed to, N(mean, factor factor^T): mean [D], factor lower triangular [D, D], or its diagonal [D]. */
export type NaturalFit = {
  readonly mean: Tensor;
  readonly factor: Tensor;
  readonly elbo: Tensor;
  /** What a whole further step would change, in standard units. */
  readonly distance: Tensor;
  /** The ELBO after each step, NaN where none was taken, [steps]. */
  readonly trace: Tensor;
};

/** A normal with precision P, and what the draws say there. */
type At = {
  /** [D] */
  readonly mean: Tensor;
  /** P: [D, D], or its diagonal [D]. */
  readonly precision: Tensor;
  readonly elbo: Tensor;
  /** g = E gradient log p, [D] */
  readonly gradient: Tensor;
  /** G = -E Hessian log p, shaped as P. */
  readonly curvature: Tensor;
};

/** What a step needs to know of a form of the precision. */
interface Form {
  look(mean: Tensor, precision: Tensor): At;
  propose(at: At, rate: Tensor): At;
  distance(at: At): Tensor;
}

/**
 * Climbs the ELBO of a normal by its natural gradient (Khan and Lin 2017, conjugate-computation variational inference; Khan and Rue 2023, the Bayesian learning rule). With step size r,
 *   P <- P + r (G - P),   mean <- mean + r P^-1 g,
 * whose fixed point is the optimum. For a conjugate model, where log p is quadratic, one full-rank step of r = 1 is the whole way, however badly scaled. G comes from
 * gradients alone, by Stein's identity, over `noise` that matches the normal's moments. Where P + r (G - P) is not positive definite, r^2 (G - P) P^-1 (G - P) / 2
 * is added, which keeps it so (Lin, Schmidt and Khan 2020). A step that neither raises the ELBO nor comes nearer to the fixed point is taken back and halved. Traced.
 * @param logDensity [n, D] -> [n]
 * @param form of the covariance: `diagonal` for a factorised normal
 */
export function naturalGradient(
  logDensity: (v: Tensor) => Tensor,
  noise: Tensor,
  form: "dense" | "diagonal",
  { steps, tolerance }: NaturalGradientOptions,
): NaturalFit {
  const dimension = noise.shape[1]!;
  const { look, propose, distance } = (form === "dense" ? dense : factorised)(logDensity, noise);
  type Walk = { readonly at: At; readonly rate: Tensor; readonly trace: Tensor; readonly number: Tensor };
  const start = look(zeros([dimension], "f64"), form === "dense" ? eye(dimension, "f64") : zeros([dimension], "f64").add(1));
  const { at, trace } = whileLoop(
    ({ at, rate }: Walk) => logicalAnd(distance(at).greater(tolerance), rate.greater(1e-10)),
    ({ at, rate, trace, number }: Walk): Walk => {
      const next = propose(at, rate);
      // Near the optimum of a target that is not normal, the draws' ELBO and the draws' natural gradient part by the error of the draws: there, nearer is better.
      const better = logicalAnd(isFinite(next.elbo), logicalOr(next.elbo.greater(at.elbo), distance(next).less(distance(at))));
      const pick = (a: Tensor, b: Tensor): Tensor => where(better, a, b);
      return {
        at: {
          mean: pick(next.mean, at.mean),
          precision: pick(next.precision, at.precision),
          elbo: pick(next.elbo, at.elbo),
          gradient: pick(next.gradient, at.gradient),
          curvature: pick(next.curvature, at.curvature),
        },
        rate: where(better, rate.mul(2).minimum(1), rate.mul(0.5)),
        trace: where(iota([steps]).equal(number), pick(next.elbo, at.elbo), trace),
        number: number.add(1),
      };
    },
    { at: start, rate: start.elbo.mul(0).add(1), trace: zeros([steps], "f64").add(Number.NaN), number: zeros([], "i32") },
    { maxIterations: steps },
  );
  return { mean: at.mean, factor: factorOf(at.precision, form), elbo: at.elbo, distance: distance(at), trace };
}

/** Lower factor of P^-1, or the sds. */
function factorOf(precision: Tensor, form: "dense" | "diagonal"): Tensor {
  if (form === "diagonal") return precision.pow(-0.5);
  const covariance = solved(cholesky(precision), eye(precision.shape[0]!, "f64"));
  return cholesky(covariance.add(matrixTranspose(covariance)).mul(0.5));
}

/** (R R^T)^-1 x. */
const solved = (root: Tensor, x: Tensor): Tensor => triangularSolve(root, triangularSolve(root, x), { transpose: true });

/** Values [n] and gradients [n, D] of the log density at rows, block by block. */
const gradients = (logDensity: (v: Tensor) => Tensor, v: Tensor) =>
  mapRows((rows) => {
    const both = valueAndGrad(
      (x: Tensor): [Tensor, Tensor] => {
        const value = logDensity(x);
        return [value.sum(), value];
      },
      { hasAux: true },
    );
    const [[, value], gradient] = both(rows);
    return { value, gradient };
  }, v);

/** P as a matrix, P = R R^T, draws mean + R^-T z. */
function dense(logDensity: (v: Tensor) => Tensor, noise: Tensor): Form {
  const [draws, dimension] = noise.shape as [number, number];
  const symmetric = (matrix: Tensor): Tensor => matrix.add(matrixTranspose(matrix)).mul(0.5);
  const look = (mean: Tensor, precision: Tensor): At => {
    const root = cholesky(precision);
    const offsets = matrixTranspose(triangularSolve(root, matrixTranspose(noise), { transpose: true }));
    const at = gradients(logDensity, offsets.add(mean));
    // E[g z^T] = E[H] R^-T, so E[H] = E[g z^T] R^T.
    const products = matmul(matrixTranspose(at.gradient), noise).mul(1 / draws);
    return {
      mean,
      precision,
      elbo: at.value
        .mean()
        .sub(log(diagonal(root)).sum())
        .add(standardEntropy(dimension)),
      gradient: at.gradient.mean(0),
      curvature: symmetric(matmul(products, matrixTranspose(root)).neg()),
    };
  };
  return {
    look,
    propose({ mean, precision, gradient, curvature }, rate) {
      const root = cholesky(precision);
      const change = curvature.sub(precision).mul(rate);
      const plain = precision.add(change);
      const safe = plain.add(symmetric(matmul(change, solved(root, change))).mul(0.5));
      const next = where(isFinite(cholesky(plain).sum()), plain, safe);
      return look(mean.add(solved(cholesky(next), gradient.mul(rate))), next);
    },
    distance({ precision, gradient, curvature }) {
      const root = cholesky(precision);
      const inside = matrixTranspose(triangularSolve(root, matrixTranspose(triangularSolve(root, curvature))));
      const shift = triangularSolve(root, gradient).abs().max();
      return shift.maximum(inside.sub(eye(dimension, "f64")).abs().max());
    },
  };
}

/** P as its diagonal: the same steps, coordinate by coordinate. */
function factorised(logDensity: (v: Tensor) => Tensor, noise: Tensor): Form {
  const [draws, dimension] = noise.shape as [number, number];
  const look = (mean: Tensor, precision: Tensor): At => {
    const root = precision.sqrt();
    const at = gradients(logDensity, noise.div(root).add(mean));
    return {
      mean,
      precision,
      elbo: at.value.mean().sub(log(root).sum()).add(standardEntropy(dimension)),
      gradient: at.gradient.mean(0),
      curvature: at.gradient
        .mul(noise)
        .sum(0)
        .mul(-1 / draws)
        .mul(root),
    };
  };
  return {
    look,
    propose({ mean, precision, gradient, curvature }, rate) {
      const change = curvature.sub(precision).mul(rate);
      const plain = precision.add(change);
      const next = where(plain.greater(0), plain, plain.add(change.square().div(precision).mul(0.5)));
      return look(mean.add(gradient.mul(rate).div(next)), next);
    },
    distance: ({ precision, gradient, curvature }) =>
      gradient.div(precision.sqrt()).abs().max().maximum(curvature.div(precision).sub(1).abs().max()),
  };
}
