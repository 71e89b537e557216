/** ln n! by summation, for the few thousand trials that a calibration has. */
function logFactorials(n: number): Float64Array {
  const table = new Float64Array(n + 1);
  for (let k = 2; k <= n; k++) table[k] = table[k - 1]! + Math.log(k);
  return table;
}

/**
 * Central interval of a binomial count: the smallest lower and largest upper count such that each tail beyond holds at most
 * (1 - level)/2 of the probability. A well calibrated count lies inside with probability `level` or a little more.
 *
 * @param trials n, an integer of 1 or more.
 * @param probability p in [0, 1].
 */
export function binomialInterval(trials: number, probability: number, level: number): [number, number] {
  if (probability <= 0) return [0, 0];
  if (probability >= 1) return [trials, trials];
  const logFactorial = logFactorials(trials);
  const tail = (1 - level) / 2;
  let low = 0;
  let high = trials;
  let below = 0;
  for (let k = 0; k <= trials; k++) {
    const logChoose = logFactorial[trials]! - logFactorial[k]! - logFactorial[trials - k]!;
    const upTo = below + Math.exp(logChoose + k * Math.log(probability) + (trials - k) * Math.log1p(-probability));
    if (below <= tail) low = k;
    if (upTo >= 1 - tail) {
      high = k;
      break;
    }
    below = upTo;
  }
  return [low, high];
}
