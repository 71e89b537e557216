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
  type NdArray,
  program,
  random,
  type Tensor,
  type Tree,
  triangularSolve,
  valueAndGrad,
  where,
  whileLoop,
  zeros,
} from "@credence/tensor";
import { standardEntropy } from "./family.ts";
import type { FitProblem, Fitted } from "./fit-problem.ts";
import { mapRows } from "./map-rows.ts";
import { matchedNoise } from "./matched-noise.ts";

export interface NaturalGradientOptions {
  readonly draws: number;
  readonly steps: number;
  /** The fit is done when a whole step would change neither mean nor precision by more than this, in standard units. */
  readonly tolerance: number;
}

/** N(mean, P^-1) as upper factor of u: P = R R^T, R lower triangular; what the draws say there. */
type At = {
  /** [D] */
  readonly mean: Tensor;
  /** P, [D, D] */
  readonly precision: Tensor;
  /** R */
  readonly root: Tensor;
  readonly elbo: Tensor;
  /** E gradient log p, [D] */
  readonly gradient: Tensor;
  /** -E Hessian log p, [D, D] */
  readonly curvature: Tensor;
};

/**
 * The natural gradient of the ELBO of a normal (Khan and Lin 2017, conjugate-computation variational inference; Khan and Rue 2023, the Bayesian learning rule): with step size r
 *   P <- P + r (G - P),   mean <- mean + r P^-1 g,   g = E gradient log p,  G = -E Hessian log p,
 * whose fixed point is the optimum. For a conjugate model, where log p is quadratic, one step of r = 1 is the whole way. The expected Hessian comes from
 * gradients alone, E[g z^T] by Stein's identity, over draws that are made once and match the normal's moments. Where P + r (G - P) is not positive definite, r^2 (G - P) P^-1 (G - P) / 2
 * is added, which keeps it so (Lin, Schmidt and Khan 2020). A step that neither raises the ELBO nor comes nearer to the fixed point is taken back and halved.
 */
export async function fitNaturalGradient<P extends Tree<Tensor>>(problem: FitProblem<P>, options: NaturalGradientOptions): Promise<Fitted> {
  const { family, logDensity, placement, signal } = problem;
  const { draws, steps, tolerance } = options;
  if (family.name !== "mean-field" && family.name !== "full-rank")
    throw new TypeError(
      `method "natural-gradient" is for the mean-field and full-rank families, got ${family.name}; take "lbfgs" or "adam"`,
    );
  const factorised = family.name === "mean-field";
  const { dimension } = family;
  const run = program(
    (baseMean: Tensor, factor: Tensor, key: Tensor) => {
      const base = { mean: baseMean, factor };
      const noise = matchedNoise(random.fold(key, 2), draws, dimension);
      const identity = eye(dimension, "f64");
      const ownPart = (matrix: Tensor): Tensor => (factorised ? matrix.mul(identity) : matrix.add(matrixTranspose(matrix)).mul(0.5));
      const look = (mean: Tensor, precision: Tensor): At => {
        const root = cholesky(precision);
        // Rows R^-T z, of covariance (R R^T)^-1.
        const offsets = matrixTranspose(triangularSolve(root, matrixTranspose(noise), { transpose: true }));
        const at = mapRows((rows) => {
          const both = valueAndGrad(
            (v: Tensor): [Tensor, Tensor] => {
              const value = logDensity(v, base);
              return [value.sum(), value];
            },
            { hasAux: true },
          );
          const [[, value], gradient] = both(rows);
          return { value, gradient };
        }, offsets.add(mean));
        // E[g z^T] = E[H] R^-T, so E[H] = E[g z^T] R^T.
        const products = matmul(matrixTranspose(at.gradient), noise).mul(1 / draws);
        return {
          mean,
          precision,
          root,
          elbo: at.value
            .mean()
            .sub(log(diagonal(root)).sum())
            .add(standardEntropy(dimension)),
          gradient: at.gradient.mean(0),
          curvature: ownPart(matmul(products, matrixTranspose(root)).neg()),
        };
      };
      const solved = (root: Tensor, x: Tensor): Tensor => triangularSolve(root, triangularSolve(root, x), { transpose: true });
      const proposal = (at: At, rate: Tensor): At => {
        const change = at.curvature.sub(at.precision).mul(rate);
        const plain = at.precision.add(change);
        const safe = plain.add(ownPart(matmul(change, solved(at.root, change))).mul(0.5));
        const precision = where(isFinite(cholesky(plain).sum()), plain, safe);
        return look(at.mean.add(solved(cholesky(precision), at.gradient.mul(rate))), precision);
      };
      /** How far a whole step goes, in standard units. */
      const distance = ({ root, gradient, curvature }: At): Tensor => {
        const shift = triangularSolve(root, gradient).abs().max();
        const inside = matrixTranspose(triangularSolve(root, matrixTranspose(triangularSolve(root, curvature))));
        return shift.maximum(inside.sub(identity).abs().max());
      };
      type Walk = { readonly at: At; readonly rate: Tensor; readonly trace: Tensor; readonly number: Tensor };
      const start = look(zeros([dimension], "f64"), identity);
      const { at, trace } = whileLoop(
        ({ at, rate }: Walk) => logicalAnd(distance(at).greater(tolerance), rate.greater(1e-10)),
        ({ at, rate, trace, number }: Walk): Walk => {
          const next = proposal(at, rate);
          // Near the optimum of a target that is not normal, the draws' ELBO and the draws' natural gradient part by the error of the draws: there, nearer is better.
          const better = logicalAnd(isFinite(next.elbo), logicalOr(next.elbo.greater(at.elbo), distance(next).less(distance(at))));
          const pick = (a: Tensor, b: Tensor): Tensor => where(better, a, b);
          return {
            at: {
              mean: pick(next.mean, at.mean),
              precision: pick(next.precision, at.precision),
              root: pick(next.root, at.root),
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
      // R^-T is upper triangular; the lower factor of the same covariance is the one to place.
      const covariance = solved(at.root, identity);
      const lower = cholesky(covariance.add(matrixTranspose(covariance)).mul(0.5));
      const standard = family.place(family.init(key), { mean: at.mean, factor: lower });
      return { params: family.place(standard, base), trace, value: at.elbo, gradientMax: distance(at) };
    },
    { ...placement, name: `${family.name} by natural gradient` },
  );
  const result = await run.runAsync([problem.mean, problem.factor, problem.key], signal ? { signal } : {});
  const { params, ...rest } = result as { params: unknown } & Record<"trace" | "value" | "gradientMax", NdArray>;
  const trace = (rest.trace.data() as Float64Array).filter((value) => !Number.isNaN(value));
  const [value, gradientMax] = [rest.value.item(), rest.gradientMax.item()];
  for (const array of Object.values(rest)) array.dispose();
  return { params, trace, value, gradientMax, converged: gradientMax < 10 * tolerance + 1e-7 };
}
