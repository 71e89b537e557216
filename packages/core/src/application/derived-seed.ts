/** A seed for stream `k` of a run: neighbouring seeds share none for a long way. */
export function derivedSeed(seed: number, k: number): number {
  return (seed + Math.imul(k, 0x9e3779b9)) >>> 0;
}
