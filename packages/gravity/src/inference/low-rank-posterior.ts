import { tallQr } from "@credence/core";
import {
  concat,
  eigenSymmetric,
  flip,
  log1p,
  matmul,
  matrixTranspose,
  type NdArray,
  program,
  random,
  sliceAxis,
  type Tensor,
  zeros,
} from "@credence/tensor";
import type { GravityModel } from "./gravity-model.ts";
import type { GravityPosterior } from "./gravity-posterior.ts";
import { type Inverse, keyOf, posteriorFrom } from "./posterior-from.ts";
import { backward, type DataSolve, forward, marginalise, sensed, whitened } from "./whitened.ts";

export interface LowRankOptions {
  /** Eigenvalues that are kept, at most; 300 if absent, and never more than there are stations or cells. */
  readonly rank?: number;
  readonly seed: number;
  /** Products with A A^T, at least 2; 3 if absent. Each takes all sensitivities twice for every 120 directions. */
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

/** Directions that go through the mesh together, at most: about ten copies of the mesh for each are in memory. */
const blockColumnsMax = 120;
const blockCount = (columns: number): number => Math.ceil(columns / blockColumnsMax);

/** Columns in blocks, of a width within one. */
const blocksOf = (columns: Tensor): Tensor[] => {
  const width = columns.shape[1]!;
  const edge = (block: number): number => Math.floor((block * width) / blockCount(width));
  return Array.from({ length: blockCount(width) }, (_, i) => sliceAxis(columns, 1, edge(i), edge(i + 1)));
};

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
  for (const [name, value, least] of [
    ["rank", asked, 1],
    ["passes", passes, 2],
  ] as const)
    if (!(Number.isInteger(value) && value >= least))
      throw new RangeError(`${owner}: ${name} must be an integer >= ${least}, got ${value}`);
  if (!(Number.isInteger(oversampling) && oversampling >= 0))
    throw new RangeError(`${owner}: oversampling must be an integer >= 0, got ${oversampling}`);
  const stations = model.operator.rows;
  const rank = Math.min(asked, stations, model.prior.size);
  const width = Math.min(rank + oversampling, stations, model.prior.size);
  const running = signal ? { signal } : {};
  const key = keyOf(owner, seed);

  const total = passes * blockCount(width) + blockCount(rank + probes + 1);
  let done = 0;
  const each = async <R>(blocks: readonly NdArray[], run: (block: NdArray, index: number) => Promise<R>): Promise<R[]> => {
    const results: R[] = [];
    for (const [i, block] of blocks.entries()) {
      results.push(await run(block, i));
      onProgress?.({ phase: "products", done: ++done, total });
    }
    return results;
  };
  const squared = program((y: Tensor) => forward(model, backward(model, y)), { name: `${owner}: product` });
  const start = program((k: Tensor) => blocksOf(random.normal(k, [stations, width], { dtype: "f64" })), { name: `${owner}: start` });
  const orthogonal = program(
    (products: Tensor[], before: Tensor[]) => {
      const product = concat(products, 1);
      // |H Q|^2 is the sum of the squared eigenvalues for orthonormal columns, and more for the random ones.
      const floor = product.square().sum().div(width).sqrt().mul(floorShare);
      return blocksOf(tallQr(product.add(concat(before, 1).mul(floor))).q);
    },
    { name: `${owner}: orthonormal columns` },
  );
  const eigenvectors = program(
    (directions: Tensor[], products: Tensor[], k: Tensor) => {
      const q = concat(directions, 1);
      const [ascending, turns] = eigenSymmetric(matmul(matrixTranspose(q), concat(products, 1)));
      const values = sliceAxis(flip(ascending, 0), 0, 0, rank).maximum(0);
      const vectors = matmul(q, sliceAxis(flip(turns, 1), 1, 0, rank));
      const probe = random.normal(random.fold(k, 1), [stations, probes], { dtype: "f64" });
      const outside = probe.sub(matmul(vectors, matmul(matrixTranspose(vectors), probe)));
      const white = whitened(model);
      const weights = marginalise(white, solverOf({ vectors, values })).solve(white.residual);
      const shares = concat([values.add(1).pow(-1), zeros([probes + 1], "f64")], 0);
      return {
        vectors,
        values,
        inside: matmul(matrixTranspose(vectors), weights).square().squeeze(1).mul(values).sum(),
        columns: blocksOf(concat([vectors, outside, weights], 1)),
        shares: blocksOf(shares.expandDims(0)),
      };
    },
    { name: `${owner}: eigenvectors` },
  );
  /** Sums over columns u of P A^T u, and |A^T u|^2. */
  const seenBy = program(
    (columns: Tensor, shares: Tensor) => {
      const before = sensed(model, columns);
      const white = model.prior.colourTransposed(before);
      const coloured = model.prior.colour(white);
      const shared = coloured.mul(shares);
      return { variance: shared.mul(coloured).sum(1), resolution: shared.mul(before).sum(1), squares: white.square().sum(0) };
    },
    { name: `${owner}: cells` },
  );
  const added = program((parts: Tensor[]) => parts.reduce((a, b) => a.add(b)));

  const product = (block: NdArray): Promise<NdArray> => squared.runAsync([block], running);
  let directions = await start.runAsync([key], running);
  let products = await each(directions, product);
  for (let pass = 1; pass < passes; pass++) {
    const before = [...products, ...directions];
    directions = await orthogonal.runAsync([products, directions], running);
    for (const array of before) array.dispose();
    products = await each(directions, product);
  }
  const { columns, shares, inside, ...found } = await eigenvectors.runAsync([directions, products, key], running);
  for (const array of [...products, ...directions]) array.dispose();
  const sums = await each(columns, (block, i) => seenBy.runAsync([block, shares[i]!], running));
  const kept = {
    ...found,
    variance: await added.runAsync([sums.map(({ variance }) => variance)], running),
    resolution: await added.runAsync([sums.map(({ resolution }) => resolution)], running),
  };
  const squares = Float64Array.from(sums.flatMap((sum) => Array.from(sum.squares.data()))).slice(rank);
  for (const array of [...columns, ...shares, ...sums.flatMap(({ variance, resolution }) => [variance, resolution])]) array.dispose();

  const eigenvalues = Float64Array.from(kept.values.data());
  const smallest = eigenvalues.at(-1)!;
  const complete = rank === Math.min(stations, model.prior.size);
  const discarded = complete
    ? { trace: 0, traceError: 0, logEvidence: 0, informationGain: 0 }
    : discardedOf(squares.subarray(0, probes), squares[probes]! - inside.item());
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
