import {
  chiSquare,
  type Draws,
  dirichlet,
  type GaussianMixture,
  type Model,
  mixture,
  model,
  multivariateNormal,
  normal,
  observed,
  type ParameterPrior,
  plate,
} from "@credence/core";
import {
  array,
  cholesky,
  concat,
  expandDims,
  eye,
  index,
  inverse,
  matmul,
  type NdArray,
  program,
  random,
  sqrt,
  stack,
  type Tensor,
  triangularSolve,
  zeros,
} from "@credence/tensor";
import { drawsOf } from "./evaluate.ts";
import type { Features } from "./features.ts";

export interface MixturePrior {
  /** Of the Dirichlet over weights. */
  readonly concentration: number;
}

/**
 * A mixture of K normals with full covariances over standardised columns, with the component of each row summed out:
 *
 *     p(x_i) = sum_k w_k N(x_i; m_k, P_k^-1),  w ~ Dirichlet(a),  P_k ~ Wishart(I, d),  m_k ~ N(0, P_k^-1)
 *
 * The Wishart is drawn as P = T T^T with T lower triangular, T_ii² ~ chi²(d + 1 - i) and T_ij ~ N(0, 1) (Bartlett 1933), the mean as m = T^-T z. It is the
 * prior of `gaussianMixture` on standardised columns, so that chains and coordinate ascent answer one question. Components have no order: start
 * chains near one mode, and see that none changes it.
 *
 * Quantities: weight[K] (of two or more), square[K, d], lower[K, d (d-1) / 2], z[K, d], and in the units of the columns mean[K, d], sd[K, d], correlation[K, d, d].
 */
export function gaussianMixtureModel(
  { x, rows, names, centre, scale }: Features,
  components: number,
  { concentration }: MixturePrior,
): Model {
  const size = names.length;
  const below = (size * (size - 1)) / 2;
  const data = array(x, { shape: [rows, size] });
  const [shift, unit] = [array(centre), array(scale)];
  const factor = (values: Values, k: number): Tensor =>
    triangular(sqrt(index(values.square, k)), below > 0 ? index(values.lower, k) : undefined);
  /** T^-T z, with T^T upper triangular. */
  const mean = (t: Tensor, z: Tensor): Tensor => triangularSolve(t, expandDims(z, 1), { transpose: true }).squeeze(1);
  const each = <T>(f: (k: number) => T): T[] => Array.from({ length: components }, (_, k) => f(k));
  const priors: Readonly<Record<string, ParameterPrior>> = {
    ...(components > 1 && { weight: dirichlet(new Float64Array(components).fill(concentration)) }),
    square: plate(chiSquare(Float64Array.from({ length: size }, (_, i) => size - i)), components, size),
    ...(below > 0 && { lower: plate(normal(0, 1), components, below) }),
    z: plate(normal(0, 1), components, size),
  };
  return model(
    priors,
    (given) => {
      const values = given as unknown as Values;
      const parts = each((k) => {
        const t = factor(values, k);
        return multivariateNormal(mean(t, index(values.z, k)), { precision: matmul(t, t.T) });
      });
      return { x: observed(components > 1 ? mixture(values.weight, parts) : parts[0]!, data) };
    },
    {
      derived: (given) => {
        const values = given as unknown as Values;
        const factors = each((k) => factor(values, k));
        const covariances = factors.map((t) => inverse(matmul(t, t.T), { positiveDefinite: true }));
        const sds = covariances.map((c) => sqrt(matmul(c.mul(eye(size, "f64")), zeros([size, 1], "f64").add(1)).squeeze(1)));
        return {
          mean: stack(factors.map((t, k) => mean(t, index(values.z, k)).mul(unit).add(shift))),
          sd: stack(sds.map((sd) => sd.mul(unit))),
          correlation: stack(covariances.map((c, k) => c.div(expandDims(sds[k]!, 0)).div(expandDims(sds[k]!, 1)))),
        };
      },
    },
  ) as unknown as Model;
}

type Values = { readonly weight: Tensor; readonly square: Tensor; readonly lower: Tensor; readonly z: Tensor };

/** A lower triangular matrix from its diagonal [d] and what is below it, row by row. */
function triangular(diagonal: Tensor, below: Tensor | undefined): Tensor {
  const size = diagonal.shape[0]!;
  const rows = Array.from({ length: size }, (_, i) => {
    const start = (i * (i - 1)) / 2;
    const parts = [
      ...(i > 0 ? [below!.slice([start], [start + i])] : []),
      diagonal.slice([i], [i + 1]),
      ...(i < size - 1 ? [zeros([size - 1 - i], "f64")] : []),
    ];
    return concat(parts);
  });
  return stack(rows);
}

/** Draws of q(w) prod q(m_k, P_k) as the model has its quantities, one chain. */
export async function mixtureDraws(target: Model, fit: GaussianMixture, count: number, seed: number): Promise<Draws> {
  const [components, size] = fit.mean.shape as [number, number];
  const below = (size * (size - 1)) / 2;
  const run = program(
    (q: { concentration: Tensor; mean: Tensor; beta: Tensor; scaleInverse: Tensor; degrees: Tensor }, key: Tensor) => {
      const keyOf = (stream: number): Tensor => random.fold(key, stream);
      const shares = random.gamma(keyOf(0), q.concentration.broadcastTo([count, components]));
      const weight = shares.div(shares.sum(1, true));
      const parts = Array.from({ length: components }, (_, k) => {
        const wishart = cholesky(inverse(index(q.scaleInverse, k), { positiveDefinite: true }));
        const nu = index(q.degrees, k);
        const squares = Array.from({ length: size }, (_, i) =>
          random.gamma(keyOf(1 + 10 * k + i), nu.sub(i).mul(0.5).broadcastTo([count])).mul(2),
        );
        const normals = random.normal(keyOf(1000 + k), [count, size, size], { dtype: "f64" });
        const a = normals.mul(strictlyLower(size)).add(expandDims(sqrt(stack(squares, 1)), 1).mul(eye(size, "f64")));
        const t = matmul(wishart, a); // [count, d, d]
        const error = random.normal(keyOf(2000 + k), [count, size, 1], { dtype: "f64" });
        // m = m_k + beta_k^-1/2 T^-T e, and z = T^T m, prior mean 0 and beta 1.
        const from = matmul(t.transpose([0, 2, 1]), expandDims(index(q.mean, k), 1).broadcastTo([count, size, 1]));
        const z = from.add(error.div(sqrt(index(q.beta, k)))).squeeze(2);
        const entry = (i: number, j: number): Tensor => t.slice([0, i, j], [undefined, i + 1, j + 1]).reshape([count, 1]);
        return {
          square: concat(
            Array.from({ length: size }, (_, i) => entry(i, i).square()),
            1,
          ),
          lower: Array.from({ length: size }, (_, i) => Array.from({ length: i }, (_, j) => entry(i, j))).flat(),
          z,
        };
      });
      const lower = parts.flatMap((part) => part.lower);
      return concat(
        [
          ...(components > 1 ? [weight] : []),
          ...parts.map(({ square }) => square),
          ...(below > 0 ? lower : []),
          ...parts.map(({ z }) => z),
        ],
        1,
      );
    },
    { name: "draws of a mixture" },
  );
  const { concentration, mean, beta, scaleInverse, degrees } = fit.factors;
  const key = array(Uint32Array.of(seed >>> 0, 0x6d697874));
  return drawsOf(target, (await run.runAsync([{ concentration, mean, beta, scaleInverse, degrees }, key])) as NdArray, fit.warnings);
}

const strictlyLower = (size: number): NdArray =>
  array(
    Float64Array.from({ length: size * size }, (_, i) => Number(Math.floor(i / size) > i % size)),
    { shape: [size, size] },
  );
