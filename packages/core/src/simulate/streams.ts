/** Random streams of one seed, so that the same seed may serve every step of an analysis without sharing numbers between them. */
export const streams = {
  prior: 1,
  simulator: 2,
  initialise: 3,
  shuffle: 4,
  split: 5,
  sample: 6,
  member: 7,
  maximise: 8,
} as const;

/** Refuses a seed that is no integer in [0, 2^32). */
export function requireSeed(seed: number): void {
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) throw new RangeError(`seed must be an integer in [0, 2^32), got ${seed}`);
}
