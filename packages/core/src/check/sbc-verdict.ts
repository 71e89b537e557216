import type { CalibrationDraws } from "./calibration-draws.ts";
import { normalCdf } from "./gamma-function.ts";
import { normalQuantile } from "./normal-quantile.ts";
import { mean, median } from "./quantile.ts";
import type { SbcResult } from "./sbc.ts";

/** What the ranks of a parameter say of its posteriors. */
export type Calibratedness = "uniform" | "overconfident" | "underconfident" | "biased" | "irregular";

export interface SbcParameterVerdict {
  readonly name: string;
  readonly verdict: Calibratedness;
  /** True spread over that of the posterior, from the middle half of the ranks: above 1 where the posterior is too narrow. */
  readonly spread: number;
  /** Share of truths in the outer tenth of the ranks; 0.1 where the posterior is right. */
  readonly outer: number;
  /** Smallest p-value of its tests, multiplied by their number. */
  readonly pValue: number;
}

export interface SbcVerdict {
  /** True where no parameter is found to be wrong. */
  readonly calibrated: boolean;
  readonly parameters: readonly SbcParameterVerdict[];
  /** Mean lag-one autocorrelation of the draws of a replicate: near 0 where they are independent, as ranks need them. */
  readonly autocorrelation: number;
  /** Plain sentences. */
  readonly remarks: readonly string[];
}

/**
 * Reads ranks of simulation-based calibration: u = (rank + 1/2) / (L + 1) is uniform where the posterior is right. Its mean finds bias, its
 * second moment about 1/2 a spread that is wrong, and the tests of `sbc` anything else; each parameter passes where none of the four is
 * below `level`, shared out over parameters and tests (Bonferroni).
 * @param options.level chance of a false alarm in the whole check; 0.01 if absent
 */
export function sbcVerdict(result: SbcResult, calibration: CalibrationDraws, options: { readonly level?: number } = {}): SbcVerdict {
  const { level = 0.01 } = options;
  if (!(level > 0 && level < 1)) throw new RangeError(`sbcVerdict: level must be in (0, 1), got ${level}`);
  const { ranks, replicates, drawCount } = result;
  const width = result.parameters.length;
  const parameters = result.parameters.map(({ name, pValue: ofRanks }, d): SbcParameterVerdict => {
    const u = Float64Array.from({ length: replicates }, (_, r) => (ranks[r * width + d]! + 0.5) / (drawCount + 1));
    // Moments of the midpoints of L + 1 cells; 1/12 and 1/180 for many.
    const cells = Float64Array.from({ length: drawCount + 1 }, (_, k) => ((k + 0.5) / (drawCount + 1) - 0.5) ** 2);
    const second = mean(cells);
    const fourth = mean(cells.map((x) => x * x));
    const location = (mean(u) - 0.5) / Math.sqrt(second / replicates);
    const dispersion = (mean(u.map((x) => (x - 0.5) ** 2)) - second) / Math.sqrt((fourth - second ** 2) / replicates);
    const tail = (z: number) => 2 * normalCdf(-Math.abs(z));
    // `ofRanks` holds two tests already.
    const pValue = Math.min(1, 4 * Math.min(ofRanks / 2, tail(location), tail(dispersion)));
    return {
      name,
      verdict: pValue >= level / width ? "uniform" : verdictOf(location, dispersion),
      spread: median(u.map((x) => Math.abs(normalQuantile(x)))) / normalQuantile(0.75),
      outer: mean(u.map((x) => (Math.abs(x - 0.5) > 0.45 ? 1 : 0))),
      pValue,
    };
  });
  const autocorrelation = lagOne(calibration);
  const remarks = parameters.flatMap((parameter) => sentenceOf(parameter));
  if (remarks.length === 0)
    remarks.push(
      `Calibrated: the ranks of ${width === 1 ? "the parameter" : `all ${width} parameters`} are uniform in ${replicates} replicates.`,
    );
  if (autocorrelation > 0.1)
    remarks.push(
      `The draws of a replicate are not independent (lag-one autocorrelation ${autocorrelation.toFixed(2)}), which alone drives ranks to the ends: thin them more.`,
    );
  return { calibrated: parameters.every(({ verdict }) => verdict === "uniform"), parameters, autocorrelation, remarks };
}

function verdictOf(location: number, dispersion: number): Calibratedness {
  if (Math.max(Math.abs(location), Math.abs(dispersion)) < 3) return "irregular";
  if (Math.abs(location) > Math.abs(dispersion)) return "biased";
  return dispersion > 0 ? "overconfident" : "underconfident";
}

function sentenceOf({ name, verdict, spread, outer }: SbcParameterVerdict): string[] {
  const share = `${Math.round(100 * outer)} % of truths lie in the outer tenth of its posterior`;
  switch (verdict) {
    case "uniform":
      return [];
    case "overconfident":
      return [
        `${name} is overconfident: ${share}; its sd is too small by a factor of about ${spread.toFixed(1)}. Use a richer family, or draws that explore more.`,
      ];
    case "underconfident":
      return [`${name} is underconfident: ${share}; its sd is too large by a factor of about ${(1 / spread).toFixed(1)}.`];
    case "biased":
      return [
        `${name} is biased: truths lie to one side of its posterior. Look for a prior, a transform or data that differ between simulation and fit.`,
      ];
    case "irregular":
      return [`The ranks of ${name} are not uniform, with the right centre and spread: look at their histogram.`];
  }
}

/** Mean over replicates and parameters of the lag-one autocorrelation, plus 1 / L for the bias of an estimated mean. */
function lagOne({ draws, replicates, drawCount, names }: CalibrationDraws): number {
  const width = names.length;
  if (drawCount < 4) return 0;
  let total = 0;
  let used = 0;
  for (let r = 0; r < replicates; r++)
    for (let d = 0; d < width; d++) {
      const at = (l: number) => draws[(r * drawCount + l) * width + d]!;
      let centre = 0;
      for (let l = 0; l < drawCount; l++) centre += at(l) / drawCount;
      let product = 0;
      let square = 0;
      for (let l = 0; l < drawCount; l++) {
        square += (at(l) - centre) ** 2;
        if (l > 0) product += (at(l) - centre) * (at(l - 1) - centre);
      }
      if (square > 0) {
        total += product / square;
        used++;
      }
    }
  return used === 0 ? 0 : total / used + 1 / drawCount;
}
