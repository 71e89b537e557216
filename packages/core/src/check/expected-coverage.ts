import type { CalibrationDraws } from "./calibration-draws.ts";
import { calibrationRanks } from "./sbc.ts";

/** Share of replicates whose truth lies in the credible region of each level; calibrated is the level itself. */
export interface CoverageCurve {
  readonly coverage: readonly number[];
  /** Binomial standard error sqrt(level (1 - level) / R) of a calibrated posterior. */
  readonly standardError: readonly number[];
}

export interface ExpectedCoverage {
  readonly levels: readonly number[];
  readonly replicates: number;
  /** Of highest-density regions of the joint posterior, where log densities are there. */
  readonly highestDensity?: CoverageCurve;
  /** Of central intervals, by parameter. */
  readonly parameters: readonly (CoverageCurve & { readonly name: string })[];
}

const clamp01 = (x: number): number => Math.min(1, Math.max(0, x));

/**
 * Expected coverage of credible regions (Hermans et al. 2022, eq. 1). With L draws the level at which a region just reaches the truth is known to a cell of width
 * 1 / (L + 1); a truth counts with the share of its cell that lies within the region, which makes the curve exactly the diagonal where the posterior is right.
 * Above the diagonal the posterior is too wide, below it is too sure of itself.
 */
export function expectedCoverage(calibration: CalibrationDraws, options: { readonly levels?: readonly number[] } = {}): ExpectedCoverage {
  const { replicates, drawCount, names, logProb } = calibration;
  const levels = options.levels ?? [0.5, 0.8, 0.9, 0.95];
  for (const level of levels)
    if (!(level > 0 && level < 1)) throw new RangeError(`expectedCoverage: levels must be in (0, 1), got ${level}`);
  const cells = drawCount + 1;
  const standardError = levels.map((level) => Math.sqrt((level * (1 - level)) / replicates));
  const curve = (inside: (replicate: number, level: number) => number): CoverageCurve => ({
    coverage: levels.map((level) => {
      let total = 0;
      for (let r = 0; r < replicates; r++) total += inside(r, level);
      return total / replicates;
    }),
    standardError,
  });

  const ranks = calibrationRanks(calibration);
  const parameters = names.map((name, d) => ({
    name,
    ...curve((r, level) => {
      const rank = ranks[r * names.length + d]!;
      return clamp01(((1 + level) / 2) * cells - rank) - clamp01(((1 - level) / 2) * cells - rank);
    }),
  }));
  if (!logProb) return { levels, replicates, parameters };

  const denser = Float64Array.from({ length: replicates }, (_, r) => {
    let count = 0;
    for (let draw = 0; draw < drawCount; draw++) if (logProb.draws[r * drawCount + draw]! > logProb.truth[r]!) count++;
    return count;
  });
  return { levels, replicates, parameters, highestDensity: curve((r, level) => clamp01(level * cells - denser[r]!)) };
}
