/**
 * Weights w on the simplex that maximise mean_i log sum_k w_k q_k(i): stacking of predictive densities (Yao, Vehtari, Simpson and
 * Gelman 2018), by expectation maximisation, which never lowers it. logProb: one array per member, over the same rows.
 */
export function stackingWeights(logProb: readonly ArrayLike<number>[], iterations = 200): number[] {
  const members = logProb.length;
  const rows = logProb[0]!.length;
  let weights = new Array<number>(members).fill(1 / members);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const shares = new Array<number>(members).fill(0);
    for (let i = 0; i < rows; i++) {
      let top = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < members; k++) top = Math.max(top, logProb[k]![i]!);
      let total = 0;
      for (let k = 0; k < members; k++) total += weights[k]! * Math.exp(logProb[k]![i]! - top);
      for (let k = 0; k < members; k++) shares[k]! += (weights[k]! * Math.exp(logProb[k]![i]! - top)) / total;
    }
    weights = shares.map((share) => share / rows);
  }
  return weights;
}
