import { derivedSeed } from "@credence/core";
import { program, random } from "@credence/tensor";

/** What is held possible before anything is read: lambda and mu flat within these. */
export const priorRange = {
  poisson: [0, 0.45],
  /** A factor of three to either side of what a material of its kind has. */
  mu: (nominal: number): readonly [number, number] => [nominal / 3, nominal * 3],
} as const;

/** Draws from the flat prior, [n, 2]: lambda = ratio mu with a ratio that is uniform for any mu, whose density grows with the length of lambda's range. */
export function priorDraws(count: number, [low, high]: readonly [number, number], seed: number): Float64Array {
  const uniform = program(() => random.uniform(random.key(derivedSeed(seed, 60)), [count, 2], { dtype: "f64" }))().data();
  const [ratioLow, ratioHigh] = priorRange.poisson.map((nu) => (2 * nu) / (1 - 2 * nu)) as [number, number];
  const draws = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    const mu = Math.sqrt(low ** 2 + uniform[2 * i]! * (high ** 2 - low ** 2));
    draws[2 * i] = mu * (ratioLow + uniform[2 * i + 1]! * (ratioHigh - ratioLow));
    draws[2 * i + 1] = mu;
  }
  return draws;
}
