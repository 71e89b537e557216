import { array, defaultThreads, type NdArray } from "@credence/tensor";
import { concurrent } from "../simulate/concurrent.ts";
import { Random } from "../simulate/random.ts";
import { classifierPrograms, type FoldResult, type Labelled, trainClassifier } from "./classifier.ts";
import { mean, variance } from "./quantile.ts";

export interface C2stOptions {
  readonly seed: number;
  /** 5 if absent. */
  readonly folds?: number;
  /** 10 000 if absent. */
  readonly maxEpochs?: number;
  /** Folds trained at a time. */
  readonly threads?: number;
  readonly device?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly phase: string; readonly done: number; readonly total: number }) => void;
}

export interface C2stResult {
  /** Mean over folds of the held-out accuracy: 0.5 is indistinguishable, 1 is disjoint. */
  readonly accuracy: number;
  readonly folds: readonly FoldResult[];
}

/** Samples [n, d], one point a row. */
type Sample = NdArray | readonly (readonly number[])[];

/**
 * Classifier two-sample test, the accuracy of {@link c2stDetails}.
 * @returns about 0.5 where the samples are of one distribution, 1 where they do not overlap; noise makes 0.49 as good as 0.5
 */
export async function c2st(reference: Sample, approximate: Sample, options: C2stOptions): Promise<number> {
  return (await c2stDetails(reference, approximate, options)).accuracy;
}

/**
 * Classifier two-sample test (Lopez-Paz and Oquab 2017) by the procedure of the SBI benchmark (Lueckmann et al. 2021), so that accuracies compare with published ones.
 * Both samples [n, d] and [m, d] are centred and scaled by mean and sd of `reference`; in 5 shuffled folds a perceptron with two hidden layers of 10 d rectified units
 * learns to tell them apart (Adam 1e-3, minibatches of 200, L2 1e-4, until the training loss has not fallen by 1e-4 for more than 10 epochs), and is scored on the rest.
 * @throws RangeError for samples that are not finite, do not fit each other, or are constant along a dimension
 */
export async function c2stDetails(reference: Sample, approximate: Sample, options: C2stOptions): Promise<C2stResult> {
  const { seed, folds = 5, maxEpochs = 10_000, threads = defaultThreads(), device, signal, onProgress } = options;
  const x = rowsOf("reference", reference);
  const y = rowsOf("approximate", approximate);
  if (x.dimension !== y.dimension) throw new RangeError(`c2st: reference has ${x.dimension} dimensions and approximate ${y.dimension}`);
  const total = x.count + y.count;
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= total))
    throw new RangeError(`c2st: folds must be an integer from 2 to ${total}, got ${folds}`);
  const { dimension } = x;
  const points = standardise(x, y);
  const label = (row: number): number => (row < x.count ? 0 : 1);
  const order = permutation(total, new Random(seed));

  const programs = new Map<number, ReturnType<typeof classifierPrograms>>();
  const forFold = (testRows: number) => {
    const known =
      programs.get(testRows) ??
      classifierPrograms({ dimension, rows: total - testRows, testRows, batchSize: 200, ...(device !== undefined && { device }) });
    programs.set(testRows, known);
    return known;
  };
  const labelled = (rows: Uint32Array): Labelled & Disposable => {
    const values = new Float32Array(rows.length * dimension);
    rows.forEach((row, i) => {
      values.set(points.subarray(row * dimension, (row + 1) * dimension), i * dimension);
    });
    const place = device === undefined ? {} : { device };
    const set = { x: array(values, { shape: [rows.length, dimension], ...place }), y: array(Float32Array.from(rows, label), place) };
    return {
      ...set,
      [Symbol.dispose]() {
        set.x.dispose();
        set.y.dispose();
      },
    };
  };

  const results = new Array<FoldResult>(folds);
  let done = 0;
  await concurrent(
    folds,
    threads,
    async (fold) => {
      // As KFold: the first (total mod folds) folds are one larger.
      const small = Math.floor(total / folds);
      const large = total % folds;
      const begin = fold * small + Math.min(fold, large);
      const end = begin + small + (fold < large ? 1 : 0);
      using test = labelled(order.slice(begin, end));
      using training = labelled(Uint32Array.from([...order.subarray(0, begin), ...order.subarray(end)]));
      results[fold] = await trainClassifier(forFold(end - begin), training, test, {
        key: Uint32Array.of(seed >>> 0, fold),
        maxEpochs,
        ...(signal && { signal }),
      });
      onProgress?.({ phase: "classifier two-sample test", done: ++done, total: folds });
    },
    signal,
  );
  return { accuracy: results.reduce((sum, { accuracy }) => sum + accuracy, 0) / folds, folds: results };
}

interface Rows {
  readonly values: ArrayLike<number>;
  readonly count: number;
  readonly dimension: number;
}

function rowsOf(name: string, sample: Sample): Rows {
  const values = Array.isArray(sample) ? Float64Array.from(sample.flat()) : (sample as NdArray).data();
  const shape = Array.isArray(sample) ? [sample.length, sample[0]?.length ?? 0] : (sample as NdArray).shape;
  const [count, dimension] = shape;
  if (shape.length !== 2 || !count || !dimension || values.length !== count * dimension)
    throw new RangeError(`c2st: ${name} must have shape [n, d] with n, d >= 1, got [${shape.join(", ")}]`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new RangeError(
      `c2st: ${name} must be finite, got ${values[bad]} in row ${Math.floor(bad / dimension)}, column ${bad % dimension}`,
    );
  return { values, count, dimension };
}

/** Both samples, one after the other, in units of the mean and sd (n - 1) of the first. */
function standardise(x: Rows, y: Rows): Float32Array {
  const { dimension } = x;
  const points = new Float32Array((x.count + y.count) * dimension);
  for (let d = 0; d < dimension; d++) {
    const column = Float64Array.from({ length: x.count }, (_, i) => x.values[i * dimension + d]!);
    if (column.every((value) => value === column[0]))
      throw new RangeError(`c2st: reference must vary along every dimension; column ${d} is ${column[0]} in all ${x.count} rows`);
    const centre = mean(column);
    const sd = Math.sqrt(variance(column));
    for (let i = 0; i < x.count; i++) points[i * dimension + d] = (x.values[i * dimension + d]! - centre) / sd;
    for (let i = 0; i < y.count; i++) points[(x.count + i) * dimension + d] = (y.values[i * dimension + d]! - centre) / sd;
  }
  return points;
}

/** A random order of 0 .. n - 1 (Fisher and Yates). */
function permutation(n: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
