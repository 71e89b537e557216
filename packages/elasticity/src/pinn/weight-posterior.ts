import {
  asTensor,
  cholesky,
  concat,
  eye,
  log,
  matmul,
  matrixTranspose,
  type Tensor,
  type TensorLike,
  triangularSolve,
} from "@credence/tensor";
import type { Collocation } from "./collocation.ts";
import type { Features } from "./features.ts";
import { displacementRows, type EquationNoise, equationRows } from "./operators.ts";

/** What the equations say of N weights for every material: G(lambda, mu) and g(lambda, mu) are polynomials of degree 2 and 1. */
export interface WeightSystem<T = Tensor> {
  /** I / s^2 + H^T H, and H^T h, of what does not know the material. */
  readonly fixed: T;
  readonly fixedRight: T;
  /** Factors of lambda^2, lambda mu and mu^2 in G. */
  readonly lambdaLambda: T;
  readonly lambdaMu: T;
  readonly muMu: T;
  /** Factors of lambda and mu in g. */
  readonly lambdaRight: T;
  readonly muRight: T;
  /** The equations themselves, in units of their noise: (rows_lambda lambda + rows_mu mu) w = right, and rows_held w = right_held. */
  readonly lambdaRows: T;
  readonly muRows: T;
  readonly right: T;
  readonly heldRows: T;
  readonly heldRight: T;
  /** s^-2. */
  readonly weightPrecision: T;
  /** Displacements at sensors, a reading in a row, in units of its noise, [R, N]; and the readings, [R, 1]. */
  readonly sensors: T;
  readonly readings: T;
}

export interface SensorRows {
  /** [S, d] each, in units of the problem. */
  readonly places: Tensor;
  readonly readings: Tensor;
  readonly noise: Tensor;
}

/** The system of weights with independent N(0, weightSd^2) priors. Traced. */
export function weightSystem(
  features: Features,
  at: Collocation<Tensor>,
  sensors: SensorRows,
  noise: EquationNoise<TensorLike>,
  weightSd: TensorLike,
): WeightSystem {
  const { inside, traction, held } = equationRows(features, at, noise);
  const lambda = concat([inside.lambda, traction.lambda], 0);
  const mu = concat([inside.mu, traction.mu], 0);
  const right = concat([inside.right, traction.right], 0);
  const gram = (a: Tensor, b: Tensor): Tensor => matmul(matrixTranspose(a), b);
  const cross = gram(lambda, mu);
  const n = held.rows.shape[1]!;
  const precision = asTensor(weightSd, "f64").pow(-2);
  const flat = (t: Tensor): Tensor => t.T.reshape([t.size, 1]);
  const scale = flat(sensors.noise);
  return {
    fixed: gram(held.rows, held.rows).add(eye(n, "f64").mul(precision)),
    fixedRight: gram(held.rows, held.right),
    lambdaLambda: gram(lambda, lambda),
    lambdaMu: cross.add(matrixTranspose(cross)),
    muMu: gram(mu, mu),
    lambdaRight: gram(lambda, right),
    muRight: gram(mu, right),
    lambdaRows: lambda,
    muRows: mu,
    right,
    heldRows: held.rows,
    heldRight: held.right,
    weightPrecision: precision,
    sensors: displacementRows(features, sensors.places).div(scale),
    readings: flat(sensors.readings).div(scale),
  };
}

/** G and g at a material, scalars in units of the problem. */
function equationsAt(system: WeightSystem, lambda: Tensor, mu: Tensor) {
  const { fixed, lambdaLambda, lambdaMu, muMu } = system;
  return {
    gram: fixed
      .add(lambdaLambda.mul(lambda.square()))
      .add(lambdaMu.mul(lambda.mul(mu)))
      .add(muMu.mul(mu.square())),
    right: system.fixedRight.add(system.lambdaRight.mul(lambda)).add(system.muRight.mul(mu)),
  };
}

/**
 * Cholesky factor of G at a material, and the weights that the equations alone give, [N, 1], with what they leave: |residual|^2 + |w|^2 / s^2. The weights are refined
 * once with the residual of the equations themselves, whose condition number is the root of G's; what they leave is then exact to second order.
 */
export function weightsOfForce(system: WeightSystem, lambda: Tensor, mu: Tensor) {
  const { gram, right } = equationsAt(system, lambda, mu);
  const lower = cholesky(gram);
  const solve = (b: Tensor): Tensor => triangularSolve(lower, triangularSolve(lower, b), { transpose: true });
  const { lambdaRows, muRows, heldRows, weightPrecision } = system;
  const residual = (w: Tensor) => ({
    equations: system.right.sub(matmul(lambdaRows, w).mul(lambda)).sub(matmul(muRows, w).mul(mu)),
    held: system.heldRight.sub(matmul(heldRows, w)),
  });
  const back = (rows: Tensor, r: Tensor): Tensor => matmul(matrixTranspose(rows), r);
  const first = solve(right);
  const { equations, held } = residual(first);
  const correction = back(lambdaRows, equations)
    .mul(lambda)
    .add(back(muRows, equations).mul(mu))
    .add(back(heldRows, held))
    .sub(first.mul(weightPrecision));
  const weights = first.add(solve(correction));
  const left = residual(weights);
  return {
    lower,
    weights,
    left: left.equations.square().sum().add(left.held.square().sum()).add(weights.square().sum().mul(weightPrecision)),
  };
}

/** What the displacements of the equations alone leave of the readings, in units of their noise, [R]. */
export const misfitOfForce = (system: WeightSystem, lambda: Tensor, mu: Tensor): Tensor =>
  system.readings.sub(matmul(system.sensors, weightsOfForce(system, lambda, mu).weights)).squeeze(1);

/** log det of a lower triangular matrix. */
const logSize = (lower: Tensor): Tensor => log(lower.mul(eye(lower.shape[0]!, "f64")).sum(1)).sum();

/**
 * log p(readings | force, material), and log p(force | material): the evidence of the equations, up to a constant. With w | force ~ N(m, G^-1) and
 * V = L^-1 Y^T, the readings are N(Y m, I + V^T V) in units of their noise.
 */
export function logDensities(system: WeightSystem, lambda: Tensor, mu: Tensor): { readonly readings: Tensor; readonly force: Tensor } {
  const { lower, left, weights } = weightsOfForce(system, lambda, mu);
  const v = triangularSolve(lower, matrixTranspose(system.sensors));
  const misfit = system.readings.sub(matmul(system.sensors, weights));
  const [n, r] = v.shape as [number, number];
  const known = misfit.square().sum();
  // |I + V^T V| = |I + V V^T|: whichever is smaller.
  const inner = r <= n ? matmul(matrixTranspose(v), v) : matmul(v, matrixTranspose(v));
  const root = cholesky(inner.add(eye(Math.min(r, n), "f64")));
  const explained = triangularSolve(root, r <= n ? misfit : matmul(v, misfit))
    .square()
    .sum();
  return {
    readings: (r <= n ? explained : known.sub(explained)).mul(-0.5).sub(logSize(root)),
    force: left.mul(-0.5).sub(logSize(lower)),
  };
}

/** Mean [n, d] and sd [n, d] of the displacement at places, given force, readings and material. */
export function displacementGiven(system: WeightSystem, features: Features, places: Tensor, lambda: Tensor, mu: Tensor) {
  const [n, d] = places.shape as [number, number];
  const { sensors, readings } = system;
  const { gram, right } = equationsAt(system, lambda, mu);
  const lower = cholesky(gram.add(matmul(matrixTranspose(sensors), sensors)));
  const half = triangularSolve(lower, right.add(matmul(matrixTranspose(sensors), readings)));
  const v = triangularSolve(lower, matrixTranspose(displacementRows(features, places)));
  const table = (column: Tensor): Tensor => column.reshape([d, n]).T;
  return { mean: table(matmul(matrixTranspose(v), half)), variance: table(v.square().sum(0)) };
}
