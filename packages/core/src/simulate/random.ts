import { philox } from "./philox.ts";

const word = 2 ** 32;

/**
 * Random numbers on the host as a function of (seed, stream): what a plain-function simulator draws from. Stream i of a simulation is
 * row i, so that a row's numbers depend neither on the other rows nor on the thread.
 */
export class Random {
  readonly #key: readonly [number, number];
  readonly #stream: readonly [number, number];
  readonly #block = new Uint32Array(4);
  #blocks = 0;
  #used = 4;
  #spareNormal: number | undefined;

  /** seed: an integer in [0, 2^53); stream: another. */
  constructor(seed: number, stream = 0) {
    for (const [name, value] of Object.entries({ seed, stream })) {
      if (!(Number.isSafeInteger(value) && value >= 0)) throw new RangeError(`${name} must be an integer in [0, 2^53), got ${value}`);
    }
    this.#key = [seed >>> 0, Math.floor(seed / word)];
    this.#stream = [stream >>> 0, Math.floor(stream / word)];
  }

  /** 32 random bits. */
  bits(): number {
    if (this.#used === 4) {
      philox([this.#blocks >>> 0, Math.floor(this.#blocks / word), ...this.#stream], this.#key, this.#block);
      this.#blocks++;
      this.#used = 0;
    }
    return this.#block[this.#used++]!;
  }

  /** U[low, high), 53 bits. */
  uniform(low = 0, high = 1): number {
    const unit = ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 2 ** 53;
    return low + (high - low) * unit;
  }

  /** Each integer of [low, high] with the same probability. */
  integer(low: number, high: number): number {
    if (!(Number.isSafeInteger(low) && Number.isSafeInteger(high) && low <= high)) {
      throw new RangeError(`integer needs whole numbers low <= high, got ${low} and ${high}`);
    }
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  /** N(mean, sd^2), by the polar form of Box and Muller. */
  normal(mean = 0, sd = 1): number {
    const spare = this.#spareNormal;
    if (spare !== undefined) {
      this.#spareNormal = undefined;
      return mean + sd * spare;
    }
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return mean + sd * radius * Math.cos(angle);
  }

  /** Mean 1 / rate. */
  exponential(rate = 1): number {
    requirePositive("rate", rate);
    return -Math.log1p(-this.uniform()) / rate;
  }

  /** Mean shape / rate. Marsaglia and Tsang 2000; a shape below 1 by Gamma(a) = Gamma(a + 1) U^(1/a). */
  gamma(shape: number, rate = 1): number {
    requirePositive("shape", shape);
    requirePositive("rate", rate);
    if (shape < 1) return this.gamma(shape + 1, rate) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log1p(-this.uniform()) < x * x * 0.5 + d * (1 - v + Math.log(v))) return (d * v) / rate;
    }
  }

  /** Poisson by multiplication below a mean of 10, by transformed rejection (PTRS, Hörmann 1993) from there on. */
  poisson(mean: number): number {
    if (!(mean >= 0 && mean < 2 ** 53)) throw new RangeError(`the mean must be in [0, 2^53), got ${mean}`);
    if (mean < 10) {
      const limit = Math.exp(-mean);
      let count = -1;
      for (let product = 1; product > limit || count < 0; count++) product *= 1 - this.uniform();
      return count;
    }
    const logMean = Math.log(mean);
    const b = 0.931 + 2.53 * Math.sqrt(mean);
    const a = -0.059 + 0.02483 * b;
    const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
    const squeeze = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
      const u = this.uniform() - 0.5;
      const v = 1 - this.uniform();
      const us = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
      if (us >= 0.07 && v <= squeeze) return k;
      if (k < 0 || (us < 0.013 && v > us)) continue;
      if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= k * logMean - mean - logFactorial(k)) return k;
    }
  }
}

/** log k!, by Stirling's series shifted to arguments from 10 on: relative error below 1e-15. */
function logFactorial(k: number): number {
  let shift = 0;
  let n = k + 1;
  for (; n < 10; n++) shift += Math.log(n);
  const inverse = 1 / n;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))));
  return (n - 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

function requirePositive(name: string, value: number): void {
  if (!(value > 0)) throw new RangeError(`${name} must be > 0, got ${value}`);
}
