import { constant, exp, type Tensor } from "@credence/tensor";
import { engineeringOf, type Lame } from "../material.ts";

/**
 * A normal distribution of materials in log E and t = log(1 + lambda / mu) = -log(1 - 2 nu). Readings often tell Young's modulus a hundred times better than Poisson's
 * ratio; in lambda and mu the posterior is then a thin bow, in these coordinates an ellipse.
 */
export interface NormalMaterial {
  readonly mean: readonly [number, number];
  /** Cholesky factor of the covariance, lower: [a, 0], [b, c]. */
  readonly factor: readonly [number, number, number];
}

const coordinatesOf = ({ lambda, mu }: Lame): readonly [number, number] => [
  Math.log(engineeringOf({ lambda, mu }).young),
  Math.log1p(lambda / mu),
];

/** The normal with the mean and covariance that draws of lambda and mu, [n, 2], have there, its sds times `wider`. */
export function normalOfDraws(draws: ArrayLike<number>, wider = 1): NormalMaterial {
  const n = draws.length / 2;
  const at = Array.from({ length: n }, (_, i) => coordinatesOf({ lambda: draws[2 * i]!, mu: draws[2 * i + 1]! }));
  const mean = [0, 1].map((k) => at.reduce((sum, row) => sum + row[k]!, 0) / n) as [number, number];
  const moment = (a: number, b: number): number => at.reduce((sum, row) => sum + (row[a]! - mean[a]!) * (row[b]! - mean[b]!), 0) / (n - 1);
  const first = Math.sqrt(moment(0, 0));
  const cross = moment(0, 1) / first;
  return { mean, factor: [wider * first, wider * cross, wider * Math.sqrt(moment(1, 1) - cross ** 2)] };
}

/** log E, t, lambda and mu, [n] each, of n pairs z of standard normals. Traced. */
export function materialsOf({ mean, factor: [a, b, c] }: NormalMaterial, z: Tensor) {
  const at = z
    .matmul(
      constant(
        [
          [a, b],
          [0, c],
        ],
        "f64",
      ),
    )
    .add(constant([...mean], "f64"));
  const [logYoung, t] = [at.index(0, 1), at.index(1, 1)];
  // E = mu (3 - 1 / (1 + lambda / mu)).
  const mu = exp(logYoung).div(exp(t.neg()).neg().add(3));
  return { logYoung, t, lambda: exp(t).sub(1).mul(mu), mu };
}
