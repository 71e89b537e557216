/** Above this, importance weights have no finite variance to speak of (Vehtari, Simpson, Gelman, Yao and Gabry 2024). */
export const kHatLimit = 0.7;

/** Says what a k-hat above 0.7 means for `what`, and what to do; nothing below. */
export const kHatWarning = (what: string, kHat: number, advice: string): string[] =>
  kHat > kHatLimit
    ? [
        `k-hat is ${kHat.toFixed(2)}, above ${kHatLimit}: ${what} miss a part of the target, in its tails or in its correlations, so that means and sds may be wrong and weights cannot mend them; ${advice}`,
      ]
    : [];
