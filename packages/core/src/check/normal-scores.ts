import { normalQuantile } from "./normal-quantile.ts";

/** Of the count asked for last: every quantity of a posterior, and every datum, asks for the same. */
let scores = new Float64Array(0);

/**
 * Normal scores Phi^-1((r - 3/8) / (count + 1/4)) of the ranks r = 1, 3/2, 2 ... count (Blom 1958): that of rank r is at 2 (r - 1). Not to
 * be written to.
 */
export function normalScores(count: number): Float64Array {
  if (scores.length !== 2 * count - 1)
    scores = Float64Array.from({ length: 2 * count - 1 }, (_, i) => normalQuantile((1 + i / 2 - 0.375) / (count + 0.25)));
  return scores;
}
