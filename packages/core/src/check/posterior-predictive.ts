import type { NdArray } from "@credence/tensor";
import { Random } from "../simulate/random.ts";
import { mean, quantileOfSorted, variance } from "./quantile.ts";

/** A number that summarises one data set: the observed one, or a replicated one, flattened row-major. */
export type Statistic = (x: Float64Array) => number;

/** A number that summarises how a data set lies to the parameters of one draw, such as chi-square: (data set, number of the draw). */
export type Discrepancy = (x: Float64Array, draw: number) => number;

export interface PosteriorPredictiveOptions {
  /**
   * Data sets [n, ...], or [chains, draws, ...], simulated from as many draws of the posterior, or of the prior. Rows with NaN (failed
   * simulations) are left out and counted.
   */
  readonly replicated: NdArray;
  /** The observed data set, shaped as a row. */
  readonly observed: NdArray | ArrayLike<number>;
  /** Compared beside the single data; mean and sd if absent. */
  readonly statistics?: Readonly<Record<string, Statistic>>;
  /** Compared draw by draw: that of the observed data and that of the replicated, at the same parameters. None if absent. */
  readonly discrepancies?: Readonly<Record<string, Discrepancy>>;
  /** Levels of the central bands; 0.5 and 0.9 if absent. */
  readonly levels?: readonly number[];
  /** Decides ties between counts. */
  readonly seed?: number;
}

export interface PosteriorPredictive {
  /** Rows used and left out. */
  readonly count: number;
  readonly failed: number;
  /** For every datum, in the order of `observed`. */
  readonly mean: Float64Array;
  readonly sd: Float64Array;
  /** Central bands. `coverage` is the share of observed data inside: near `level`, or above it, where the model fits. */
  readonly bands: readonly { readonly level: number; readonly low: Float64Array; readonly high: Float64Array; readonly coverage: number }[];
  /** Share of replicated data below the observed, 0 to 1, for every datum: uniform where the model fits, at the ends where it does not. */
  readonly ranks: Float64Array;
  readonly statistics: readonly {
    readonly name: string;
    readonly observed: number;
    readonly mean: number;
    readonly sd: number;
    /** Two-sided: 2 min(P(T >= observed), P(T <= observed)), at most 1. Small where the model does not reproduce the statistic. */
    readonly pValue: number;
  }[];
  readonly discrepancies: readonly {
    readonly name: string;
    /** Means over draws. */
    readonly observed: number;
    readonly replicated: number;
    /**
     * Share of draws whose replicated data lie at least as far off as the observed: small where the model is too narrow, near 1 where it is
     * too wide.
     */
    readonly pValue: number;
  }[];
}

const defaultStatistics: Readonly<Record<string, Statistic>> = { mean, sd: (x) => Math.sqrt(variance(x)) };

/**
 * Predictive check (Gelman, Meng and Stern 1996): does data simulated from the posterior look like the data observed? The same data judge
 * that made the posterior, so p-values are conservative; a small one is a finding, a large one is no proof. With data simulated from the
 * prior it is a prior predictive check (Box 1980), and a small p-value says that prior and data disagree. `predictiveRemarks` puts either
 * in words.
 * @throws RangeError where the observation does not fit the rows, or fewer than 20 rows are left
 */
export function posteriorPredictive(options: PosteriorPredictiveOptions): PosteriorPredictive {
  const { replicated, levels = [0.5, 0.9], statistics = defaultStatistics, discrepancies = {}, seed = 0 } = options;
  const { observed: given } = options;
  const strange = Array.isArray(given) ? given.findIndex((value) => typeof value !== "number") : -1;
  if (strange >= 0)
    throw new TypeError(
      `posteriorPredictive: observed must hold numbers, got ${String((given as readonly unknown[])[strange])} at place ${strange}`,
    );
  const observed = Float64Array.from("data" in given ? given.data() : given);
  const size = observed.length;
  const total = countOf(replicated.shape, size);
  if (total === undefined)
    throw new RangeError(
      `posteriorPredictive: an observation of ${size} numbers does not fit replicated data of shape [${replicated.shape.join(", ")}]`,
    );
  for (const level of levels)
    if (!(level > 0 && level < 1)) throw new RangeError(`posteriorPredictive: levels must be in (0, 1), got ${level}`);
  const values = Float64Array.from(replicated.data());
  const all = Array.from({ length: total }, (_, i) => values.subarray(i * size, (i + 1) * size));
  const complete = [...all.keys()].filter((i) => !all[i]!.some(Number.isNaN));
  const rows = complete.map((i) => all[i]!);
  if (rows.length < 20)
    throw new RangeError(`posteriorPredictive: expected at least 20 complete replicated data sets, got ${rows.length} of ${total}`);

  const random = new Random(seed);
  const centre = new Float64Array(size);
  const spread = new Float64Array(size);
  const ranks = new Float64Array(size);
  const bands = levels.map((level) => ({ level, low: new Float64Array(size), high: new Float64Array(size), coverage: 0 }));
  for (let i = 0; i < size; i++) {
    const sorted = Float64Array.from(rows, (row) => row[i]!).sort();
    centre[i] = mean(sorted);
    spread[i] = Math.sqrt(variance(sorted));
    ranks[i] = rankOf(observed[i]!, sorted, random);
    for (const band of bands) {
      band.low[i] = quantileOfSorted(sorted, (1 - band.level) / 2);
      band.high[i] = quantileOfSorted(sorted, (1 + band.level) / 2);
      if (observed[i]! >= band.low[i]! && observed[i]! <= band.high[i]!) band.coverage += 1 / size;
    }
  }
  return {
    count: rows.length,
    failed: total - rows.length,
    mean: centre,
    sd: spread,
    bands,
    ranks,
    statistics: Object.entries(statistics).map(([name, statistic]) => compare(name, statistic, observed, rows)),
    discrepancies: Object.entries(discrepancies).map(([name, discrepancy]) => {
      const atObserved = complete.map((draw) => discrepancy(observed, draw));
      const atReplicated = complete.map((draw) => discrepancy(all[draw]!, draw));
      if (![...atObserved, ...atReplicated].every(Number.isFinite))
        throw new RangeError(`posteriorPredictive: the discrepancy ${name} is not finite at every draw`);
      const share = atReplicated.filter((value, i) => value >= atObserved[i]!).length / complete.length;
      return { name, observed: mean(atObserved), replicated: mean(atReplicated), pValue: share };
    }),
  };
}

/** Data sets in an array of this shape, the axes of one coming last; undefined where no number of axes holds `size` numbers. */
function countOf(shape: readonly number[], size: number): number | undefined {
  for (let lead = 1, total = 1; lead <= shape.length; lead++) {
    total *= shape[lead - 1]!;
    if (size > 0 && shape.slice(lead).reduce((product, extent) => product * extent, 1) === size) return total;
  }
  return undefined;
}

/** Share of `sorted` below the value; an equal one counts with a uniform weight, so that counts have uniform ranks too. */
function rankOf(value: number, sorted: Float64Array, random: Random): number {
  let below = 0;
  let equal = 0;
  for (const other of sorted) {
    if (other < value) below++;
    else if (other === value) equal++;
  }
  return (below + (equal > 0 ? equal * random.uniform() : 0)) / sorted.length;
}

function compare(name: string, statistic: Statistic, observed: Float64Array, rows: readonly Float64Array[]) {
  const target = statistic(observed);
  const replicates = rows.map(statistic);
  if (!Number.isFinite(target))
    throw new RangeError(`posteriorPredictive: the statistic ${name} of the observation is ${target}; expected a finite number`);
  const above = replicates.filter((value) => value >= target).length;
  const below = replicates.filter((value) => value <= target).length;
  return {
    name,
    observed: target,
    mean: mean(replicates),
    sd: Math.sqrt(variance(replicates)),
    pValue: Math.min(1, (2 * Math.min(above, below)) / replicates.length),
  };
}
