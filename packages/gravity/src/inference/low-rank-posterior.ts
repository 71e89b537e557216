import { tallQr } from "@credence/core";
import {
  concat,
  eigenSymmetric,
  flip,
  index,
  log1p,
  matmul,
  matrixTranspose,
  type NdArray,
  program,
  random,
  sliceAxis,
  type Tensor,
} from "@credence/tensor";
import type { GravityModel } from "./gravity-model.ts";
import type { GravityPosterior } from "./gravity-posterior.ts";
import { type Inverse, keyOf, posteriorFrom } from "./posterior-from.ts";
import { backward, type DataSolve, forward, marginalise, sensed, whitened } from "./whitened.ts";

export interface LowRankOptions {
  /** Eigenvalues that are kept, at most; 300 if absent, and never more than there are stations or cells. */
  readonly rank?: number;
  readonly seed: number;
  /** Products with A A^T: 3 if absent. Each takes all sensitivities twice. */
  readonly passes?: number;
  /** Directions beyond `rank` that are followed and dropped; 20 if absent. */
  readonly oversampling?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly phase: string; readonly done: number; readonly total: number }) => void;
}

export interface LowRankPosterior extends GravityPosterior {
  /** Of A A^T, descending: how many times noise a direction's signal has in variance. */
  readonly eigenvalues: Float64Array;
  /** What the directions left out may change. */
  readonly discarded: Discarded;
}

export interface Discarded {
  /** Estimate of the sum of the eigenvalues that are not kept, by random probes. */
  readonly trace: number;
  /** Its standard error. */
  readonly traceError: number;
  /** Bound on the error of the log evidence, nats: half that trace, and half of what is left out of the misfit, to first order in either. */
  readonly logEvidence: number;
  /** Bound on the information gain left out, nats. */
  readonly informationGain: number;
}

/** Arrays that are kept: eigenvectors [stations, r], eigenvalues [r], and sums over them [cells]. */
interface Kept<T> {
  readonly vectors: T;
  readonly values: T;
  readonly variance: T;
  readonly resolution: T;
}

const probes = 32;

/**
 * Part of the largest eigenvalue that is added to all while directions are sought: without it, products of directions that the data do not see are rounding alone and have
 * no basis.
 */
const floorShare = 1e-13;

/**
 * The posterior from the leading eigenvectors of A A^T, A the operator in units of noise and prior, by randomised subspace iteration (Halko, Martinsson and Tropp 2011;
 * Flath et al. 2011, Bui-Thanh et al. 2013): A A^T = U diag(l) U^T + rest gives (I + A A^T)^-1 = I - U diag(l / (1 + l)) U^T, and all else as in the exact posterior. The
 * operator is only ever multiplied with blocks of vectors. Directions with l far below 1 say nothing, so the answer is exact in the limit of `rank`; without a regional,
 * what is left out makes sds larger, never smaller.
 * @throws RangeError for a rank, a number of passes or a seed that makes no sense
 */
export async function lowRankPosterior(model: GravityModel, options: LowRankOptions): Promise<LowRankPosterior> {
  const owner = "lowRankPosterior";
  const { rank: asked = 300, seed, passes = 3, oversampling = 20, signal, onProgress } = options;
  for (const [name, value] of Object.entries({ rank: asked, passes }))
    if (!(Number.isInteger(value) && value >= 1)) throw new RangeError(`${owner}: ${name} must be an integer >= 1, got ${value}`);
  if (!(Number.isInteger(oversampling) && oversampling >= 0))
    throw new RangeError(`${owner}: oversampling must be an integer >= 0, got ${oversampling}`);
  const stations = model.operator.rows;
  const rank = Math.min(asked, stations, model.prior.size);
  const width = Math.min(rank + oversampling, stations, model.prior.size);
  const running = signal ? { signal } : {};
  const key = keyOf(owner, seed);

  let done = 0;
  const step = <T>(value: T): T => {
    onProgress?.({ phase: "products", done: ++done, total: passes + 1 });
    return value;
  };
  const squared = (y: Tensor): Tensor => forward(model, backward(model, y));
  const first = program(
    (k: Tensor) => {
      const start = random.normal(k, [stations, width], { dtype: "f64" });
      const product = squared(start);
      // |H Omega|^2 = width times the sum of squared eigenvalues, in the mean.
      const floor = product.square().sum().div(width).sqrt().mul(floorShare);
      return { product: product.add(start.mul(floor)), floor };
    },
    { name: `${owner}: first product` },
  );
  const next = program(
    (y: Tensor, floor: Tensor) => {
      const { q } = tallQr(y);
      return { q, product: squared(q).add(q.mul(floor)) };
    },
    { name: `${owner}: product` },
  );
  const last = program(
    (q: Tensor, product: Tensor, floor: Tensor, k: Tensor) => {
      const small = matmul(matrixTranspose(q), product.sub(q.mul(floor)));
      const [ascending, turns] = eigenSymmetric(small);
      const values = sliceAxis(flip(ascending, 0), 0, 0, rank).maximum(0);
      const vectors = matmul(q, sliceAxis(flip(turns, 1), 1, 0, rank));
      const outside = (x: Tensor): Tensor => x.sub(matmul(vectors, matmul(matrixTranspose(vectors), x)));
      const probe = outside(random.normal(random.fold(k, 1), [stations, probes], { dtype: "f64" }));
      const white = whitened(model);
      const weights = marginalise(white, solverOf({ vectors, values })).solve(white.residual);
      const { before, coloured, left } = seenBy(concat([vectors, probe, weights], 1));
      const weight = values.add(1).pow(-1);
      const inside = matmul(matrixTranspose(vectors), weights).square().squeeze(1).mul(values).sum();
      return {
        vectors,
        values,
        variance: coloured.square().mul(weight).sum(1),
        resolution: coloured.mul(before).mul(weight).sum(1),
        left: sliceAxis(left, 0, 0, probes),
        misfitLeft: index(left, probes).sub(inside),
      };
    },
    { name: `${owner}: eigenvectors` },
  );
  /** G^T N^-T u and P A^T u of the first `rank` columns; |A^T w|^2 of the others. */
  const seenBy = (columns: Tensor) => {
    const all = sensed(model, columns);
    const before = sliceAxis(all, 1, 0, rank);
    const white = model.prior.colourTransposed(all);
    return {
      before,
      coloured: model.prior.colour(sliceAxis(white, 1, 0, rank)),
      left: sliceAxis(white, 1, rank, rank + probes + 1)
        .square()
        .sum(0),
    };
  };
  const begun = step(await first.runAsync([key], running));
  let { product } = begun;
  let q: NdArray | undefined;
  for (let pass = 1; pass < passes || q === undefined; pass++) {
    const before = product;
    q?.dispose();
    ({ q, product } = step(await next.runAsync([before, begun.floor], running)));
    before.dispose();
  }
  const { left, misfitLeft, ...kept } = step(await last.runAsync([q, product, begun.floor, key], running));
  q.dispose();
  product.dispose();

  const eigenvalues = Float64Array.from(kept.values.data());
  const smallest = eigenvalues.at(-1)!;
  const complete = rank === Math.min(stations, model.prior.size);
  const discarded = complete
    ? { trace: 0, traceError: 0, logEvidence: 0, informationGain: 0 }
    : discardedOf(Float64Array.from(left.data()), misfitLeft.item());
  const inverse: Inverse<Kept<Tensor | NdArray>> = {
    dataSolve: (state) => solverOf(state as Kept<Tensor>),
    diagonal: (state) => {
      const { vectors, values } = state as Kept<Tensor>;
      return vectors
        .square()
        .mul(values.div(values.add(1)))
        .sum(1)
        .neg()
        .add(1);
    },
    seen: (state) => state as Kept<Tensor>,
    covarianceSeen: (state) => {
      const { vectors, values } = state as Kept<Tensor>;
      const half = model.prior.colour(backward(model, vectors));
      return matmul(half.div(values.add(1)), matrixTranspose(half));
    },
  };
  const posterior = await posteriorFrom(owner, model, inverse, kept as Kept<Tensor | NdArray>, {
    warnings: warningsOf(rank, smallest, discarded, complete),
    ...running,
  });
  return { ...posterior, eigenvalues, discarded };
}

/** K^-1 = I - U diag(l / (1 + l)) U^T. */
function solverOf({ vectors, values }: { readonly vectors: Tensor; readonly values: Tensor }): DataSolve {
  const shrunk = values.div(values.add(1)).expandDims(1);
  return {
    solve: (y) => y.sub(matmul(vectors, matmul(matrixTranspose(vectors), y).mul(shrunk))),
    logDeterminant: log1p(values).sum(),
  };
}

/** @param misfitLeft x^T (A A^T - U diag(l) U^T) x with x = K^-1 r: by as much the misfit r^T x is off, to first order. */
function discardedOf(squares: Float64Array, misfitLeft: number): Discarded {
  const trace = squares.reduce((a, b) => a + b, 0) / squares.length;
  const variance = squares.reduce((sum, v) => sum + (v - trace) ** 2, 0) / (squares.length - 1);
  return {
    trace,
    traceError: Math.sqrt(variance / squares.length),
    logEvidence: 0.5 * (trace + Math.abs(misfitLeft)),
    informationGain: 0.5 * trace,
  };
}

/** A direction with a tenth of the noise's variance in signal narrows its sd by a twentieth. */
const negligible = 0.1;

function warningsOf(rank: number, smallest: number, discarded: Discarded, complete: boolean): string[] {
  if (complete || smallest <= negligible) return [];
  return [
    `rank ${rank} is too small: the last eigenvalue kept is ${smallest.toPrecision(2)}, where 0.1 or less says nothing; sds are too large by up to ${(100 * (Math.sqrt(1 + smallest) - 1)).toPrecision(2)} %, and up to ${discarded.informationGain.toPrecision(2)} nats of information are left out; raise rank`,
  ];
}
