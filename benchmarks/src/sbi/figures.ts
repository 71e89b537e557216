/** What sbi 0.27.0 reaches on a task. */
export interface PeerFigures {
  /** C2ST for observations 1, 2 and 3. */
  readonly c2st: readonly [number, number, number];
  /** Seconds to train on 2 cores; simulation is not in them. */
  readonly trainSeconds: number;
  /** Mean log q(theta | x) over fresh draws of prior and simulator, nats. */
  readonly heldOutLogProb: number;
}

/**
 * sbi 0.27.0: neural posterior estimation with its neural spline flow, one amortised network from 10,000 simulations, batch 200, all else at
 * its defaults; eager PyTorch 1.13 with OPENBLAS_NUM_THREADS=1 on 2 cores of an Intel Xeon (AVX-512). Measured once, in 2026; C2ST by the
 * definition of Lueckmann et al. 2021, as `c2st` of @credence/core.
 */
export const sbiFigures = {
  two_moons: { c2st: [0.509, 0.527, 0.527], trainSeconds: 119, heldOutLogProb: 3.535 },
  slcp: { c2st: [0.945, 0.909, 0.811], trainSeconds: 122, heldOutLogProb: -4.646 },
  gaussian_linear: { c2st: [0.548, 0.536, 0.54], trainSeconds: 29, heldOutLogProb: 0.463 },
  gaussian_linear_uniform: { c2st: [0.555, 0.536, 0.581], trainSeconds: 60, heldOutLogProb: -0.248 },
  gaussian_mixture: { c2st: [0.604, 0.577, 0.561], trainSeconds: 54, heldOutLogProb: -1.147 },
  sir: { c2st: [0.596, 0.63, 0.547], trainSeconds: 72, heldOutLogProb: 7.762 },
  bernoulli_glm: { c2st: [0.665, 0.605, 0.664], trainSeconds: 80, heldOutLogProb: -2.631 },
  lotka_volterra: { c2st: [0.974, 0.987, 0.974], trainSeconds: 257, heldOutLogProb: 12.261 },
} as const satisfies Record<string, PeerFigures>;

export type TaskName = keyof typeof sbiFigures;

/** E log p(theta | x) of the exact posterior, nats: no estimator does better. Where it is known. */
export const bestHeldOutLogProb: Partial<Readonly<Record<TaskName, number>>> = {
  two_moons: 3.797,
  gaussian_linear: 0.789,
  gaussian_linear_uniform: 0.168,
  gaussian_mixture: -1.031,
};

/** The bars: total time at most a fifth of sbi's; nowhere worse by more than these. */
export const bars = { speed: 5, c2stSlack: 0.01, logProbSlack: 0.02 } as const;
