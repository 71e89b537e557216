import { Random } from "../simulate/random.ts";
import type { CalibrationDraws } from "./calibration-draws.ts";
import { kolmogorovSmirnovUniform } from "./uniformity.ts";

export interface TarpOptions {
  readonly levels?: readonly number[];
  readonly seed?: number;
  /** [R, D] reference points; by default uniform over the box of the truths. They may depend on the observation, never on the truth. */
  readonly references?: Float64Array;
  /** Distance: the sum of absolute differences (1) or Euclidean (2), after scaling every parameter to the range of its truths. */
  readonly norm?: 1 | 2;
}

export interface TarpResult {
  readonly levels: readonly number[];
  /** Share of replicates whose truth lies within the region of each level. */
  readonly coverage: readonly number[];
  /** Of Kolmogorov-Smirnov against uniform fractions. */
  readonly pValue: number;
  /** Integral of coverage - level over levels from 0.5 to 1: positive where the posterior is too wide, negative where it is too narrow. */
  readonly areaToCurve: number;
  /** [R] share of draws nearer to the reference than the truth is. */
  readonly fractions: Float64Array;
}

/** {min, span} of each column of `values` [rows, width]; a constant column has span 1. */
function ranges(values: Float64Array, width: number): { min: number; span: number }[] {
  return Array.from({ length: width }, (_, d) => {
    let min = Infinity;
    let max = -Infinity;
    for (let i = d; i < values.length; i += width) {
      min = Math.min(min, values[i]!);
      max = Math.max(max, values[i]!);
    }
    return { min, span: max > min ? max - min : 1 };
  });
}

/**
 * Coverage with random points (Lemos et al. 2023, algorithm 2): a ball about a reference point, just reaching the truth, holds a uniform fraction of the posterior draws
 * where the posterior is right. It needs draws only, and sees errors of the joint distribution that ranks of single parameters miss.
 */
export function tarp(calibration: CalibrationDraws, options: TarpOptions = {}): TarpResult {
  const { replicates, drawCount, names, truth, draws } = calibration;
  const { norm = 2, seed = 0 } = options;
  const levels = options.levels ?? Array.from({ length: 19 }, (_, i) => (i + 1) / 20);
  const dimension = names.length;
  const { references } = options;
  if (references && references.length !== replicates * dimension)
    throw new RangeError(`tarp: references must hold ${replicates} x ${dimension} numbers, got ${references.length}`);
  if (norm !== 1 && norm !== 2) throw new RangeError(`tarp: norm must be 1 or 2, got ${norm}`);
  const scale = ranges(truth, dimension);
  const random = new Random(seed, 0);
  const point = new Float64Array(dimension);
  const distance = (values: Float64Array, offset: number): number => {
    let total = 0;
    for (let d = 0; d < dimension; d++) {
      const difference = Math.abs((values[offset + d]! - scale[d]!.min) / scale[d]!.span - point[d]!);
      total += norm === 1 ? difference : difference * difference;
    }
    return total;
  };

  const cells = drawCount + 1;
  const fractions = new Float64Array(replicates);
  const spread = new Float64Array(replicates);
  for (let r = 0; r < replicates; r++) {
    for (let d = 0; d < dimension; d++)
      point[d] = references ? (references[r * dimension + d]! - scale[d]!.min) / scale[d]!.span : random.uniform();
    const reach = distance(truth, r * dimension);
    let nearer = 0;
    for (let draw = 0; draw < drawCount; draw++) if (distance(draws, (r * drawCount + draw) * dimension) < reach) nearer++;
    fractions[r] = nearer / drawCount;
    spread[r] = (nearer + random.uniform()) / cells;
  }
  const sorted = Float64Array.from(spread).sort();
  const coverageAt = (level: number): number => {
    let inside = 0;
    while (inside < replicates && sorted[inside]! < level) inside++;
    return inside / replicates;
  };
  let areaToCurve = 0;
  const steps = 100;
  for (let i = 0; i < steps; i++) {
    const level = 0.5 + (0.5 * (i + 0.5)) / steps;
    areaToCurve += ((coverageAt(level) - level) * 0.5) / steps;
  }
  return { levels, coverage: levels.map(coverageAt), pValue: kolmogorovSmirnovUniform(spread).pValue, areaToCurve, fractions };
}
