import type { PosteriorPredictive } from "./posterior-predictive.ts";

/**
 * What a predictive check found, in plain sentences: statistics and discrepancies with a p-value below `level`, and bands that hold too few
 * of the data.
 * @param of which draws the data were simulated from
 * @returns empty where nothing was found
 */
export function predictiveRemarks(
  check: PosteriorPredictive,
  options: { readonly of?: "posterior" | "prior"; readonly level?: number } = {},
): string[] {
  const { of = "posterior", level = 0.01 } = options;
  if (!(level > 0 && level < 1)) throw new RangeError(`predictiveRemarks: level must be in (0, 1), got ${level}`);
  const remarks = check.statistics
    .filter(({ pValue }) => pValue < level)
    .map(({ name, observed, mean, sd, pValue }) => {
      const numbers = `${observed.toPrecision(3)} observed, ${mean.toPrecision(3)} with sd ${sd.toPrecision(2)} simulated (p ${probability(pValue, check.count)})`;
      return of === "posterior"
        ? `The model does not reproduce the ${name} of the data: ${numbers}. Give the likelihood what makes it: spread, tails, a trend, dependence.`
        : `The prior hardly allows the ${name} of the data: ${numbers}. Check units, or widen the prior.`;
    });
  for (const { name, pValue } of check.discrepancies)
    if (pValue < level || pValue > 1 - level)
      remarks.push(
        `By ${name} the data lie ${pValue < level ? "farther from" : "closer to"} the parameters than data of the model would (p ${probability(Math.min(pValue, 1 - pValue), check.count)}): ` +
          `the noise of the likelihood is too ${pValue < level ? "small" : "large"}.`,
      );
  const data = check.ranks.length;
  for (const band of check.bands) {
    // Four binomial standard errors: the data would have to be one in 30,000.
    if (of === "posterior" && band.coverage < band.level - 4 * Math.sqrt((band.level * (1 - band.level)) / data))
      remarks.push(
        `Only ${Math.round(100 * band.coverage)} % of the data lie in their ${Math.round(100 * band.level)} % predictive bands: the model is too sure of what it predicts.`,
      );
  }
  return remarks;
}

const probability = (p: number, count: number): string => (p === 0 ? `below ${(2 / count).toPrecision(1)}` : `= ${p.toPrecision(2)}`);
