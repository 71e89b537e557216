import { Random } from "../simulate/random.ts";
import type { CalibrationDraws } from "./calibration-draws.ts";
import { chiSquareUniform, kolmogorovSmirnovUniform, type TestResult } from "./uniformity.ts";

export interface SbcParameter {
  readonly name: string;
  /** Counts of ranks in equal cells. */
  readonly histogram: readonly number[];
  readonly chiSquare: TestResult;
  readonly kolmogorovSmirnov: TestResult;
  /** min(1, 2 min(p of chi-square, p of Kolmogorov-Smirnov)). */
  readonly pValue: number;
}

export interface SbcResult {
  /** [R, D] number of draws below the truth, 0 .. L. */
  readonly ranks: Int32Array;
  readonly replicates: number;
  readonly drawCount: number;
  readonly parameters: readonly SbcParameter[];
}

/** Number of draws below the truth [R, D]; a draw equal to it (a count, a clipped value) is below with probability one half. */
export function calibrationRanks({ truth, draws, replicates, drawCount, names }: CalibrationDraws, seed = 0): Int32Array {
  const random = new Random(seed, 0);
  const dimension = names.length;
  const ranks = new Int32Array(replicates * dimension);
  for (let i = 0; i < ranks.length; i++) {
    const replicate = Math.floor(i / dimension);
    let below = 0;
    let equal = 0;
    for (let draw = 0; draw < drawCount; draw++) {
      const value = draws[(replicate * drawCount + draw) * dimension + (i % dimension)]!;
      if (value < truth[i]!) below++;
      else if (value === truth[i]!) equal++;
    }
    ranks[i] = below + (equal > 0 ? Math.floor(random.uniform() * (equal + 1)) : 0);
  }
  return ranks;
}

/** The most cells, at most 20 and at most L + 1, that divide L + 1 ranks evenly with at least five expected counts each; 2 at least. */
function cellsFor(drawCount: number, replicates: number): number {
  const most = Math.max(2, Math.min(20, drawCount + 1, Math.floor(replicates / 5)));
  for (let cells = most; cells >= 2; cells--) if ((drawCount + 1) % cells === 0) return cells;
  throw new RangeError(
    `sbc: ${drawCount} draws give ${drawCount + 1} ranks, which no number of cells from 2 to ${most} divides; use 99 or 199 draws`,
  );
}

/**
 * Simulation-based calibration (Talts et al. 2018): where the posterior is right, the rank of the truth among its draws is uniform on 0 .. L.
 * Two tests per parameter, because each is blind where the other sees: Pearson's chi-square over equal cells finds spread that is wrong (a U or a hump),
 * Kolmogorov-Smirnov on (rank + u) / (L + 1), u uniform, finds shifts. Their p-values are joined by Bonferroni, so `pValue` may be read alone.
 * With D parameters, expect the smallest of D p-values to be about 1 / (D + 1).
 * @param calibration independent draws; thin those of a Markov chain until their effective size is L, or the ranks crowd the ends
 * @param options.bins number of cells, a divisor of L + 1
 * @param options.seed of the uniform numbers that spread ranks within their cell
 */
export function sbc(calibration: CalibrationDraws, options: { readonly bins?: number; readonly seed?: number } = {}): SbcResult {
  const { replicates, drawCount, names } = calibration;
  const cells = options.bins ?? cellsFor(drawCount, replicates);
  if (!(Number.isInteger(cells) && cells >= 2) || (drawCount + 1) % cells !== 0)
    throw new RangeError(`sbc: bins must be a divisor, at least 2, of draws + 1 = ${drawCount + 1}, got ${cells}`);
  const seed = options.seed ?? 0;
  const ranks = calibrationRanks(calibration, seed);
  const random = new Random(seed, 1);
  const parameters = names.map((name, d): SbcParameter => {
    const histogram = new Array<number>(cells).fill(0);
    const spread = new Float64Array(replicates);
    for (let r = 0; r < replicates; r++) {
      const rank = ranks[r * names.length + d]!;
      histogram[Math.floor((rank * cells) / (drawCount + 1))]!++;
      spread[r] = (rank + random.uniform()) / (drawCount + 1);
    }
    const chiSquare = chiSquareUniform(histogram);
    const kolmogorovSmirnov = kolmogorovSmirnovUniform(spread);
    return { name, histogram, chiSquare, kolmogorovSmirnov, pValue: Math.min(1, 2 * Math.min(chiSquare.pValue, kolmogorovSmirnov.pValue)) };
  });
  return { ranks, replicates, drawCount, parameters };
}
