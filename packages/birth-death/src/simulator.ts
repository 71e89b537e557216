import type { Simulator } from "@credence/core";
import {
  arange,
  birthDeathEvents,
  birthDeathStep,
  cast,
  concat,
  constant,
  full,
  greaterEqual,
  minimum,
  random,
  scan,
  type Tensor,
  where,
} from "@credence/tensor";
import { type CensusDesign, type CheckedDesign, checkDesign } from "./design.ts";

/**
 * Counts [rows, times] by the exact law of a count given the one before: survivors are binomial, and what descends from them and from
 * immigrants is negative binomial (Kendall, Annals of Mathematical Statistics 19, 1948, p. 1). The cost of an interval does not
 * depend on the size of the population.
 *
 * @param key u32 [2].
 * @param rates [rows, 3]: birth and death per year, immigration in individuals per year.
 * @throws {RangeError} if the design is impossible.
 */
export function simulateCounts(key: Tensor, rates: Tensor, design: CensusDesign): Tensor {
  const checked = checkDesign(design);
  const [birth, death, immigration] = columns(rates);
  const [firstKey, stepKey] = twoKeys(key);
  const [, counts] = scan(
    (population: Tensor, interval: { years: Tensor; index: Tensor }): [Tensor, Tensor] => {
      const [populationKey, countKey] = twoKeys(random.fold(stepKey, interval.index));
      const next = birthDeathStep(populationKey, population, interval.years, birth, death, immigration);
      const now = saturate(population, next, checked);
      return [now, observe(countKey, now, checked)];
    },
    firstPopulation(firstKey, rates, checked),
    { years: cast(constant(checked.intervals), rates.dtype), index: arange(checked.intervals.length) },
  );
  return withFirstCount(counts.transpose(), checked);
}

/**
 * Counts [rows, times] by simulating every birth, death and arrival (Gillespie, Journal of Physical Chemistry 81, 1977, p. 2340): the
 * independent check of {@link simulateCounts}, at a cost that grows with the population.
 *
 * @param options.maxEvents a population with more events than this ends as NaN, a failed simulation; 10,000,000 unless given.
 */
export function simulateEvents(key: Tensor, rates: Tensor, design: CensusDesign, options: { maxEvents?: number } = {}): Tensor {
  const checked = checkDesign(design);
  const { maxEvents = 1e7 } = options;
  const [firstKey, restKey] = twoKeys(key);
  const [eventKey, countKey] = twoKeys(restKey);
  const sinceStart = checked.intervals.map((_, l) => checked.intervals.subarray(0, l + 1).reduce((sum, years) => sum + years));
  const first = firstPopulation(firstKey, rates, checked);
  const { counts } = birthDeathEvents(eventKey, first, cast(constant(sinceStart), rates.dtype), rates, { maxEvents });
  const [, held] = scan(
    (before: Tensor, now: Tensor): [Tensor, Tensor] => {
      const kept = saturate(before, now, checked);
      return [kept, kept];
    },
    first,
    counts.transpose(),
  );
  return withFirstCount(observe(countKey, held.transpose(), checked), checked);
}

/** {@link simulateCounts} as the simulator of an inference: x [rows, times]. */
export function censusSimulator(design: CensusDesign): Simulator {
  checkDesign(design);
  return { kind: "program", run: (key, rates) => simulateCounts(key, rates, design) };
}

function columns(rates: Tensor): [Tensor, Tensor, Tensor] {
  return [rates.index(0, 1), rates.index(1, 1), rates.index(2, 1)];
}

function twoKeys(key: Tensor): [Tensor, Tensor] {
  return [random.fold(key, 0), random.fold(key, 1)];
}

/**
 * The population at the first count, [rows]. Where every individual is seen it is the count itself; else n0 - y0 is negative binomial
 * of size y0 + 1 and probability p: the posterior of a population of which y0 were seen, under a flat prior on n0.
 */
function firstPopulation(key: Tensor, rates: Tensor, { firstCount, detection }: CheckedDesign): Tensor {
  const rows = [rates.shape[0]!];
  if (detection === 1) return full(rows, firstCount, rates.dtype);
  const [gammaKey, poissonKey] = twoKeys(key);
  const unseen = random.gamma(gammaKey, full(rows, firstCount + 1, rates.dtype)).mul((1 - detection) / detection);
  return random.poisson(poissonKey, unseen).add(firstCount);
}

/** A population that was recorded as countMax stays recorded as countMax; NaN stays NaN. */
function saturate(before: Tensor, now: Tensor, { countMax }: CheckedDesign): Tensor {
  return where(greaterEqual(before, countMax), countMax, minimum(now, countMax));
}

/** What is counted of a population: everyone, or each with probability `detection`; a saturated population is recorded as such. */
function observe(key: Tensor, population: Tensor, { countMax, detection }: CheckedDesign): Tensor {
  if (detection === 1) return population;
  return where(greaterEqual(population, countMax), countMax, random.binomial(key, population, detection));
}

function withFirstCount(later: Tensor, { firstCount }: CheckedDesign): Tensor {
  return concat([full([later.shape[0]!, 1], firstCount, later.dtype), later], 1);
}
