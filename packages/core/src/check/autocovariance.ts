/** In-place radix-2 Fourier transform of a complex sequence whose length is a power of two (Cooley and Tukey 1965). */
function fourier(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
  }
  for (let length = 2; length <= n; length *= 2) {
    const half = length / 2;
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / length;
      const c = Math.cos(angle);
      const s = Math.sin(angle);
      for (let a = k; a < n; a += length) {
        const b = a + half;
        const x = re[b]! * c - im[b]! * s;
        const y = re[b]! * s + im[b]! * c;
        re[b] = re[a]! - x;
        im[b] = im[a]! - y;
        re[a] = re[a]! + x;
        im[a] = im[a]! + y;
      }
    }
  }
}

/**
 * Up to here lags are summed one by one: an effective size seldom asks for more, and a transform gives all at the price of about so many.
 */
const lagsSummed = 40;

/**
 * c_t = (1/n) sum_i (x_i - mean)(x_{i+t} - mean) as a function of the lag t, 0 .. n-1: by sums, or by the Fourier transform of the
 * zero-padded sequence.
 */
export function autocovariance(x: Float64Array): (lag: number) => number {
  const n = x.length;
  let centre = 0;
  for (const value of x) centre += value / n;
  const centred = x.map((value) => value - centre);
  let all: Float64Array | undefined;
  return (lag) => {
    if (lag >= lagsSummed) return (all ??= transformed(centred))[lag]!;
    let total = 0;
    for (let i = lag; i < n; i++) total += centred[i]! * centred[i - lag]!;
    return total / n;
  };
}

function transformed(centred: Float64Array): Float64Array {
  const n = centred.length;
  const size = 2 ** Math.ceil(Math.log2(2 * n));
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  re.set(centred);
  fourier(re, im);
  for (let i = 0; i < size; i++) {
    re[i] = re[i]! ** 2 + im[i]! ** 2;
    im[i] = 0;
  }
  fourier(re, im);
  return re.subarray(0, n).map((value) => value / (size * n));
}
