import type { NdArray } from "@credence/tensor";

/**
 * Below this the momenta drawn anew each transition are too small to carry a chain through the energies of the target, as in the tails of a
 * hierarchical scale (Betancourt 2016; Stan warns at the same value).
 */
export const eBfmiMin = 0.3;

/**
 * Estimated Bayesian fraction of missing information of Hamiltonian chains, sum_t (E_t - E_(t-1))^2 / sum_t (E_t - mean)^2, by chain
 * (Betancourt 2016): about 1 where energies are drawn nearly anew, near 0 where they random-walk. NaN for a chain whose energy never
 * changes.
 * @param energy E_t, minus log density plus kinetic energy at the start of transition t, [chains, draws]
 * @throws RangeError for another shape, fewer than 4 draws, or energies that are not finite
 */
export function eBfmi(energy: NdArray): Float64Array {
  const [chains = 0, draws = 0] = energy.shape;
  if (energy.shape.length !== 2)
    throw new RangeError(`eBfmi: expected energies of shape [chains, draws], got [${energy.shape.join(", ")}]`);
  if (draws < 4) throw new RangeError(`eBfmi: expected at least 4 draws per chain, got ${draws}`);
  const values = energy.data();
  return Float64Array.from({ length: chains }, (_, c) => {
    let mean = 0;
    for (let t = 0; t < draws; t++) {
      const value = values[c * draws + t]!;
      if (!Number.isFinite(value)) throw new RangeError(`eBfmi: energies must be finite, got ${value} at draw ${t + 1} of chain ${c + 1}`);
      mean += value / draws;
    }
    let steps = 0;
    let spread = 0;
    for (let t = 0; t < draws; t++) {
      const value = values[c * draws + t]!;
      if (t > 0) steps += (value - values[c * draws + t - 1]!) ** 2;
      spread += (value - mean) ** 2;
    }
    return steps / spread;
  });
}
