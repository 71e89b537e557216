/** When a population is counted, and how. */
export interface CensusDesign {
  /** Years of the counts, strictly increasing, evenly spaced or not. */
  readonly times: ArrayLike<number>;
  /** The first count, on which everything is conditioned. */
  readonly firstCount: number;
  /**
   * Counts that reach this are recorded as this, then and ever after; 1,000,000 unless given, and at most 2^24, up to which every
   * integer is a 32-bit float. Growth is exponential, so a prior that spans (0, 1) per year reaches 1e30 in a lifetime;
   * a census that resembles no data is all the same, and a coarse record of it leaves the posterior of real data untouched.
   */
  readonly countMax?: number;
  /** Probability that an individual is counted, in (0, 1]; 1 unless given. */
  readonly detection?: number;
}

/** A design that has been checked: intervals instead of times, defaults filled in. */
export interface CheckedDesign {
  /** Years between counts. */
  readonly intervals: Float64Array;
  readonly firstCount: number;
  readonly countMax: number;
  readonly detection: number;
}

const countMaxDefault = 1e6;
const countMaxLimit = 2 ** 24;

/** @throws {RangeError} naming the value at fault. */
export function checkDesign(design: CensusDesign): CheckedDesign {
  const { times, firstCount, countMax = countMaxDefault, detection = 1 } = design;
  if (times.length < 2) throw new RangeError(`times must hold at least 2 years, got ${times.length}`);
  const intervals = Float64Array.from({ length: times.length - 1 }, (_, l) => times[l + 1]! - times[l]!);
  const wrong = intervals.findIndex((years) => !(years > 0 && years < Infinity));
  if (wrong >= 0) throw new RangeError(`times must be finite and increase, got ${times[wrong]} followed by ${times[wrong + 1]}`);
  if (!(Number.isInteger(countMax) && countMax >= 1 && countMax <= countMaxLimit)) {
    throw new RangeError(`countMax must be an integer in [1, ${countMaxLimit}], got ${countMax}`);
  }
  if (!(Number.isInteger(firstCount) && firstCount >= 0 && firstCount < countMax)) {
    throw new RangeError(`firstCount must be an integer in [0, countMax = ${countMax}), got ${firstCount}`);
  }
  if (!(detection > 0 && detection <= 1)) throw new RangeError(`detection must be in (0, 1], got ${detection}`);
  return { intervals, firstCount, countMax, detection };
}

/** The power of ten that is at least fifty times the largest count: far above the data, far below overflow. */
export function countMaxFor(counts: ArrayLike<number>): number {
  const largest = Math.max(2, ...Array.from(counts));
  return Math.min(countMaxLimit, 10 ** Math.ceil(Math.log10(50 * largest)));
}
